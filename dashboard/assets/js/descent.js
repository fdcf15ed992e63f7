// The descent through two Merkle trees: a row for each level, the root first, with the nodes
// that were compared there. Below a node that is equal on both sides nothing is compared.

import { h, s } from "./dom.js";
import { count, plural } from "./format.js";

const ROW = 30;
const WIDTH = 420;
const LEFT = 52; // of the nodes; the names of the levels stand before them
const RIGHT = 96; // kept for how many differ
const MOST = 16; // nodes that are drawn in a row
const FANOUT = 4;
const HASH = 8; // bytes

// rowsOf says what is drawn: [{nodes: [{index, parent, hashes}], more, compared, differing}],
// where parent is the place of a node's parent in the row above, and hashes, [a, b], are those
// of a node that differs.
export function rowsOf(levels) {
  const rows = [];
  for (const level of levels) {
    const above = rows.at(-1);
    const differing = new Map(level.differing.map((n) => [n.index, [n.a, n.b]]));
    const all = !above ? [{ index: 0, parent: -1 }]
      : above.nodes.flatMap((n, parent) => (n.hashes ? Array.from({ length: FANOUT }, (_, i) => ({ index: n.index * FANOUT + i, parent })) : []));
    const nodes = all.slice(0, MOST).map((n) => ({ ...n, hashes: differing.get(n.index) ?? null }));
    rows.push({ nodes, more: level.compared - nodes.length, compared: level.compared, differing: level.differing.length });
  }
  return rows;
}

// cost says what the descent compared, and what it saved.
export function cost(d, leaves) {
  const all = (FANOUT * leaves - 1) / (FANOUT - 1); // nodes of one tree
  const compared = `${plural(d.nodes_compared, "hash", "hashes")} of ${count(all)} ${d.nodes_compared === 1 ? "was" : "were"} compared, ${plural(2 * HASH * d.nodes_compared, "byte")} in all`;
  return d.nodes_compared < d.naive_keys ? `${compared}, instead of ${plural(d.naive_keys, "key")}.`
    : `${compared}. There ${d.naive_keys === 1 ? "is" : "are"} only ${plural(d.naive_keys, "key")}: with so little data the trees do not pay yet.`;
}

export function descent(d) {
  const rows = rowsOf(d.levels);
  const step = (WIDTH - LEFT - RIGHT) / MOST;
  const x = (row, i) => LEFT + (WIDTH - LEFT - RIGHT) / 2 + (i - (row.nodes.length - 1) / 2) * step;
  const y = (level) => 16 + level * ROW;
  const name = (level) => (level === 0 ? "root" : level === rows.length - 1 && rows.length > 1 ? "leaves" : `level ${level}`);
  const parts = rows.map((row, level) => [
    row.nodes.map((n, i) => (n.parent < 0 ? null : s("path", { class: n.hashes ? "bad" : "fine", d: `M${x(rows[level - 1], n.parent)} ${y(level - 1) + 6}L${x(row, i)} ${y(level) - 6}` }))),
    row.nodes.map((n, i) => s("rect", { class: n.hashes ? "bad" : "fine", x: x(row, i) - 6, y: y(level) - 6, width: 12, height: 12, rx: 3 },
      s("title", {}, `${name(level)}, node ${n.index}: ${n.hashes ? `${n.hashes[0] || "nothing"} on ${d.a}, ${n.hashes[1] || "nothing"} on ${d.b}` : "equal"}`))),
    s("text", { x: 0, y: y(level) + 4 }, name(level)),
    s("text", { class: "end", x: WIDTH, y: y(level) + 4 }, `${row.differing} of ${row.compared}${row.differing === 1 ? " differs" : " differ"}`),
  ]);
  const words = rows.map((row, level) => `${name(level)}: ${row.differing} of ${row.compared}`).join(", ");
  return h("figure", { class: "descent" },
    s("svg", { viewBox: `0 0 ${WIDTH} ${y(rows.length - 1) + 14}`, role: "img", "aria-label": `Nodes that differ, from the root down: ${words}` }, parts));
}
