// The hash ring: tokens as arcs in their owner's colour, nodes inside, keys where
// they hash. Walks and the paths of requests are drawn over it by their own
// modules.

import { colour, initials } from "./colours.js";
import { byId, h, keyed, put, s, say, set } from "./dom.js";
import { plural } from "./format.js";
import { SLOTS } from "./hash.js";
import { BAND, KEYS, MOVING, at, bands, sector, seats, shareAt } from "./ringshape.js";
import { nodeSentence, partitionSentence } from "./ringtext.js";
import { isGone, on, state, zoned } from "./store.js";

const MOVED_SHOWN = 15000; // ms

export const layers = {}; // groups of the picture, by name
let svg;
let slider;
let lastBand = "";
let lastKeys = "";
let focusPartition = 0;
let lit = null; // the node whose tokens are shown alone
let onNode = () => {};
let onKey = () => {};
let resting = "";
let ownersBefore = [];
const moved = new Set(); // partitions that changed hands lately
let movedTimer = 0;

export let places = {};

export function start({ pickNode, pickKey }) {
  onNode = pickNode;
  onKey = pickKey;
  svg = s("svg", { viewBox: "-304 -304 608 608", role: "group", "aria-label": "Hash ring" });
  for (const name of ["band", "moved", "moving", "pick", "keys", "links", "walk", "path", "nodes", "packets", "centre"]) {
    layers[name] = s("g", { class: `ring-${name}` });
  }
  slider = s("circle", {
    class: "ring-slider", r: (BAND.inner + BAND.outer) / 2, tabindex: 0, role: "slider", "aria-label": "Partitions of the ring",
    "aria-valuemin": 0, "aria-valuemax": 0, "aria-valuenow": 0,
  });
  svg.append(s("circle", { class: "ring-bed", r: (BAND.inner + BAND.outer) / 2 }), layers.band, layers.moved, layers.moving, layers.pick, slider,
    layers.keys, layers.links, layers.walk, layers.path, layers.nodes, layers.packets, layers.centre);
  put(byId("ring-picture"), svg);
  watchSlider();
  put(byId("ring-legend"), legend());
  on("ring", drawRing);
  on("cluster", drawNodes);
  on("keys", drawKeys);
  rest("The ring is 16,384 slots cut into equal partitions; a colour is the node that owns a partition's token. Point at any part, or move along it with the arrow keys.");
}

// explain shows a sentence while something is pointed at or focused. rest sets the
// sentence for all other times.
const explain = (text) => say(byId("ring-explain"), text ?? resting);

export function rest(text) {
  resting = text;
  explain(null);
}

// explained shows an element's sentence on hover and on focus.
export function explained(element, sentence) {
  const show = () => explain(sentence());
  const quiet = () => explain(null);
  element.addEventListener("pointerenter", show);
  element.addEventListener("focus", show);
  element.addEventListener("pointerleave", quiet);
  element.addEventListener("blur", quiet);
  return element;
}

function drawRing() {
  const { ring } = state;
  const signature = `${ring.version} ${ring.owners.join()} ${ring.next?.join() ?? ""}`;
  if (signature === lastBand) return;
  lastBand = signature;
  const draw = (group, paths, extra) => keyed(group, [...paths], ([owner]) => owner,
    ([owner]) => s("path", { class: `${extra} ${colour(owner)}`, "data-node": owner }),
    (path, [, d]) => set(path, "d", d));
  draw(layers.band, bands(ring.owners, BAND), "arc");
  const moving = (i) => ring.next != null && ring.next[i] !== ring.owners[i];
  draw(layers.moving, ring.next ? bands(ring.next, MOVING, moving) : new Map(), "arc-moving");
  draw(layers.moved, bands(ring.owners, MOVING, movedLately(ring)), "arc-moved");
  set(slider, "aria-valuemax", ring.partitions - 1);
  focusPartition = Math.min(focusPartition, ring.partitions - 1);
  describeSlider();
  drawCentre();
}

