// Defines layoutFaults(part), which says what is wrong with the layout of the page at its
// present size, one fault a line. part is a selector: only texts and controls within it are
// looked at.
// It looks twice where details can be opened: with all of them closed, and all open.
window.layoutFaults = (part) => {
  const wrong = new Set();
  addLayoutFaults(wrong, part);
  const closed = [...document.querySelectorAll(`${part} details`)].filter((d) => d.checkVisibility());
  closed.forEach((d) => { d.open = true; });
  if (closed.length) addLayoutFaults(wrong, part);
  closed.forEach((d) => { d.open = false; });
  return [...wrong].join("\n");
};

function addLayoutFaults(wrong, part) {
  const within = document.querySelector(part);
  const SLACK = 1.5; // px by which rounding may differ
  const box = (e) => e.getBoundingClientRect();
  const seen = (e) => e.checkVisibility({ visibilityProperty: true }) && box(e).width > 0 && box(e).height > 0 && !e.closest(".unseen, .skip");
  const all = (selector, within = document) => [...within.querySelectorAll(selector)].filter(seen);
  const name = (e) => `${e.localName}${e.id ? `#${e.id}` : ""}${[...e.classList].map((c) => `.${c}`).join("")}`
    + ` “${(e.getAttribute("aria-label") ?? e.textContent).trim().slice(0, 30)}”`;
  const meet = (p, q) => p.left < q.right - SLACK && q.left < p.right - SLACK && p.top < q.bottom - SLACK && q.top < p.bottom - SLACK;
  const apart = (elements) => elements.forEach((a, i) => elements.slice(i + 1).forEach((b) => {
    if (meet(box(a), box(b))) wrong.add(`${name(a)} overlaps ${name(b)}`);
  }));

  scrollTo(0, 0);
  for (const e of document.querySelectorAll("*")) if (e.scrollTop || e.scrollLeft) e.scrollTo(0, 0);

  // Panels, and the words around the ring, lie beside one another.
  apart(all(".top, #ring, #nodes, #quorum, #console, #explore"));
  const words = all(".ring-head, .ring-facts, .ring-explain, .ring-legend");
  apart(words);
  const [bed] = all(".ring-bed");
  if (bed) {
    const ring = box(bed);
    const radius = ring.width / 2;
    if (radius < 75) wrong.add(`the ring is ${Math.round(2 * radius)} px wide`);
    for (const w of words) {
      const r = box(w);
      const x = Math.max(r.left, Math.min(ring.left + radius, r.right)) - (ring.left + radius);
      const y = Math.max(r.top, Math.min(ring.top + radius, r.bottom)) - (ring.top + radius);
      if (Math.hypot(x, y) < radius) wrong.add(`the ring lies under ${name(w)}`);
      for (const badge of all(".badge circle")) if (meet(box(badge), r)) wrong.add(`a badge lies under ${name(w)}`);
    }
  }

  // No text and no control is cut off, by its container, its panel or the window.
  const fixed = document.querySelector("#views");
  const room = (e) => {
    // returns the part of the page that e may take, and what limits it
    const limits = { left: 0, right: innerWidth, top: -Infinity, bottom: Infinity };
    let [free, height] = [{ x: true, y: true }, document.documentElement.scrollHeight];
    for (let p = e.parentElement; p && p !== document.body; p = p.parentElement) {
      const style = getComputedStyle(p);
      const inside = box(p);
      const panel = p.matches(".panel, .top, dialog");
      for (const [axis, from, to] of [["x", "left", "right"], ["y", "top", "bottom"]]) {
        if (!free[axis]) continue;
        const overflow = axis === "x" ? style.overflowX : style.overflowY;
        if (["auto", "scroll"].includes(overflow)) free[axis] = false;
        if (p instanceof SVGElement) continue;
        if (panel || overflow !== "visible") {
          // a container that scrolls is long enough by itself, but begins at its edge
          limits[from] = Math.max(limits[from], inside[from]);
          if (free[axis]) limits[to] = Math.min(limits[to], inside[to]);
        }
      }
    }
    if (!free.x) limits.right = Infinity;
    if (free.y) limits.bottom = Math.min(limits.bottom, document.body.scrollHeight > innerHeight ? height : innerHeight);
    return limits;
  };
  const inRoom = (e, r) => {
    const limits = room(e);
    for (const side of ["left", "top"]) if (r[side] < limits[side] - SLACK) wrong.add(`${name(e)} is cut off at the ${side}, by ${Math.round(limits[side] - r[side])} px`);
    for (const side of ["right", "bottom"]) if (r[side] > limits[side] + SLACK) wrong.add(`${name(e)} is cut off at the ${side}, by ${Math.round(r[side] - limits[side])} px`);
  };
  const texts = document.createTreeWalker(within, NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    const e = text.parentElement;
    if (!text.data.trim() || e.closest("option, textarea, script, noscript, datalist, #notices") || !seen(e)) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    const shortened = [e, e.parentElement].find((x) => getComputedStyle(x).textOverflow === "ellipsis" || getComputedStyle(x).webkitLineClamp !== "none");
    if (shortened) {
      const cut = shortened.scrollWidth > shortened.clientWidth + 1 || shortened.scrollHeight > shortened.clientHeight + 1;
      if (cut && !shortened.title) wrong.add(`${name(shortened)} is shortened, and has no title that has the whole`);
      inRoom(shortened, box(shortened));
    } else inRoom(e, range.getBoundingClientRect());
  }
  for (const e of all("button, input, select, textarea, summary, svg, canvas", within)) inRoom(e, box(e));
  if (document.documentElement.scrollWidth > innerWidth) wrong.add(`the page is ${document.documentElement.scrollWidth} px wide`);
  const oneScreen = getComputedStyle(document.body).overflowY === "hidden";
  const [explore] = all("#explore");
  if (oneScreen && explore && box(explore).height < 0.3 * innerHeight) wrong.add(`the panels that look inside have ${Math.round(box(explore).height)} px of ${innerHeight}`);
  if (oneScreen && document.documentElement.scrollHeight > innerHeight) wrong.add("the page is higher than the screen, and does not scroll");
  for (const e of all(".cards, .console-body, [role=tabpanel], .side, .scenario-list, .scenario")) {
    if (e.scrollHeight > e.clientHeight + 1 && getComputedStyle(e).overflowY !== "visible" && e.clientHeight < 100) wrong.add(`${name(e)} scrolls in ${e.clientHeight} px`);
  }

  // A control that the keyboard or a wheel brings into view can be clicked.
  const controls = all("button, input, select, textarea, summary, a[href], [role=button], [role=slider]", within);
  for (const e of controls) {
    e.scrollIntoView({ block: "nearest", inline: "nearest" });
    const target = e.querySelector?.(".hit") ?? e;
    const r = box(target);
    const middle = [r.left + r.width / 2, r.top + r.height / 2];
    // the middle of a circle that is only a line is not part of it
    const points = e.matches(".ring-slider") ? Array.from({ length: 24 }, (_, i) => i * Math.PI / 12 + 0.1).map((a) => [middle[0] + (r.width / 2) * Math.cos(a), middle[1] + (r.height / 2) * Math.sin(a)]) : [middle];
    const hits = points.map(([x, y]) => document.elementFromPoint(x, y));
    if (!hits.some((hit) => hit && (e.contains(hit) || hit.control === e))) wrong.add(`${name(e)} cannot be clicked: ${hits[0] ? `${name(hits[0])} is over it` : "it is not in the window"}`);
    if (fixed && seen(fixed) && !fixed.contains(e) && meet(r, box(fixed))) wrong.add(`${name(e)} hides under the bar`);
  }
  scrollTo(0, 0);
}
