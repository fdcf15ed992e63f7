// What is wrong in the cluster: the number of problems at the top, and the list behind it.

import { api } from "./api.js";
import { byId, h, put, say, set } from "./dom.js";
import { plural, span } from "./format.js";
import { on, state, update } from "./store.js";

const INTERVAL = 3000; // ms between two questions

// What the card of a node shows by itself.
const SHOWN = new Set(["node-down", "read-only", "clock", "replica-behind"]);

let asked = 0;

export function start() {
  on("cluster", refresh);
  on("problems", draw);
}

// refresh asks for the list, as long as the stream lives.
async function refresh() {
  if (Date.now() - asked < INTERVAL) return;
  asked = Date.now();
  const answer = await api.problems().catch(() => null); // the line at the top tells that the port is away
  if (answer) update("problems", answer.problems);
}

// marksOf returns the problems of a node that its card does not show otherwise.
export const marksOf = (name) => state.problems.filter((p) => (p.node === name || p.peer === name) && !SHOWN.has(p.kind));

function draw() {
  const list = state.problems;
  const button = byId("problems");
  button.hidden = !list.length;
  say(button, plural(list.length, "problem"));
  set(button, "class", `chip ${list.some((p) => p.level === "error") ? "bad" : "warn"}`);
  put(byId("problem-list"), h("h2", {}, "Problems"),
    list.length ? h("ul", {}, list.map(entry)) : h("p", { class: "soft" }, "Nothing is wrong."));
}

function entry(p) {
  return h("li", {}, h("p", {}, h("span", { class: `chip ${p.level === "error" ? "bad" : "warn"}` }, p.level), " ", h("strong", {}, p.what),
    h("span", { class: "soft" }, ` for ${span(Math.max(0, (Date.now() - p.since_ms) / 1000))}`)), h("p", { class: "soft" }, p.means), h("p", {}, h("b", {}, "To do: "), p.do));
}