// movedLately notes which partitions have a new owner, and marks them for a while,
// because a small cluster moves them faster than an eye follows.
function movedLately(ring) {
  if (ownersBefore.length === ring.owners.length) {
    ring.owners.forEach((owner, i) => {
      if (owner !== ownersBefore[i]) moved.add(i);
    });
  }
  ownersBefore = ring.owners;
  if (moved.size) {
    clearTimeout(movedTimer);
    movedTimer = setTimeout(() => {
      moved.clear();
      lastBand = "";
      drawRing();
    }, MOVED_SHOWN);
  }
  return (i) => moved.has(i);
}

function drawNodes() {
  const { nodes } = state.cluster;
  places = seats(nodes.map((n) => n.name));
  keyed(layers.nodes, nodes, (n) => n.name, makeNode, (group, n) => {
    const { x, y, size } = places[n.name];
    set(group, "transform", `translate(${x.toFixed(1)} ${y.toFixed(1)})`);
    set(group, "class", `node ${colour(n.name)} is-${n.status}${isGone(n.name) ? " gone" : ""}`);
    for (const circle of group.querySelectorAll("circle")) {
      set(circle, "r", size + (circle.classList.contains("halo") ? 5 : circle.classList.contains("hit") ? 9 : 0));
    }
    const [cross] = group.querySelectorAll(".cross");
    const c = size * 0.55;
    set(cross, "d", `M${-c} ${-c}L${c} ${c}M${c} ${-c}L${-c} ${c}`);
    const [below] = group.querySelectorAll(".below");
    say(below, n.status !== "up" ? n.status : n.hints ? plural(n.hints, "hint") : n.name === initials(n.name) ? "" : n.name);
    set(below, "class", `below${n.status === "up" && n.hints ? " hints" : ""}`);
    set(below, "y", size + 15);
    const seen = [...group.querySelectorAll("text")].map((t) => t.textContent).filter(Boolean).join(" ");
    set(group, "aria-label", `${seen}: ${nodeSentence(n, state.ring)}`);
  });
  drawLinks();
  drawCentre();
}

function makeNode(n) {
  const group = s("g", { tabindex: 0, role: "button", "data-node": n.name, "aria-pressed": "false" },
    s("circle", { class: "hit" }), s("circle", { class: "halo" }), s("circle", { class: "body" }), s("path", { class: "cross" }),
    s("text", { class: "name", dy: "0.35em" }, initials(n.name)), " ", s("text", { class: "below" }));
  const sentence = () => nodeSentence(state.cluster.nodes.find((m) => m.name === n.name) ?? n, state.ring);
  explained(group, sentence);
  group.addEventListener("pointerenter", () => light(n.name));
  group.addEventListener("focus", () => light(n.name));
  group.addEventListener("pointerleave", () => light(null));
  group.addEventListener("blur", () => light(null));
  const pick = () => onNode(n.name);
  group.addEventListener("click", pick);
  group.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      pick();
    }
  });
  return group;
}

// light shows the tokens of one node alone.
export function light(name) {
  if (name === lit) return;
  lit = name;
  layers.band.classList.toggle("dim", name !== null);
  for (const path of layers.band.children) path.classList.toggle("lit", path.dataset.node === name);
}

// drawLinks shows cut and slow links between nodes.
function drawLinks() {
  const pairs = new Map();
  for (const link of state.cluster.links ?? []) {
    if (!places[link.from] || !places[link.to] || !(link.cut || link.delay_ms || link.loss)) continue;
    const key = [link.from, link.to].sort().join(" ");
    const other = pairs.get(key) ?? {};
    const worst = (field) => Math.max(link[field] ?? 0, other[field] ?? 0);
    pairs.set(key, { ...link, key, cut: link.cut || other.cut, delay_ms: worst("delay_ms"), loss: worst("loss") });
  }
  keyed(layers.links, [...pairs.values()], (p) => p.key, () => s("g", {}, s("line", {}), s("title", {})), (group, p) => {
    const a = places[p.from];
    const b = places[p.to];
    const [line, title] = group.children;
    set(group, "class", p.cut ? "link-cut" : "link-slow");
    for (const [name, value] of [["x1", a.x], ["y1", a.y], ["x2", b.x], ["y2", b.y]]) set(line, name, value.toFixed(1));
    say(title, `${p.from} and ${p.to}: ${p.cut ? "cut" : slowness(p)}`);
  });
}

