// What the nodes did before the page was opened: they keep samples of an hour. The samples are
// brought into the form of the live ones, {nodes: [{node, reads_s, …}]}.

const RATES = ["reads_s", "writes_s", "errors_s", "divergent_s", "hints_stored_s", "hints_delivered_s", "read_repairs_s", "forwards_s", "keys_healed_s"];
const QUANTILES = ["p50", "p99", "p999"];
const HOUR = 3600_000;

function sample(node, i) {
  const at = { node: node.node };
  for (const rate of RATES) at[rate] = node[rate][i];
  for (const kind of ["read", "write"]) {
    at[`${kind}_ms`] = Object.fromEntries(QUANTILES.map((q) => [q, node[`${kind}_${q}_ms`][i]]));
  }
  return at;
}

// ticksOf returns the samples of all nodes by time, one tick for each interval of the hour until the newest. A
// newest one that some nodes have not sampled yet is left out: its sums would be too small.
export function ticksOf(history) {
  const step = history.interval_ms;
  const first = Math.floor(Math.max(0, ...history.nodes.map((n) => n.time_ms.at(-1) ?? 0)) / step) - HOUR / step + 1;
  const ticks = Array.from({ length: HOUR / step }, (_, i) => ({ time_ms: (first + i + 1) * step, nodes: [] }));
  for (const node of history.nodes) {
    node.time_ms.forEach((time, i) => ticks[Math.floor(time / step) - first]?.nodes.push(sample(node, i)));
  }
  if (ticks.at(-1).nodes.length < ticks.at(-2).nodes.length) ticks.pop();
  return ticks;
}

// secondsBefore returns ticks of a second, of the last time before a moment: each sample is repeated for as
// long as it lasted.
export function secondsBefore(ticks, moment, seconds) {
  const before = [];
  for (let at = moment - seconds * 1000; at < moment; at += 1000) {
    before.push(ticks.find((t) => t.time_ms > at) ?? { nodes: [] });
  }
  return before;
}
