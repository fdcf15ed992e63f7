// Throughput, latency and divergence over the last minutes, or the last hour.

import { api } from "./api.js";
import { h, put, say, set } from "./dom.js";
import { millis, short } from "./format.js";
import { secondsBefore, ticksOf } from "./history.js";
import { plot } from "./plot.js";
import { names, on, state } from "./store.js";
import { isOpen, panel } from "./tabs.js";

const part = {};
const INTERVAL = 10000; // ms between two requests for the hour
const LIVE = 180; // seconds
let hour = []; // the ticks of the hour, as of the last answer
const sum = (nodes, field) => nodes.reduce((all, n) => all + (n[field] ?? 0), 0);
// Percentiles cannot be added up: of several nodes the slowest is shown.
const worst = (nodes, kind, p) => {
  const all = nodes.map((n) => n[kind]?.[p]).filter((v) => v != null && v > 0);
  return all.length ? Math.max(...all) : null;
};

const perSecond = (v) => `${short(v)}/s`;
const QUIET = "no Redis client has asked";

const CHARTS = [
  { id: "throughput", title: "Throughput", unit: perSecond, floor: 10, series: [
    ["reads", "--accent", (n) => sum(n, "reads_s")], ["writes", "--warn", (n) => sum(n, "writes_s")], ["errors", "--bad", (n) => sum(n, "errors_s")]] },
  { id: "reads", title: "Read latency", unit: millis, axis: (v) => `${short(v)} ms`, floor: 1, empty: QUIET, series: [
    ["p50", "--good", (n) => worst(n, "read_ms", "p50")], ["p99", "--accent", (n) => worst(n, "read_ms", "p99")], ["p99.9", "--bad", (n) => worst(n, "read_ms", "p999"), [4, 3]]] },
  { id: "writes", title: "Write latency", unit: millis, axis: (v) => `${short(v)} ms`, floor: 1, empty: QUIET, series: [
    ["p50", "--good", (n) => worst(n, "write_ms", "p50")], ["p99", "--accent", (n) => worst(n, "write_ms", "p99")], ["p99.9", "--bad", (n) => worst(n, "write_ms", "p999"), [4, 3]]] },
  { id: "divergence", title: "Divergence and repair", unit: perSecond, floor: 2, series: [
    ["divergent", "--bad", (n) => sum(n, "divergent_s")], ["repairs", "--accent", (n) => sum(n, "read_repairs_s")],
    ["hints stored", "--warn", (n) => sum(n, "hints_stored_s")], ["delivered", "--good", (n) => sum(n, "hints_delivered_s"), [4, 3]]] },
];

export function start() {
  const figure = (chart) => {
    chart.values = chart.series.map(([label, colour, , dash]) => {
      const value = h("b", {}, "–");
      return { value, item: h("li", {}, h("i", { class: `key ${colour.slice(2)}${dash ? " dashed" : ""}`, "aria-hidden": "true" }), `${label} `, value) };
    });
    chart.canvas = h("canvas", { role: "img", "aria-label": chart.title });
    return h("figure", { class: "chart" }, h("figcaption", {}, h("h3", {}, chart.title), h("ul", {}, chart.values.map((v) => v.item))), chart.canvas);
  };
  put(panel("charts"), h("div", { class: "filters" },
    h("label", {}, h("span", { class: "unseen" }, "Node"), part.node = h("select", { onchange: draw }, h("option", { value: "" }, "all nodes"))),
  h("label", {}, h("span", { class: "unseen" }, "Time"), part.time = h("select", { onchange: open }, h("option", { value: "" }, "last 3 minutes"), h("option", { value: "hour" }, "last hour"))),
    h("span", { class: "soft small" }, "Latency is what Redis clients wait for; requests of this page are not in it. With all nodes, the slowest node is shown.")),
  h("div", { class: "charts" }, CHARTS.map(figure)));
  on("load", draw);
  setInterval(() => {
    if (isOpen("charts") && !document.hidden && part.time.value) open();
  }, INTERVAL);
  on("cluster", () => {
    const known = new Set([...part.node.options].map((o) => o.value));
    for (const name of names()) {
      if (!known.has(name)) part.node.append(h("option", { value: name }, name));
    }
  });
  new ResizeObserver(draw).observe(panel("charts"));
}

// open draws, and then asks what happened before the page was opened.
export async function open() {
  draw();
  try {
    hour = ticksOf(await api.history());
  } catch {
    return; // the last picture stays; the line at the top says why
  }
  draw();
}

// shown returns the ticks that are drawn.
function shown() {
  if (part.time.value) return hour;
  const missing = LIVE - state.load.length;
  return missing > 0 && hour.length ? [...secondsBefore(hour, Date.now() - state.load.length * 1000, missing), ...state.load] : state.load;
}

export function draw() {
  if (!isOpen("charts")) return;
  const only = part.node.value;
  const all = shown();
  const ticks = all.map((t) => (only ? t.nodes.filter((n) => n.node === only) : t.nodes));
  const scale = part.time.value ? { points: Math.max(2, all.length), since: "1 hour ago" } : { points: LIVE, since: "3 min ago" };
  for (const chart of CHARTS) {
    const series = chart.series.map(([, colour, of, dash]) => ({ values: ticks.map(of), colour, dash }));
    plot(chart.canvas, series, { format: chart.axis ?? chart.unit, floor: chart.floor, empty: chart.empty, ...scale });
    const now = series.map((x) => chart.unit(x.values.at(-1) ?? (chart.unit === millis ? null : 0)));
    now.forEach((text, i) => say(chart.values[i].value, text));
    set(chart.canvas, "aria-label", `${chart.title} now: ${chart.series.map(([label], i) => `${label} ${now[i]}`).join(", ")}`);
  }
}
