// The path of a request over the ring, from its trace: to the node that took it,
// on to the coordinator, out to the replicas, their answers back. Microseconds
// are stretched so that an eye can follow. The last picture stays.

import { colour } from "./colours.js";
import { put, s, set } from "./dom.js";
import { micros, plural } from "./format.js";
import { centre, explained, layers, places, rest } from "./ring.js";
import { along, bend } from "./ringshape.js";
import { traceSentence } from "./ringtext.js";
import { names, on } from "./store.js";
import { calm } from "./theme.js";

const LEG = 420; // the least ms for one way
const LONG = 2600; // the most ms for the replicas' part
const CLIENT = { x: 0, y: 34 };

const VERBS = { get: "GET", set: "PUT", del: "DELETE" };
const failed = new Set(["failed", "silent", "down"]);

// script turns a trace into legs and marks on one clock, in ms:
// legs [{from, to, start, end, kind}], marks [{at, kind, node, for}].
export function script(trace) {
  const legs = [];
  const marks = [];
  let now = 0;
  const leg = (from, to, start, end, kind) => legs.push({ from, to, start, end, kind });
  leg("", trace.node, now, (now += LEG), "send");
  if (trace.node !== trace.coordinator) leg(trace.node, trace.coordinator, now, (now += LEG), "send");
  const scale = Math.min(1, LONG / Math.max(...trace.steps.map((x) => (x.at_us + (x.took_us ?? 0)) / 1000), 1)) * 40;
  const answers = [];
  let end = now;
  for (const step of trace.steps) {
    if (step.action === "forward") continue;
    const start = now + Math.min((step.at_us / 1000) * scale, LONG);
    const took = Math.min(Math.max(2 * LEG, ((step.took_us ?? 0) / 1000) * scale), LONG);
    const mine = step.node === trace.coordinator;
    const kind = step.action === "hint" ? "hint" : "send";
    if (step.action === "skip" || step.outcome === "down") {
      marks.push({ at: start, kind: "dead", node: step.node, word: "skipped" });
      continue;
    }
    if (!mine) leg(trace.coordinator, step.node, start, start + took / 2, kind);
    if (failed.has(step.outcome)) {
      marks.push({ at: start + took / 2, kind: "dead", node: step.node });
      continue;
    }
    if (step.action === "hint") marks.push({ at: start + took / 2, kind: "hint", node: step.node, for: step.for });
    if (step.action === "repair") marks.push({ at: start + took / 2, kind: "repair", node: step.node });
    if (!mine) leg(step.node, trace.coordinator, start + took / 2, start + took, "ack");
    else marks.push({ at: start + LEG / 2, kind: "own", node: step.node });
    if (step.action !== "repair") answers.push(mine ? start + LEG / 2 : start + took);
    end = Math.max(end, start + took);
  }
  answers.sort((a, b) => a - b);
  const reached = trace.got >= trace.need ? answers[trace.need - 1] ?? end : null;
  const back = reached ?? end;
  leg(trace.coordinator, "", back, back + LEG, reached === null ? "fail" : "ack");
  return { legs, marks, reached, end: Math.max(end, back + LEG) };
}

let frame = 0;
let drawn = null; // the trace that was played last

// start keeps what was drawn in its place when the nodes move to new ones.
export function start() {
  let seated = "";
  on("cluster", () => {
    const now = names().join();
    if (now !== seated && drawn) play(drawn, true);
    seated = now;
  });
}

// play draws a trace, moving or still, in place of the one before.
export function play(trace, still = false) {
  drawn = trace;
  cancelAnimationFrame(frame);
  put(layers.path);
  put(layers.packets);
  const plan = script(trace);
  const seat = (name) => (name === "" ? CLIENT : places[name]);
  const legs = plan.legs.filter((l) => seat(l.from) && seat(l.to)).map((l) => ({ ...l, curve: bend(seat(l.from), seat(l.to), l.from && l.to ? 0.28 : 0) }));
  const marks = plan.marks.filter((m) => places[m.node]);
  centre(VERBS[trace.op] ?? trace.op, `${trace.need} needed`, "", true);
  rest(traceSentence(trace));
  if (still || calm()) return settle(trace, plan, legs, marks);
  const started = performance.now();
  const shownMarks = new Set();
  const running = new Map();
  const step = (time) => {
    const t = time - started;
    for (const l of legs) {
      if (t < l.start || running.get(l) === "done") continue;
      if (!running.has(l)) {
        if (l.kind !== "ack" && l.from && l.to) layers.path.append(trail(l));
        const dot = s("circle", { class: `packet ${l.kind}`, r: 5.5 });
        layers.packets.append(dot);
        running.set(l, dot);
      }
      const share = Math.min(1, (t - l.start) / (l.end - l.start));
      const p = along(l.curve, share * share * (3 - 2 * share));
      const dot = running.get(l);
      set(dot, "transform", `translate(${p.x.toFixed(1)} ${p.y.toFixed(1)})`);
      if (share === 1) {
        dot.remove();
        running.set(l, "done");
      }
    }
    for (const m of marks) {
      if (t >= m.at && !shownMarks.has(m)) {
        shownMarks.add(m);
        layers.path.append(mark(m));
      }
    }
    if (plan.reached !== null && t >= plan.reached) showQuorum(trace);
    if (t < plan.end) frame = requestAnimationFrame(step);
    else settle(trace, plan, legs, marks);
  };
  frame = requestAnimationFrame(step);
}

function settle(trace, plan, legs, marks) {
  put(layers.packets);
  put(layers.path, legs.filter((l) => l.kind !== "ack" && l.from && l.to).map(trail), marks.map(mark));
  showQuorum(trace);
}

export function clear() {
  drawn = null;
  cancelAnimationFrame(frame);
  put(layers.path);
  put(layers.packets);
  layers.centre.dataset.held = "";
}

function showQuorum(trace) {
  const enough = trace.got >= trace.need;
  centre(`${enough ? "✓" : "✗"} ${plural(trace.got, "answer")}`, `${trace.need} needed · ${micros(trace.micros)}`, enough ? "good" : "bad", true);
}

const trail = (l) => s("path", { class: `trail ${l.kind}`, d: l.curve.path });

function mark(m) {
  const { x, y, size } = places[m.node];
  const group = s("g", { class: `mark ${m.kind}`, transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})` });
  if (m.kind === "own") group.append(s("circle", { r: size + 5 }));
  if (m.kind === "repair") group.append(s("circle", { r: size + 5 }), s("text", { y: -size - 9 }, "repaired"));
  if (m.kind === "dead") group.append(s("text", { y: -size - 9 }, m.word ?? "no answer"));
  if (m.kind === "hint") {
    const to = places[m.for];
    group.append(s("circle", { r: size + 5 }), s("text", { y: -size - 9 }, `hint for ${m.for}`));
    if (to) group.prepend(s("path", { class: "hint-line", d: `M0 0L${(to.x - x).toFixed(1)} ${(to.y - y).toFixed(1)}` }));
    group.classList.add(colour(m.for));
  }
  const words = { own: `${m.node} coordinated, and keeps a copy itself.`, repair: `${m.node} had an older copy and is brought up to date.`,
    dead: `${m.node} did not answer, and was skipped.`, hint: `${m.node} keeps the write as a hint for ${m.for}, until ${m.for} is back.` };
  return explained(group, () => words[m.kind]);
}
