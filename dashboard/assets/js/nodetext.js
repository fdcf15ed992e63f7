// What is wrong with a node, in words.

import { span } from "./format.js";

// conditionOf returns what a node's card shows as its state: what is wrong with a node that
// is up comes before "up".
export function conditionOf(n) {
  if (n.status !== "up") return n.vacant ? "vacant" : n.status;
  return n.read_only ? "read-only" : n.clock_off_ms ? "clock" : n.refilling ? "filling" : "up";
}

// troublesOf says what is wrong with a node besides its status, each as the end of a sentence
// that begins with its name.
export function troublesOf(n) {
  const all = [];
  if (n.vacant) all.push(`may be replaced: a node that is started as ${n.name} on an empty data directory takes its place`);
  if (n.read_only) all.push(`refuses writes: ${n.read_only}`);
  const off = n.clock_off_ms ?? 0;
  if (off > 0) all.push(`has a clock that is ${span(off / 1000)} ahead of the others', which do not follow its times`);
  if (off < 0) all.push(`has a clock that is ${span(-off / 1000)} behind the others', whose times it does not follow`);
  if (n.refilling) all.push(`is being filled by the others, which answer for what it holds: ${n.refilling}`);
  return all;
}
