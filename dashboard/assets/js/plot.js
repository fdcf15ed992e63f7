// A line chart on a canvas: a few series over the last minutes, or over the last hour.

// plot draws series [{values, colour, dash}] whose last values are now. The width is that of a
// number of points; since says when the first of them was. format labels the axis. Where no
// series has a value, the chart says the text of empty. It returns the top of the scale.
export function plot(canvas, series, { format, points, since, floor = 1, empty = "" }) {
  const ratio = Math.min(devicePixelRatio || 1, 2);
  const { clientWidth: width, clientHeight: height } = canvas;
  if (!width || !height) return 0;
  if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
  if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
  const g = canvas.getContext("2d");
  const style = getComputedStyle(canvas);
  g.setTransform(ratio, 0, 0, ratio, 0, 0);
  g.clearRect(0, 0, width, height);
  const top = nice(Math.max(floor, ...series.flatMap((x) => x.values.filter((v) => v != null))));
  g.font = `11px ${style.fontFamily}`;
  const left = 10 + Math.max(...[0, top / 2, top].map((v) => g.measureText(format(v)).width));
  const y = (v) => height - 14 - ((height - 22) * v) / top;
  const x = (i, n) => width - 4 - ((n - 1 - i) * (width - left - 4)) / (points - 1);
  g.textBaseline = "middle";
  for (const share of [0, 0.5, 1]) {
    g.strokeStyle = style.getPropertyValue("--line");
    g.lineWidth = 1;
    g.beginPath();
    g.moveTo(left, Math.round(y(top * share)) + 0.5);
    g.lineTo(width - 4, Math.round(y(top * share)) + 0.5);
    g.stroke();
    g.fillStyle = style.getPropertyValue("--soft");
    g.textAlign = "right";
    g.fillText(format(top * share), left - 6, y(top * share));
  }
  g.textAlign = "left";
  g.fillText(since, left, height - 5);
  g.textAlign = "right";
  g.fillText("now", width - 4, height - 5);
  for (const { values, colour, dash = [] } of series) {
    g.strokeStyle = style.getPropertyValue(colour);
    g.lineWidth = 1.6;
    g.lineJoin = "round";
    g.setLineDash(dash);
    g.beginPath();
    let pen = false;
    values.forEach((v, i) => {
      if (v == null) {
        pen = false;
        return;
      }
      const at = [x(i, values.length), y(Math.min(v, top))];
      if (pen) g.lineTo(...at);
      else g.moveTo(...at);
      pen = true;
    });
    g.stroke();
  }
  g.setLineDash([]);
  if (empty && series.every((x) => x.values.every((v) => v == null))) {
    g.fillStyle = style.getPropertyValue("--soft");
    g.textAlign = "center";
    g.fillText(empty, (left + width) / 2, y(top * 0.25), width - left);
  }
  return top;
}

// nice returns the next round number up: 1, 2, 5 times a power of ten.
export function nice(v) {
  const unit = 10 ** Math.floor(Math.log10(v));
  for (const step of [1, 2, 5, 10]) {
    if (v <= step * unit) return step * unit;
  }
  return v;
}
