// What each part of the ring is, in a sentence.

import { bytes, count, list, percent, plural } from "./format.js";
import { SLOTS } from "./hash.js";
import { troublesOf } from "./nodetext.js";

const states = {
  up: "is up",
  suspect: "has not answered lately and is suspected",
  down: "is down; fallbacks keep its writes",
  killed: "was killed; fallbacks keep its writes",
  joining: "is joining and copies its partitions",
  leaving: "is leaving and hands its partitions over",
  removing: "is being removed; the others copy its data anew",
};

export function nodeSentence(node, ring) {
  const tokens = ring ? ring.owners.filter((o) => o === node.name).length : node.tokens;
  const parts = [`${node.name} ${states[node.status] ?? node.status}`];
  parts.push(...troublesOf(node));
  parts.push(`owns ${count(tokens)} of ${count(ring?.partitions)} tokens (${percent(tokens, ring?.partitions)})`);
  if (node.keys != null) parts.push(`holds ${plural(node.keys, "key")}, ${bytes(node.bytes)}`);
  const held = Object.entries(node.hints_for ?? {}).filter(([, n]) => n > 0);
  if (held.length) parts.push(`keeps ${list(held.map(([to, n]) => `${plural(n, "hint")} for ${to}`))}`);
  return `${parts.join("; ")}.`;
}

export function partitionSentence(ring, partition, zoned) {
  const size = SLOTS / ring.partitions;
  const owner = ring.owners[partition];
  const first = `Partition ${partition} holds slots ${partition * size} to ${(partition + 1) * size - 1}; ${owner} owns its token.`;
  const next = ring.next?.[partition];
  const moves = next && next !== owner ? ` It is moving to ${next}.` : "";
  const primaries = ring.primaries[partition];
  const met = zoned ? "the first nodes met clockwise, from different zones where there are enough" : `the first ${primaries.length} nodes met clockwise`;
  return `${first} Its keys live on ${list(primaries)}, ${met}.${moves}`;
}

// walkSentence tells the walk of a key; zoned: the nodes have zones.
export function walkSentence(key, zoned = false) {
  const primaries = key.preference_list.filter((p) => p.role === "primary").map((p) => p.node);
  const dead = key.preference_list.filter((p) => !p.alive).map((p) => p.node);
  const fallbacks = key.preference_list.filter((p) => p.role === "fallback" && p.alive).map((p) => p.node);
  let text = `Hashed to slot ${key.slot}, in partition ${key.partition}; walking clockwise from there, ${list(primaries)} are ${zoned ? "the first of different zones" : "met first"} and keep it.`;
  if (primaries.length === 1) text = `Hashed to slot ${key.slot}, in partition ${key.partition}; ${primaries[0]} keeps it.`;
  if (dead.some((d) => primaries.includes(d)) && fallbacks.length) text += ` ${list(dead)} ${dead.length === 1 ? "does" : "do"} not answer, so ${fallbacks[0]} stands in.`;
  else if (fallbacks.length) text += ` ${fallbacks[0]} would stand in first.`;
  return text;
}

export function placeSentence(entry, i) {
  const role = entry.role === "primary" ? `${ordinal(i + 1)} primary` : `${ordinal(i + 1)} on the walk, a fallback`;
  return `${entry.node} is the key's ${role}${entry.alive ? "" : ", and does not answer"}.`;
}

const ordinal = (i) => ["zeroth", "first", "second", "third", "fourth", "fifth", "sixth", "seventh"][i] ?? `${i}th`;

// stepSentence tells what has happened at the end of one step of a trace.
export function stepSentence(step, trace) {
  const { node } = step;
  if (step.action === "skip" || step.outcome === "down") return `${node} is known to be down, and is not asked.`;
  if (["failed", "silent"].includes(step.outcome)) return `${node} does not answer.`;
  const version = step.clock_text ? `, version ${step.clock_text}` : "";
  switch (step.action) {
    case "forward": return `${trace.node} passes it on to ${trace.coordinator}.`;
    case "apply": return `${node}, the coordinator, stores the write itself.`;
    case "write": return `${node} has stored the write, and acknowledges it.`;
    case "hint": return `${node} stands in for ${step.for}: it stores the write, with a hint for ${step.for}.`;
    case "repair": return `${node} had an older copy, and is brought up to date.`;
    default: return step.outcome === "absent" ? `${node} answers that it has no copy.`
      : step.outcome === "same" ? `${node} answers that it has the same${version}.`
        : `${node} answers with ${step.action === "digest" ? "a digest of its copy" : "its copy"}${version}.`;
  }
}

export function traceSentence(trace) {
  const verb = { get: "read", set: "write", del: "delete" }[trace.op] ?? trace.op;
  const parts = [];
  parts.push(trace.forwarded && trace.node !== trace.coordinator
    ? `${trace.node} took the ${verb} and passed it to ${trace.coordinator}, a primary`
    : `${trace.coordinator} took the ${verb} and coordinated it`);
  parts.push(trace.got >= trace.need ? `it needed ${plural(trace.need, "answer")} and got ${trace.got}` : `it needed ${plural(trace.need, "answer")} and got only ${trace.got}`);
  for (const hint of trace.hints ?? []) parts.push(`${hint.holder} keeps a hint for ${hint.for}`);
  if (trace.read_repairs?.length) parts.push(`${list(trace.read_repairs)} had an older copy and ${trace.read_repairs.length === 1 ? "is" : "are"} brought up to date`);
  if (trace.siblings > 1) parts.push(`${trace.siblings} concurrent values were found`);
  return `${parts.join("; ")}.`;
}
