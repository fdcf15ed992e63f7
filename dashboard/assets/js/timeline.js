// The history of a key as a graph: forks where writes conflicted, joins where a
// writer had seen both sides; each version with its clock.

import { api } from "./api.js";
import { colour, initials } from "./colours.js";
import { place } from "./dag.js";
import { h, put, s } from "./dom.js";
import { clockTime, cut, list, plural } from "./format.js";
import { on, state } from "./store.js";
import { isOpen, panel } from "./tabs.js";
import { shown } from "./text.js";

const BOX = { width: 178, height: 50, gapX: 42, gapY: 14, margin: 8 };
const part = {};
let chosen = null; // id of the version whose details are shown
let asked = 0;

export function start() {
  put(panel("timeline"),
    h("div", { class: "split" },
      h("div", { class: "split-main" },
        part.title = h("p", { class: "soft" }, "Pick a key on the ring or use one in the console: its versions appear here."),
        part.graph = h("div", { class: "graph", tabindex: 0, role: "region", "aria-label": "Graph of versions" })),
      part.details = h("aside", { class: "split-side", "aria-label": "Version", "aria-live": "polite" })));
  on("key", () => refresh());
  document.addEventListener("operated", () => refresh());
}

export async function refresh() {
  const { key } = state;
  if (!isOpen("timeline")) return;
  if (!key) return;
  const mine = ++asked;
  if (part.of !== key.key) {
    part.of = key.key;
    put(part.title, "Asking the nodes for its versions …");
    put(part.graph);
    put(part.details);
  }
  try {
    const answer = await api.versions(key.key, key.encoding);
    if (mine === asked) draw(answer);
  } catch (error) {
    if (mine === asked) put(part.title, h("span", { class: "bad" }, error.message));
  }
}

function draw(answer) {
  const { versions } = answer;
  const name = shown(answer.key, answer.encoding);
  const current = versions.filter((v) => v.current);
  const said = [`${plural(versions.length, "version")}`];
  if (current.length > 1) said.push(`${current.length} of them concurrent now`);
  if (!answer.complete && !answer.missing?.length) said.push("others are no longer remembered");
  if (answer.missing?.length) said.push(`${list(answer.missing)} did not answer`);
  put(part.title, h("b", { class: "mono" }, cut(name, 40)), h("span", { class: "soft" }, `  ${versions.length ? said.join("; ") : answer.complete ? "was never written" : "no node remembers a version: nodes keep the newest writes only"}`));
  const graph = place(versions);
  const x = (n) => BOX.margin + n.column * (BOX.width + BOX.gapX);
  const y = (n) => BOX.margin + n.lane * (BOX.height + BOX.gapY);
  const width = graph.columns * (BOX.width + BOX.gapX) - BOX.gapX + 2 * BOX.margin;
  const height = graph.lanes * (BOX.height + BOX.gapY) - BOX.gapY + 2 * BOX.margin;
  if (!versions.length) {
    put(part.graph);
    put(part.details);
    return;
  }
  const edges = graph.edges.map(({ from, to }) => {
    const [x1, y1, x2, y2] = [x(from) + BOX.width, y(from) + BOX.height / 2, x(to), y(to) + BOX.height / 2];
    return s("path", { class: "edge", d: `M${x1} ${y1}C${x1 + BOX.gapX / 2} ${y1} ${x2 - BOX.gapX / 2} ${y2} ${x2} ${y2}` });
  });
  const boxes = graph.nodes.map((n) => box(n, x(n), y(n), versions));
  put(part.graph, s("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": `History of ${name}` }, edges, boxes));
  const shownNow = versions.find((v) => v.id === chosen) ?? current.at(-1) ?? versions.at(-1);
  details(shownNow);
  part.graph.scrollLeft = part.graph.scrollWidth;
}

function box({ version: v }, x, y, versions) {
  const value = v.tombstone ? "deleted" : cut(shown(v.value, v.encoding), v.current ? 17 : 21);
  const pick = () => {
    chosen = v.id;
    details(v);
  };
  const parents = v.parents?.length ? `after ${list(v.parents.map(dot))}` : "the first";
  const group = s("g", {
    class: `version ${colour(v.node)}${v.current ? " current" : ""}${v.tombstone ? " dead" : ""}`, transform: `translate(${x} ${y})`, tabindex: 0, role: "button",
    "data-focus": v.id, "aria-label": `${value} ${v.clock_text}${v.current ? " now" : ""}: ${parents}`,
  }, s("rect", { width: BOX.width, height: BOX.height, rx: 8 }), s("rect", { class: "flag", width: 5, height: BOX.height - 12, x: 6, y: 6, rx: 2.5 }),
  s("text", { class: "value", x: 18, y: 20 }, value), " ", s("text", { class: "clock", x: 18, y: 38 }, cut(v.clock_text, 26)), " ",
  v.current ? s("text", { class: "now", x: BOX.width - 10, y: 20 }, "now") : null);
  group.addEventListener("click", pick);
  group.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    pick();
  });
  return group;
}

// dot writes the id of a version, A:2, as clocks are written: (A, 2).
const dot = (id) => `(${id.replace(/:(\d+)$/, ", $1")})`;

function details(v) {
  const row = (name, value) => [h("dt", {}, name), h("dd", {}, value)];
  put(part.details,
    h("h3", {}, h("span", { class: `disc ${colour(v.node)}`, "aria-hidden": "true" }, initials(v.node)), ` (${v.actor}, ${v.counter})`),
    h("pre", { class: "value" }, v.tombstone ? "deleted" : shown(v.value, v.encoding), v.truncated ? " … (cut)" : ""),
    h("dl", { class: "pairs" }, row("clock", h("code", {}, v.clock_text)), row("made by", v.node), row("at", clockTime(v.timestamp_ms)),
      row("replaced", v.parents?.length ? h("code", {}, v.parents.map(dot).join(", ")) : "nothing"), row("state", v.current ? "current" : "covered by a later version")));
}
