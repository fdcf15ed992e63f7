// N, R and W, and what a choice of them means right now, before it is made.

import { api } from "./api.js";
import { forbid } from "./chaos.js";
import { byId, h, put, s, set } from "./dom.js";
import { plural } from "./format.js";
import { attempt, notice } from "./notice.js";
import { isGone, on, state } from "./store.js";

const MOST = 16; // the largest N that the cluster takes
const parts = {};
let chosen = null; // what is being chosen; null: nothing, show what is in force

export function start() {
  const control = (name, title) => {
    const input = h("input", { type: "number", min: 1, max: MOST, id: `q-${name}`, inputmode: "numeric", oninput: () => choose({ [name]: Number(input.value) }) });
    parts[name] = input;
    const step = (by, sign, word) => h("button", { type: "button", "aria-label": `${word} ${name.toUpperCase()}`, onclick: () => choose({ [name]: Number(input.value) + by }) }, sign);
    return h("div", { class: "dial" }, h("label", { for: `q-${name}` }, h("b", {}, name.toUpperCase()), ` ${title}`), h("div", { class: "stepper" }, step(-1, "−", "Less"), input, step(1, "+", "More")));
  };
  put(byId("quorum-body"),
    h("form", { class: "dials", onsubmit: apply }, control("n", "replicas"), control("r", "to read"), control("w", "to write"),
      parts.apply = h("button", { type: "submit", class: "primary" }, "Apply")),
    parts.picture = s("svg", { class: "overlap", viewBox: "0 0 290 46", role: "img", "aria-label": "Overlap of R and W" }),
    parts.meaning = h("ul", { class: "meaning", "aria-live": "polite" }));
  on("cluster", draw);
}

function choose(change) {
  const { n, r, w } = state.cluster;
  const next = { n, r, w, ...chosen, ...change };
  for (const k of ["n", "r", "w"]) next[k] = Math.min(MOST, Math.max(1, Math.round(next[k]) || 1));
  chosen = ["n", "r", "w"].every((k) => next[k] === state.cluster[k]) ? null : next;
  draw();
}

async function apply(event) {
  event.preventDefault();
  if (parts.apply.getAttribute("aria-disabled") === "true") return notice(parts.apply.title);
  const wanted = chosen;
  const done = await attempt(() => api.configure(wanted), inForce);
  if (done) {
    Object.assign(state.cluster, { n: done.n, r: done.r, w: done.w });
    chosen = null;
  }
  draw();
}

// inForce says what an answered change has led to: a ring of fewer members than N caps all three.
export function inForce({ n, r, w, effective }) {
  const of = (q) => `N ${q.n}, R ${q.r}, W ${q.w}`;
  return effective.n === n ? `In force: ${of({ n, r, w })}, on every node.` : `Set: ${of({ n, r, w })}. In force until there are ${n} nodes: ${of(effective)}.`;
}

function draw() {
  if (!state.cluster) return;
  const values = chosen ?? state.cluster;
  for (const k of ["n", "r", "w"]) {
    if (Number(parts[k].value) !== values[k]) parts[k].value = values[k];
  }
  const said = consequences(values, state.cluster.nodes.length, state.cluster.nodes.filter((x) => !isGone(x.name)).length);
  const impossible = said.some((line) => line.kind === "bad" && line.impossible);
  forbid(parts.apply, impossible ? said[0].text : chosen ? "" : "These numbers are in force.");
  const signature = JSON.stringify([values.n, values.r, values.w, said]);
  if (parts.signature === signature) return;
  parts.signature = signature;
  put(parts.meaning, said.map((line) => h("li", { class: line.kind }, line.text)));
  picture(values);
}

// consequences says what n, r and w mean for a cluster, given the number of its members
// and of those that answer.
export function consequences({ n, r, w }, members, alive) {
  if (r > n) return [{ kind: "bad", impossible: true, text: `R cannot be more than N: there are only ${plural(n, "replica")} to ask.` }];
  if (w > n) return [{ kind: "bad", impossible: true, text: `W cannot be more than N: there are only ${plural(n, "replica")} to write to.` }];
  const real = { n: Math.min(n, members) };
  real.r = Math.min(r, real.n);
  real.w = Math.min(w, real.n);
  const out = [];
  const sum = `R + W = ${real.r + real.w}`;
  out.push(real.r + real.w > real.n
    ? { kind: "good", text: `${sum} > N = ${real.n}: a read finds the latest acknowledged write, unless fallbacks took it.` }
    : { kind: "warn", text: `${sum} ≤ N = ${real.n}: a read may miss the latest write, and be stale.` });
  const down = real.n - real.r;
  out.push({ kind: "", text: down ? `A read goes on while ${down} of a key's ${plural(real.n, "replica")} ${down === 1 ? "is" : "are"} down.` : `A read needs ${real.n === 1 ? "a key's only replica" : `all ${real.n} replicas of a key`}.` });
  const spare = alive - real.w;
  if (spare < 0) out.push({ kind: "bad", text: `Writes fail now: ${alive} of ${members} nodes answer, and W is ${real.w}.` });
  else out.push({ kind: "", text: `Writes go on until ${plural(spare + 1, "more node fails", "more nodes fail")}: any healthy node takes a dead replica's place and keeps a hint (sloppy quorum).` });
  if (real.n < n) out.push({ kind: "warn", text: `Only ${plural(members, "member")}: N is ${real.n} until there are ${n}.` });
  return out;
}

// picture draws the replicas in a row: W from the left, R from the right; where
// they overlap, a read meets the write.
function picture({ n, r, w }) {
  const gap = Math.min(44, 260 / Math.max(n, 1));
  const left = 145 - (gap * (n - 1)) / 2;
  const x = (i) => left + i * gap;
  const bar = (from, to, y, kind, label) => (from > to ? null : [
    s("path", { class: kind, d: `M${x(from) - 10} ${y}H${x(to) + 10}` }),
    s("text", { class: kind, x: kind === "w" ? x(from) - 16 : x(to) + 16, y: y + 4, "text-anchor": kind === "w" ? "end" : "start" }, label)]);
  const dots = Array.from({ length: n }, (_, i) => {
    const both = i < w && i >= n - r;
    return s("circle", { cx: x(i), cy: 23, r: 8, class: both ? "both" : i < w ? "w" : i >= n - r ? "r" : "" });
  });
  put(parts.picture, bar(0, Math.min(w, n) - 1, 7, "w", "W"), bar(Math.max(0, n - r), n - 1, 39, "r", "R"), dots);
  const meet = Math.max(0, r + w - n);
  set(parts.picture, "aria-label", `Of ${plural(n, "replica")}, ${w} acknowledge a write, ${r} answer a read; at least ${meet} of them did both.`);
}
