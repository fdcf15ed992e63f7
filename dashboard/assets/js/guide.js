// Runs the guided scenarios. Each step has a sentence and a button, and below them its
// result. At the end everything is put back.

import { NO_CHAOS, forbid } from "./chaos.js";
import { h, put, set } from "./dom.js";
import { Lab } from "./lab.js";
import { SCENARIOS } from "./scenarios.js";
import { on, state } from "./store.js";
import { panel } from "./tabs.js";

const part = {};
let chosen = SCENARIOS[0];
let run = fresh(); // of the chosen scenario
let running = null; // another run's name, while it is under way

// fresh returns a run that has not begun. phase: idle, busy, failed, done.
function fresh() {
  return { lab: new Lab(), outcomes: [], phase: "idle", error: "", restored: "" };
}

export function start() {
  put(panel("guide"), h("div", { class: "guide" },
    h("ul", { class: "scenario-list" }, SCENARIOS.map((x, i) => h("li", {}, h("button", {
      type: "button", "data-scenario": x.id, onclick: () => choose(x),
    }, h("b", {}, `${i + 1}. ${x.title}`), h("span", { class: "small" }, x.about))))),
    part.run = h("section", { class: "scenario", "aria-labelledby": "scenario-title" })));
  part.list = panel("guide").querySelector(".scenario-list");
  on("cluster", refreshReasons);
  draw();
}

function choose(scenario) {
  if (running) return;
  chosen = scenario;
  run = fresh();
  draw();
  part.run.scrollIntoView({ block: "nearest" });
}

const reason = (scenario) => (!state.cluster ? "No cluster is known yet."
  : scenario.chaos && !state.cluster.chaos ? NO_CHAOS
    : scenario.demo && !state.cluster.demo ? "Only “quorate demo” can start a node by itself; use Add with a standby's address." : "");

let lastReason;
function refreshReasons() {
  const now = reason(chosen);
  if (now !== lastReason && run.phase === "idle") draw();
  lastReason = now;
}

function draw() {
  for (const button of part.list.querySelectorAll("button")) {
    set(button, "aria-current", button.dataset.scenario === chosen.id ? "true" : null);
    const busy = running && button.dataset.scenario !== chosen.id;
    forbid(button, busy ? "Finish or stop the scenario that is under way first." : "");
  }
  const at = run.outcomes.length;
  const done = run.phase === "done";
  const steps = chosen.steps.map((step, i) => {
    const state = i < at ? "past" : i === at && !done ? "current" : "ahead";
    let button = null;
    if (state === "current") {
      button = h("button", { type: "button", class: "primary go", onclick: (event) => event.currentTarget.getAttribute("aria-disabled") !== "true" && go(step) },
        run.phase === "busy" ? "Working …" : run.phase === "failed" ? `Try again: ${step.button}` : step.button);
      forbid(button, run.phase === "busy" ? "It is under way." : reason(chosen));
    }
    return h("li", { class: state, "aria-current": state === "current" ? "step" : null }, h("p", { class: "say" }, step.say), button,
      i < at ? h("p", { class: "outcome good" }, run.outcomes[i]) : null,
      state === "current" && run.error ? h("p", { class: "outcome bad" }, run.error) : null);
  });
  const begun = at > 0 || run.phase !== "idle";
  put(part.run,
    h("div", { class: "panel-head" }, h("h3", { id: "scenario-title" }, chosen.title),
      h("div", { class: "buttons" }, done ? h("button", { type: "button", onclick: () => choose(chosen) }, "Again") : null,
        begun && !done ? h("button", { type: "button", class: "stop", onclick: stop }, "Stop, and put things back") : null)),
    h("ol", { class: "scenario-steps" }, steps),
    run.restored ? h("p", { class: "restored soft", role: "status" }, run.restored) : null);
}

// follow scrolls to the next step.
const follow = () => part.run.querySelector(".current")?.scrollIntoView({ block: "nearest" });

async function go(step) {
  const mine = run;
  const focused = part.run.contains(document.activeElement);
  running = chosen.id;
  mine.phase = "busy";
  mine.error = "";
  draw();
  try {
    const outcome = await step.run(mine.lab);
    if (run !== mine) return;
    mine.outcomes.push(outcome);
    mine.phase = "idle";
    if (mine.outcomes.length === chosen.steps.length) await finish("Done.");
  } catch (error) {
    if (run !== mine) return;
    mine.phase = "failed";
    mine.error = error.message;
  }
  if (!mine.lab.changed && mine.phase !== "busy") running = null;
  draw();
  follow();
  if (focused) part.run.querySelector(".go, .panel-head button")?.focus();
}

// finish puts back what the scenario changed, and says so.
async function finish(word) {
  const mine = run;
  mine.phase = "busy";
  const changed = mine.lab.changed;
  mine.restored = changed ? `${word} Putting back what was changed …` : word;
  draw();
  const failures = await mine.lab.restore();
  mine.phase = "done";
  mine.restored = failures.length ? `${word} Not everything could be put back. ${failures.join(" ")}` : changed ? `${word} Everything that was changed is as it was before.` : word;
  running = null;
}

async function stop() {
  run.lab.stop();
  await finish("Stopped.");
  draw();
}
