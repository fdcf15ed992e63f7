// The long work of all nodes: what is moved or compared, how far it is, what delays it.

import { api } from "./api.js";
import { guarded } from "./chaos.js";
import { colour, initials } from "./colours.js";
import { h, put } from "./dom.js";
import { bytes, count, list, percent, plural, span } from "./format.js";
import { attempt } from "./notice.js";
import { isOpen, panel } from "./tabs.js";

const INTERVAL = 1500; // ms between two requests
const MOST = 30; // operations that are shown
const KINDS = { gain: "copies partitions to itself", release: "hands partitions over", sync: "makes replicas equal", refill: "fills its lost disk again", deliver: "delivers hints", rebuild: "rebuilds its Merkle trees" };
const STATES = { running: "accent", done: "good", failed: "bad", cancelled: "warn" };
const part = {};

export function start() {
  put(panel("operations"), h("div", { class: "split" },
    h("div", { class: "split-main scroll-x", tabindex: 0, role: "region", "aria-label": "Operations" }, part.said = h("p", {}, h("span", { class: "soft" }, "Asking the nodes …")), part.table = h("div", {})),
    h("div", { class: "split-side wide" }, h("h3", {}, "What delays background work"), part.delays = h("ul", { class: "meaning" }))));
  setInterval(() => {
    if (isOpen("operations") && !document.hidden) refresh();
  }, INTERVAL);
}

export async function refresh() {
  try {
    draw(await api.operations());
  } catch {
    // the last picture stays; the line at the top says why
  }
}

function draw({ operations, nodes, missing }) {
  const running = operations.filter((o) => o.state === "running").length;
  put(part.said, running ? h("b", {}, `${plural(running, "operation")} under way. `) : h("b", { class: "good" }, "Nothing is under way. "),
    operations.length ? null : h("span", { class: "soft" }, "Add or remove a node, or press Sync now under Merkle trees, and watch the data move."));
  const column = (label) => h("th", { scope: "col" }, label);
  put(part.table, operations.length ? h("table", {}, h("caption", { class: "unseen" }, "Operations of all nodes, the newest first."),
    h("thead", {}, h("tr", {}, ["Node", "What", "State", "Partitions", "Keys", "Bytes", "Time"].map(column), h("td", {}))),
    h("tbody", {}, operations.slice(0, MOST).map(row))) : null);
  const delays = nodes.flatMap(delaysOf);
  if (missing.length) delays.push(`${list(missing)} ${missing.length === 1 ? "does" : "do"} not answer.`);
  put(part.delays, delays.length ? delays.map((text) => h("li", { class: "warn" }, text)) : h("li", { class: "good" }, "Nothing."));
}

function row(o) {
  const cell = (...children) => h("td", {}, children);
  const took = ((o.ended_ms || Date.now()) - o.started_ms) / 1000;
  return h("tr", {}, h("th", { scope: "row" }, h("span", { class: `disc ${colour(o.node)}` }, initials(o.node))),
    h("td", { title: o.id }, o.subject || KINDS[o.kind] || o.kind, h("small", { class: "soft" }, ` ${o.kind}`), o.error ? h("div", { class: "warn small" }, o.error) : null),
    cell(h("span", { class: `chip ${STATES[o.state] ?? ""}` }, o.state), o.state === "running" ? bar(o) : null),
    cell(amount(o.partitions, count)), cell(amount(o.keys, count)),
    cell(amount(o.bytes, bytes), o.state === "running" && o.bytes_per_second ? h("small", { class: "soft" }, ` ${bytes(Math.round(o.bytes_per_second))}/s`) : null),
    cell(span(Math.max(0, took)), o.left_ms ? h("small", { class: "soft" }, ` about ${span(o.left_ms / 1000)} left`) : null),
    cell(o.state === "running" ? h("button", { type: "button", "aria-label": `Cancel ${o.id}`,
      onclick: guarded(async () => {
        await attempt(() => api.cancel(o.id), (v) => `${v.id} is ${v.state}.`);
        await refresh();
      }) }, "Cancel") : null));
}

// bar draws how much of an operation is done, by its partitions or else its keys.
function bar(o) {
  const { done, total } = o.partitions.total ? o.partitions : o.keys;
  return total ? h("progress", { max: total, value: Math.min(done, total), "aria-label": `${o.id} is done by ${percent(Math.min(done, total), total)}` }) : null;
}

// amount formats how much is done, of how much where that is known.
const amount = ({ done, total }, format) => (total ? `${format(done)} of ${format(total)}` : format(done));

// delaysOf says what delays the background work of a node.
function delaysOf({ node, transfers, reaping, pairs }) {
  const out = [];
  if (transfers.error) out.push(`${node} waits for ${plural(transfers.gaining - transfers.copied, "partition")}: ${transfers.error}`);
  for (const b of reaping.blocking) out.push(`${node} keeps ${b.keys ? `${b.keys} ` : ""}old tombstones, because ${b.node} ${b.reason || "does not answer"}.`);
  for (const p of pairs.failures) out.push(`${node} cannot compare partition ${p.partition} with ${p.peer}: ${p.error}`);
  return out;
}
