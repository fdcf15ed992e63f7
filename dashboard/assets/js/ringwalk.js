// The walk of a key: its slot on the ring, then clockwise to the first tokens of
// N different nodes, and on to the fallbacks.

import { colour, initials } from "./colours.js";
import { byId, h, put, s, set } from "./dom.js";
import { cut } from "./format.js";
import { SLOTS } from "./hash.js";
import { explained, layers, rest } from "./ring.js";
import { BADGES, BAND, arc, at, spread } from "./ringshape.js";
import { placeSentence, walkSentence } from "./ringtext.js";
import { on, state, zoned } from "./store.js";
import { shown } from "./text.js";

const FEW = 6; // entries of the walk that are drawn in any case
const BEYOND = 2; // fallbacks that are drawn besides
const GAP = 0.0145; // of the ring, between badges

export function start() {
  on("key", draw);
  on("ring", draw);
}

function draw() {
  const { key, ring } = state;
  if (!ring) return;
  layers.band.classList.toggle("quiet", key !== null);
  if (!key) {
    put(layers.walk);
    for (const node of layers.nodes.children) node.classList.remove("chosen");
    put(byId("ring-facts"));
    return;
  }
  const q = ring.partitions;
  const start = key.slot / SLOTS;
  const n = key.preference_list.filter((p) => p.role === "primary").length;
  const entries = key.preference_list.slice(0, Math.max(FEW, n + BEYOND)).map((entry, i) => ({ ...entry, i, at: tokenOf(ring, key.partition, entry.node) }));
  const shares = entries.map((e) => (key.partition + e.at + 0.5) / q);
  const badges = spread(shares, GAP * 2);
  const last = Math.max(...entries.filter((e) => e.role === "primary").map((e) => e.at), 0);
  const walked = Array.from({ length: Math.min(last + 1, q) }, (_, i) => (key.partition + i) % q);
  const parts = [...walked.map((p) => s("path", { class: `arc ${colour(ring.owners[p])}`, d: arc(p / q, (p + 1) / q, BAND) })), trackOf(key.partition / q, (key.partition + last + 1) / q), pin(start)];
  entries.forEach((entry, i) => {
    const [tx, ty] = at(shares[i], BAND.outer + 1);
    const [bx, by] = at(badges[i], BADGES);
    parts.push(s("line", { class: `leader ${colour(entry.node)}`, x1: tx, y1: ty, x2: bx, y2: by }));
    const badge = s("g", {
      class: `badge ${entry.role} ${colour(entry.node)}${entry.alive ? "" : " gone"}`, transform: `translate(${bx.toFixed(1)} ${by.toFixed(1)})`,
      tabindex: 0, role: "img", "data-focus": `place ${i}`, "aria-label": placeSentence(entry, i),
    }, s("circle", { r: 11.5 }), s("text", { dy: "0.35em" }, initials(entry.node)));
    parts.push(explained(badge, () => placeSentence(entry, i)));
  });
  put(layers.walk, parts);
  const order = new Map(entries.filter((e) => e.role === "primary").map((e) => [e.node, e.i + 1]));
  for (const node of layers.nodes.children) node.classList.toggle("chosen", order.has(node.dataset.node));
  facts(key);
  rest(walkSentence(key, zoned()));
}

// tokenOf counts the partitions from the key's to the node's first token.
function tokenOf(ring, from, node) {
  for (let i = 0; i < ring.partitions; i++) {
    if (ring.owners[(from + i) % ring.partitions] === node) return i;
  }
  return 0;
}

function trackOf(from, to) {
  const [x1, y1] = at(from, BAND.outer + 5);
  const [x2, y2] = at(to, BAND.outer + 5);
  const r = BAND.outer + 5;
  return s("path", { class: "track", d: `M${x1} ${y1}A${r} ${r} 0 ${to - from > 0.5 ? 1 : 0} 1 ${x2} ${y2}` });
}

function pin(share) {
  const [x, y] = at(share, BAND.inner - 3);
  const mark = s("path", { class: "pin", d: "M0 0L-6 -12L6 -12Z" });
  set(mark, "transform", `translate(${x.toFixed(1)} ${y.toFixed(1)}) rotate(${(share * 360).toFixed(1)}) rotate(180)`);
  return mark;
}

function facts(key) {
  const disc = (p) => h("li", {},
    h("span", { class: `disc ${colour(p.node)}${p.alive ? "" : " gone"}` }, initials(p.node)), p.role === "fallback" ? h("small", { class: "soft" }, " fallback") : "");
  const primaries = key.preference_list.filter((p) => p.role === "primary");
  const fallbacks = key.preference_list.filter((p) => p.role === "fallback");
  put(byId("ring-facts"),
    h("p", { class: "mono key-name" }, cut(shown(key.key, key.encoding), 26)),
    h("p", { class: "place" }, h("span", {}, "slot ", h("b", {}, key.slot)), h("span", {}, "partition ", h("b", {}, key.partition))),
    h("ol", { class: "discs", "aria-label": "Primaries, in order" }, primaries.map(disc)),
    fallbacks.length ? h("p", { class: "soft small" }, `then ${fallbacks.slice(0, 3).map((f) => f.node).join(", ")}${fallbacks.length > 3 ? " …" : ""}`) : null,
    h("button", { type: "button", class: "quiet", onclick: () => document.dispatchEvent(new CustomEvent("forget-key")) }, "Clear"));
}
