// A trace as a timeline: one line for each step, in the order of time, with the node, the
// request and the time of its answer.

import { colour, initials } from "./colours.js";
import { h, s } from "./dom.js";
import { micros, plural } from "./format.js";
import { controls } from "./replay.js";
import { traceSentence } from "./ringtext.js";

const ASKED = { read: "read", digest: "digest", apply: "write here", write: "write", hint: "hint", forward: "forward", repair: "repair", skip: "skipped" };
const ANSWERED = { ok: "ok", value: "value", digest: "digest", same: "same", absent: "absent", failed: "failed", silent: "silent", down: "down" };
const bad = new Set(["failed", "silent", "down"]);

export function traceView(trace) {
  const end = Math.max(trace.micros, ...trace.steps.map((x) => x.at_us + (x.took_us ?? 0)), 1);
  const rows = trace.steps.map((x, i) => line(x, i, end, trace));
  return h("section", { "aria-labelledby": "trace-title" },
    h("div", { class: "panel-head" }, h("h3", { id: "trace-title" }, "Trace"),
      h("span", { class: `chip ${trace.got >= trace.need ? "good" : "bad"}` }, `${plural(trace.got, "answer")}, ${trace.need} needed`)),
    controls(trace, rows),
    h("p", { class: "soft small" }, traceSentence(trace)),
    h("ol", { class: "steps", tabindex: 0, "aria-label": "Steps of the request" }, rows),
    h("div", { class: "axis small soft", "aria-hidden": "true" }, h("span", {}, "0"), h("span", {}, micros(end))));
}

function line(step, i, end, trace) {
  const failed = bad.has(step.outcome) || step.action === "skip";
  const kind = failed ? "bad" : step.action === "hint" ? "hint" : step.action === "repair" ? "repair" : "ok";
  const x = (100 * step.at_us) / end;
  const width = Math.max(1.2, (100 * (step.took_us ?? 0)) / end);
  const asked = step.action === "hint" && step.for ? `hint for ${step.for}` : ASKED[step.action] ?? step.action;
  const time = step.took_us == null || step.action === "skip" ? "–" : micros(step.took_us);
  const bar = s("svg", { class: "bar", viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true" },
    s("rect", { class: "lane", width: 100, height: 8 }), s("rect", { class: kind, x: Math.min(x, 98.8), width: Math.min(width, 100 - Math.min(x, 98.8)), height: 8 }));
  const role = step.node === trace.coordinator ? "coordinator" : step.role;
  return h("li", { class: `step ${kind}`, "data-step": i },
    h("span", { class: `disc ${colour(step.node)}${failed ? " gone" : ""}` }, initials(step.node)),
    h("span", { class: "what", title: asked }, asked),
    bar,
    h("span", { class: "time" }, time),
    h("span", { class: "said small" }, [role, ANSWERED[step.outcome] ?? step.outcome].filter(Boolean).join(": "), step.clock_text ? [" ", h("code", {}, step.clock_text)] : "",
      step.error ? ` ${step.error}` : ""));
}