// slowness says what is done to the messages of a link.
function slowness({ delay_ms: delay, loss }) {
  return [delay ? `+${delay} ms` : "", loss ? `${Math.round(100 * loss)} % lost` : ""].filter(Boolean).join(", ");
}

function drawKeys() {
  const signature = state.keys.map((k) => k.slot).join();
  if (signature === lastKeys) return;
  lastKeys = signature;
  const d = state.keys.map((k) => {
    const [x, y] = at(k.slot / SLOTS, KEYS);
    return `M${x.toFixed(1)} ${y.toFixed(1)}h0`;
  }).join("");
  keyed(layers.keys, [d], () => "dots", () => s("path", {}), (path) => set(path, "d", d));
  put(byId("known-keys"), state.keys.filter((k) => k.encoding === "utf8").slice(0, 60).map((k) => h("option", { value: k.key })));
}

// drawCentre says what the ring is, unless a request's path says more.
function drawCentre() {
  if (layers.centre.dataset.held || !state.cluster) return;
  centre(`${state.cluster.partitions} partitions`, `${state.cluster.nodes.length} nodes · N ${state.cluster.effective?.n ?? state.cluster.n}`);
}

// centre writes two lines in the middle. held keeps them until it is called
// again without.
export function centre(first, second, kind = "", held = false) {
  layers.centre.dataset.held = held ? "held" : "";
  keyed(layers.centre, [[first, "first", -4], [second, "second", 15]], ([, name]) => name,
    ([, name]) => s("text", { class: name }), (text, [words, name, y]) => {
      say(text, words);
      set(text, "y", y);
      set(text, "class", `${name} ${name === "first" ? kind : ""}`);
    });
}

function watchSlider() {
  const show = (partition) => {
    focusPartition = partition;
    describeSlider();
    explain(sentenceAt(partition));
    put(layers.pick, s("path", { d: sector(partition / state.ring.partitions, (partition + 1) / state.ring.partitions, { inner: BAND.inner - 4, outer: BAND.outer + 4 }) }));
  };
  const clear = () => {
    put(layers.pick);
    explain(null);
  };
  slider.addEventListener("pointermove", (event) => {
    if (state.ring) show(Math.floor(pointed(event) * state.ring.partitions));
  });
  slider.addEventListener("pointerleave", clear);
  slider.addEventListener("blur", clear);
  slider.addEventListener("focus", () => state.ring && show(focusPartition));
  slider.addEventListener("click", (event) => state.ring && pickNear(pointed(event)));
  slider.addEventListener("keydown", (event) => {
    const q = state.ring?.partitions;
    const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: q / 16, PageDown: -q / 16 }[event.key];
    if (!q) return;
    if (step !== undefined) show((focusPartition + step + q) % q);
    else if (event.key === "Home") show(0);
    else if (event.key === "End") show(q - 1);
    else if (event.key === "Enter") pickNear((focusPartition + 0.5) / q);
    else return;
    event.preventDefault();
  });
}

function pointed(event) {
  const matrix = svg.getScreenCTM().inverse();
  const p = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix);
  return shareAt(p.x, p.y).share;
}

// pickNear walks from the known key that is nearest on the ring, if one is near.
function pickNear(share) {
  const slot = share * SLOTS;
  const near = state.keys.map((k) => ({ k, far: Math.abs(k.slot - slot) })).sort((a, b) => a.far - b.far)[0];
  if (near && near.far < SLOTS / 60) onKey(near.k.key, near.k.encoding);
}

const sentenceAt = (partition) => partitionSentence(state.ring, partition, zoned());

function describeSlider() {
  set(slider, "aria-valuenow", focusPartition);
  if (state.ring) set(slider, "aria-valuetext", sentenceAt(focusPartition));
}

function legend() {
  const item = (kind, text) => h("li", {}, h("i", { class: `swatch ${kind}`, "aria-hidden": "true" }), text);
  return h("ul", { "aria-label": "Legend" }, item("key", "key"), item("send", "request"), item("ack", "answer"), item("hint", "hint"), item("cut", "cut link"), item("slow", "slow link"), item("moved", "moved"));
}
