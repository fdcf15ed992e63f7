// The path of a request over the ring, from its trace: to the node that took it,
// on to the coordinator, out to the replicas, their answers back. Microseconds
// are stretched so that an eye can follow.

import { colour } from "./colours.js";
import { put, s } from "./dom.js";
import { micros, plural } from "./format.js";
import { centre, explained, layers, places, rest } from "./ring.js";
import { along, bend } from "./ringshape.js";
import { stepSentence, traceSentence } from "./ringtext.js";

const LEG = 420; // the least ms for one way
const LONG = 2600; // the most ms for the replicas' part
const REST = 200; // ms after the last stop, for its picture to be seen
const CLIENT = { x: 0, y: 34 };

const VERBS = { get: "GET", set: "PUT", del: "DELETE" };
const failed = new Set(["failed", "silent", "down"]);

// script turns a trace into legs, marks and stops on one clock, in ms:
// legs [{from, to, start, end, kind}], marks [{at, kind, node, for}], and stops
// [{at, step, say}], the moments at which a replay that goes step by step stays: step is the
// index of the trace's step that has ended then, or -1, and say tells what has happened.
export function script(trace) {
  const legs = [];
  const marks = [];
  let now = 0;
  const leg = (from, to, start, end, kind) => legs.push({ from, to, start, end, kind });
  leg("", trace.node, now, (now += LEG), "send");
  const stops = [{ at: now, step: -1, say: `${trace.node} takes the request.` }];
  if (trace.node !== trace.coordinator) {
    leg(trace.node, trace.coordinator, now, (now += LEG), "send");
    stops.push({ at: now, step: trace.steps.findIndex((x) => x.action === "forward"), say: `${trace.node} passes it on to ${trace.coordinator}, a primary, which coordinates it.` });
  }
  const scale = Math.min(1, LONG / Math.max(...trace.steps.map((x) => (x.at_us + (x.took_us ?? 0)) / 1000), 1)) * 40;
  const answers = [];
  for (const [i, step] of trace.steps.entries()) {
    if (step.action === "forward") continue;
    const stop = (at) => stops.push({ at, step: i, say: stepSentence(step, trace) });
    const start = now + Math.min((step.at_us / 1000) * scale, LONG);
    const took = Math.min(Math.max(2 * LEG, ((step.took_us ?? 0) / 1000) * scale), LONG);
    const mine = step.node === trace.coordinator;
    const kind = step.action === "hint" ? "hint" : "send";
    if (step.action === "skip" || step.outcome === "down") {
      marks.push({ at: start, kind: "dead", node: step.node, word: "skipped" });
      stop(start);
      continue;
    }
    if (!mine) leg(trace.coordinator, step.node, start, start + took / 2, kind);
    if (failed.has(step.outcome)) {
      marks.push({ at: start + took / 2, kind: "dead", node: step.node });
      stop(start + took / 2);
      continue;
    }
    if (step.action === "hint") marks.push({ at: start + took / 2, kind: "hint", node: step.node, for: step.for });
    if (step.action === "repair") marks.push({ at: start + took / 2, kind: "repair", node: step.node });
    if (!mine) leg(step.node, trace.coordinator, start + took / 2, start + took, "ack");
    else marks.push({ at: start + LEG / 2, kind: "own", node: step.node });
    stop(mine ? start + LEG / 2 : start + took);
    if (step.action !== "repair") answers.push(mine ? start + LEG / 2 : start + took);
  }
  answers.sort((a, b) => a - b);
  const reached = trace.got >= trace.need ? answers[trace.need - 1] ?? now : null;
  const back = reached ?? Math.max(...stops.map((x) => x.at));
  leg(trace.coordinator, "", back, back + LEG, reached === null ? "fail" : "ack");
  stops.push({ at: back + LEG, step: -1, say: reached === null ? "The client is told that too few nodes answered." : `The client has its answer, after ${micros(trace.micros)}.` });
  stops.sort((a, b) => a.at - b.at);
  // No two stops are at one moment, so that a step forward or back always leads to another.
  stops.forEach((stop, i) => { if (i > 0) stop.at = Math.max(stop.at, stops[i - 1].at + 1); });
  return { legs, marks, stops, reached, end: stops.at(-1).at + REST };
}

// filmOf prepares the path of a trace to be drawn. Its show(t) draws the moment t, in ms.
export function filmOf(trace) {
  const plan = script(trace);
  const seat = (name) => (name === "" ? CLIENT : places[name]);
  const legs = plan.legs.filter((l) => seat(l.from) && seat(l.to)).map((l) => ({ ...l, curve: bend(seat(l.from), seat(l.to), l.from && l.to ? 0.28 : 0) }));
  const marks = plan.marks.filter((m) => places[m.node]);
  let drawn = "";
  const show = (t) => {
    const trails = legs.filter((l) => t >= l.start && l.kind !== "ack" && l.from && l.to);
    const reached = marks.filter((m) => t >= m.at);
    const now = `${trails.length} ${reached.length}`;
    if (now !== drawn) put(layers.path, trails.map(trail), reached.map(mark));
    drawn = now;
    put(layers.packets, legs.filter((l) => t >= l.start && t < l.end).map((l) => packet(l, (t - l.start) / (l.end - l.start))));
    if (plan.reached !== null && t >= plan.reached || t >= plan.end) showQuorum(trace);
    else centre(VERBS[trace.op] ?? trace.op, `${trace.need} needed`, "", true);
  };
  put(layers.path);
  rest(traceSentence(trace));
  return { trace, stops: plan.stops, end: plan.end, show };
}

// wipe takes the path off the ring.
export function wipe() {
  put(layers.path);
  put(layers.packets);
  layers.centre.dataset.held = "";
}

function packet(l, share) {
  const p = along(l.curve, share * share * (3 - 2 * share));
  return s("circle", { class: `packet ${l.kind}`, r: 5.5, transform: `translate(${p.x.toFixed(1)} ${p.y.toFixed(1)})` });
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
