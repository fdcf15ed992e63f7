// The shape of a key's history: a column for each step away from the beginning, a
// lane for each line of descent. A fork opens a lane, a join closes it.

// place returns {nodes: [{version, column, lane}], edges: [{from, to}], columns,
// lanes} for versions that are oldest first; an edge's ends are nodes.
export function place(versions) {
  const byId = new Map();
  const nodes = [];
  const edges = [];
  const taken = new Set(); // "column lane"
  let columns = 0;
  let lanes = 0;
  const lastIn = []; // lane -> the last column used
  for (const version of versions) {
    const parents = (version.parents ?? []).map((id) => byId.get(id)).filter(Boolean);
    // A version without parents is placed beside the versions that were there before it.
    const column = parents.length ? Math.max(...parents.map((p) => p.column)) + 1 : Math.max(0, columns - 1);
    const wanted = [...parents.map((p) => p.lane).sort((a, b) => a - b)];
    let lane = wanted.find((l) => !taken.has(`${column} ${l}`) && (lastIn[l] ?? -1) < column);
    for (let l = 0; lane === undefined; l++) {
      if (!taken.has(`${column} ${l}`) && (lastIn[l] ?? -1) < column) lane = l;
    }
    taken.add(`${column} ${lane}`);
    lastIn[lane] = column;
    const node = { version, column, lane };
    nodes.push(node);
    byId.set(version.id, node);
    for (const parent of parents) edges.push({ from: parent, to: node });
    columns = Math.max(columns, column + 1);
    lanes = Math.max(lanes, lane + 1);
  }
  return { nodes, edges, columns, lanes };
}
