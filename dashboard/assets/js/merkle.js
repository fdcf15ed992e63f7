// The Merkle trees: which replicas are equal, where they differ, and how few
// comparisons that took.

import { api } from "./api.js";
import { colour, initials } from "./colours.js";
import { cost, descent } from "./descent.js";
import { h, put, s } from "./dom.js";
import { clockTime, count, list, percent, plural } from "./format.js";
import { attempt } from "./notice.js";
import { state } from "./store.js";
import { isOpen, panel } from "./tabs.js";
import { shown } from "./text.js";

const INTERVAL = 4000; // ms between two requests
const part = {};
let last = null;
let pair = null; // {a, b} being looked at

export function start() {
  put(panel("merkle"),
    h("div", { class: "split" },
      h("div", { class: "split-main" },
        h("div", { class: "panel-head" }, part.said = h("p", {}, h("span", { class: "soft" }, "Asking the nodes …")), h("button", { type: "button", class: "primary", onclick: sync }, "Sync now")),
        part.cost = h("p", { class: "soft small" }),
        part.matrix = h("div", { class: "scroll-x", tabindex: 0, role: "region", "aria-label": "Pairs of replicas" })),
      h("div", { class: "split-side wide", tabindex: -1 }, part.details = h("div", { class: "split-main" }), part.leaves = h("div", { class: "leaves", "aria-live": "polite" }))));
  setInterval(() => {
    if (isOpen("merkle") && !document.hidden) refresh();
  }, INTERVAL);
}

export async function refresh() {
  try {
    last = await api.merkle();
  } catch {
    return; // the last picture stays; the line at the top says why
  }
  draw();
}

async function sync() {
  const done = await attempt(() => api.sync(), (r) => {
    const failed = r.nodes.filter((n) => n.error).map((n) => n.node);
    const keys = r.nodes.reduce((all, n) => all + (n.keys_exchanged ?? 0), 0);
    return `Compared with all replicas: ${plural(keys, "key")} exchanged${failed.length ? `; ${list(failed)} could not` : ""}.`;
  });
  if (done) await refresh();
}

function draw() {
  const bad = last.pairs.filter((p) => p.diverged.length);
  const waiting = last.missing?.length ? ` ${list(last.missing)} did not answer.` : "";
  put(part.said, bad.length ? h("b", { class: "warn" }, `${plural(bad.length, "pair")} of replicas ${bad.length === 1 ? "differs" : "differ"}.`) : h("b", { class: "good" }, "All replicas that answered hold the same."), waiting);
  put(part.cost, exchangesSentence(last.exchanges));
  const signature = JSON.stringify(last.pairs);
  if (part.signature !== signature) {
    part.signature = signature;
    drawMatrix();
  }
  if (!pair && last.pairs.length) pair = bad[0] ?? last.pairs[0];
  if (pair) drawPair();
}

// exchangesSentence says what comparing has cost, beside what it would have cost key by key.
export function exchangesSentence(x) {
  const compared = x.nodes_compared + x.keys_compared;
  const share = !x.naive_keys ? "" : compared < x.naive_keys ? ` (${percent(compared, x.naive_keys)} of that)` : ": with so little data the trees do not pay yet";
  return `So far ${plural(x.nodes_compared, "tree node")} and ${plural(x.keys_compared, "key")} were compared; key by key it would have been ${count(x.naive_keys)}${share}. `
    + `${x.keys_exchanged === 1 ? "1 key was" : `${count(x.keys_exchanged)} keys were`} exchanged.`;
}

function drawMatrix() {
  const { nodes } = last;
  const cell = (a, b) => {
    const p = last.pairs.find((q) => (q.a === a && q.b === b) || (q.a === b && q.b === a));
    if (!p || a >= b && a !== b) return h("td", {});
    if (a === b) return h("td", { class: "same" });
    const kind = p.diverged.length ? "warn" : p.unknown ? "" : "good";
    const words = p.diverged.length ? `${p.diverged.length} ${p.diverged.length === 1 ? "differs" : "differ"}` : p.unknown ? `${p.unknown} unknown` : "in sync";
    return h("td", {}, h("button", {
      type: "button", class: `pair ${kind}`, "aria-label": `${p.in_sync}/${p.shared} ${words}: partitions that ${p.a} and ${p.b} share`,
      onclick: () => pick(p),
    }, h("b", {}, `${p.in_sync}/${p.shared}`), " ", h("small", {}, words)));
  };
  const head = (n, scope) => h("th", { scope }, h("span", { class: `disc ${colour(n)}` }, initials(n)));
  put(part.matrix, h("table", { class: "matrix" }, h("caption", { class: "unseen" }, "Partitions in sync, by pair of nodes"),
    h("thead", {}, h("tr", {}, h("td", {}), nodes.slice(1).map((n) => head(n, "col")))),
    h("tbody", {}, nodes.slice(0, -1).map((a) => h("tr", {}, head(a, "row"), nodes.slice(1).map((b) => (a < b ? cell(a, b) : h("td", {}))))))));
}

