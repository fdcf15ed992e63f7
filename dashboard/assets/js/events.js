// The event log of all nodes: live, filtered, or paused.

import { colour, initials } from "./colours.js";
import { h, keyed, put, say, set } from "./dom.js";
import { clockTime, plural } from "./format.js";
import { names, on, state } from "./store.js";
import { isOpen, panel } from "./tabs.js";

const MOST = 200; // lines that are drawn
const LEVELS = ["DEBUG", "INFO", "WARN", "ERROR"];
const part = {};
let held = null; // the log as it was when it was paused

export function start() {
  const redraw = () => draw();
  put(panel("events"),
    h("div", { class: "filters" },
      h("label", {}, h("span", { class: "unseen" }, "Text"), part.text = h("input", { type: "search", placeholder: "filter by text", oninput: redraw })),
      h("label", {}, h("span", { class: "unseen" }, "Node"), part.node = h("select", { onchange: redraw }, h("option", { value: "" }, "all nodes"))),
      h("label", {}, h("span", { class: "unseen" }, "Kind"), part.kind = h("select", { onchange: redraw }, h("option", { value: "" }, "all kinds"))),
      h("label", {}, h("span", { class: "unseen" }, "Level"), part.level = h("select", { onchange: redraw }, [["", "all levels"], ["INFO", "info and up"], ["WARN", "warnings and errors"], ["ERROR", "errors"]].map(([value, label]) => h("option", { value }, label)))),
      part.pause = h("button", { type: "button", "aria-pressed": "false", onclick: pause }, "Pause"),
      part.said = h("span", { class: "soft small" })),
    part.list = h("ol", { class: "log", tabindex: 0, "aria-label": "Events, newest first" }));
  on("log", () => {
    if (held) showCount(held);
    else draw();
  });
  on("cluster", () => fill(part.node, names()));
}

function pause() {
  held = held ? null : [...state.log];
  set(part.pause, "aria-pressed", String(held !== null));
  say(part.pause, held ? "Go on" : "Pause");
  draw();
}

// fill adds the choices that are new, and keeps what was chosen.
function fill(select, values) {
  const known = new Set([...select.options].map((o) => o.value));
  for (const value of values) {
    if (!known.has(value)) select.append(h("option", { value }, value));
  }
}

export function draw() {
  if (!isOpen("events")) return;
  const log = held ?? state.log;
  fill(part.kind, [...new Set(log.map((e) => e.kind))].sort());
  const text = part.text.value.toLowerCase();
  const least = LEVELS.indexOf(part.level.value);
  const fits = (e) => (!part.node.value || e.node === part.node.value) && (!part.kind.value || e.kind === part.kind.value)
    && (least < 0 || LEVELS.indexOf(e.level.toUpperCase()) >= least) && (!text || `${e.text} ${fieldsOf(e)} ${e.kind}`.toLowerCase().includes(text));
  const lines = [];
  for (let i = log.length - 1; i >= 0 && lines.length < MOST; i--) {
    if (fits(log[i])) lines.push(log[i]);
  }
  keyed(part.list, lines, (e) => e.id, line, () => {});
  showCount(log, lines.length);
}

// showCount says how many events are shown, and how many are newer than those.
function showCount(log, drawn) {
  const fresh = state.log.length - log.length;
  if (drawn !== undefined) part.drawn = drawn;
  say(part.said, held ? `held still; ${plural(Math.max(fresh, 0), "newer event")}` : `${plural(part.drawn ?? 0, "event")} shown`);
}

const fieldsOf = (e) => Object.entries(e.fields ?? {}).map(([k, v]) => `${k}=${v}`).join(" ");

function line(e) {
  return h("li", { class: `event ${e.level.toLowerCase()}` }, h("time", { class: "mono" }, clockTime(e.time_ms)),
    h("span", { class: `disc ${colour(e.node)}` }, initials(e.node)), h("span", { class: "kind" }, e.kind),
    h("span", { class: "words" }, ["WARN", "ERROR"].includes(e.level.toUpperCase()) ? h("b", {}, `${e.level.toLowerCase()}: `) : "", e.text, " ", h("code", { class: "soft" }, fieldsOf(e))));
}
