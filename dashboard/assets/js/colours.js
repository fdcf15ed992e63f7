// The colours of the nodes. A node keeps its colour while the page is open.

const SIZE = 20;
const taken = new Map();

// assign gives colours to names, in their order; A … T have theirs by letter.
export function assign(names) {
  const letters = names.filter((n) => /^[A-T]$/.test(n));
  for (const name of letters) taken.set(name, name.charCodeAt(0) - 65);
  for (const name of [...names].sort()) {
    if (taken.has(name)) continue;
    const used = new Set(taken.values());
    let i = 0;
    while (i < SIZE - 1 && used.has(i)) i++;
    taken.set(name, used.has(i) ? taken.size % SIZE : i);
  }
}

// colour returns the CSS class that sets --node.
export const colour = (name) => `c${taken.get(name) ?? 0}`;

// initials shortens a name to at most three characters: its end, so that node-1 and
// node-2 differ.
export const initials = (name) => (name.length <= 3 ? name : name.replace(/\..*$/, "").slice(-2));