function pick(p) {
  pair = p;
  put(part.leaves);
  drawPair();
}

// drawPair leaves the partition that was opened in its place: it shows what differed then,
// also when nothing differs any more.
function drawPair() {
  const p = last.pairs.find((q) => q.a === pair.a && q.b === pair.b) ?? pair;
  const signature = JSON.stringify(p);
  if (part.pairSignature === signature) return;
  part.pairSignature = signature;
  put(part.details,
    h("h3", {}, h("span", { class: `disc ${colour(p.a)}` }, initials(p.a)), " and ", h("span", { class: `disc ${colour(p.b)}` }, initials(p.b)), ` share ${plural(p.shared, "partition")}`),
    strip(p),
    p.diverged.length ? [h("p", {}, "These differ; open one to see where:"),
      h("div", { class: "buttons" }, p.diverged.slice(0, 60).map((d) => h("button", { type: "button", class: "small", "aria-label": `Partition ${d}`, onclick: () => drill(p, d) }, d)))]
      : h("p", { class: "soft" }, p.unknown ? `The trees of ${plural(p.unknown, "partition")} are being built, or are of a node that does not answer.` : "Their roots are equal, so nothing below the roots was compared."));
}

// shares says whether both nodes of a pair are primaries of a partition.
export const shares = (ring, partition, { a, b }) => ring.primaries[partition].includes(a) && ring.primaries[partition].includes(b);

// strip draws the ring as a line, with a tick for each partition that the two share.
function strip(p) {
  const { ring } = state;
  if (!ring) return null;
  const q = ring.partitions;
  const bad = new Set(p.diverged);
  let fine = "";
  let differ = "";
  for (let i = 0; i < q; i++) {
    const x = ((i + 0.5) * 1000) / q;
    if (bad.has(i)) differ += `M${x} 2V26`;
    else if (shares(ring, i, p)) fine += `M${x} 9V19`;
  }
  return s("svg", { class: "strip", viewBox: "0 0 1000 28", preserveAspectRatio: "none", role: "img", "aria-label": `${p.in_sync} of ${p.shared} shared partitions in sync` },
    s("path", { class: "good", d: fine }), s("path", { class: "bad", d: differ }));
}

async function drill(p, partition) {
  const answer = await attempt(() => api.leaves(partition, p.a, p.b));
  if (answer) put(part.leaves, difference(answer, last.leaves));
}

// difference shows where two copies of a partition differ: the descent, and the keys of the
// leaves that it ends at. leaves is the number of leaves of a tree.
export function difference(d, leaves) {
  const clock = (text) => h("td", { class: "mono" }, text ?? h("i", { class: "soft" }, "nothing"));
  const row = (k) => h("tr", {}, h("td", { class: "mono" }, shown(k.key, k.encoding)), clock(k.a), clock(k.b));
  const differing = d.levels.at(-1)?.differing.length ?? 0;
  return [
    h("p", {}, h("b", {}, `Partition ${d.partition}`), d.in_sync ? " is in sync by now. " : ` differed in ${plural(differing, "leaf", "leaves")} of ${count(leaves)} at ${clockTime(d.asked_ms).slice(0, 8)}. `,
      h("span", { class: "soft" }, cost(d, leaves))),
    d.in_sync ? null : descent(d),
    d.leaves.map((leaf) => h("table", {}, h("caption", {}, `Leaf ${leaf.leaf}`),
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "key"), h("th", { scope: "col" }, d.a), h("th", { scope: "col" }, d.b))),
      h("tbody", {}, leaf.keys.map(row)))), d.truncated ? h("p", { class: "soft small" }, "There is more than is shown.") : null];
}
