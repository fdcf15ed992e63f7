// Runs the guided scenarios. Each step has a sentence and a button, and below them its
// result. At the end everything is put back. A page that is loaded again goes on where it was.

import { NO_CHAOS, forbid, guarded } from "./chaos.js";
import { ask } from "./dialogs.js";
import { h, put, set } from "./dom.js";
import { Lab } from "./lab.js";
import { difference } from "./merkle.js";
import { attempt, notice } from "./notice.js";
import { PAPER, SCENARIOS } from "./scenarios.js";
import { on, state } from "./store.js";
import { openTab, panel, view } from "./tabs.js";
import { TOUR, reset } from "./undo.js";

const SAVED = "quorate-scenario"; // the run, for a page that is loaded again
const part = {};
let chosen = SCENARIOS[0];
let run = fresh(); // of the chosen scenario
let running = null; // the name of a scenario that has changed something
let wanted = 0; // the step that the page's address names; 0: none

// fresh returns a run that has not begun, or goes on with one that was saved. phase is one of
// idle; busy: a step is under way; failed: it may be tried again; restoring: things are being
// put back; left: some could not; done.
function fresh(saved) {
  return { lab: new Lab(saved?.lab, save), outcomes: saved?.outcomes ?? [], phase: "idle", error: "", restored: "" };
}

// save notes the run in the session of this tab, which a reload does not end.
function save() {
  const { lab, outcomes, phase } = run;
  const begun = phase !== "done" && (outcomes.length > 0 || lab.changed);
  try {
    if (begun) sessionStorage.setItem(SAVED, JSON.stringify({ id: chosen.id, outcomes, phase, lab: lab.save() }));
    else sessionStorage.removeItem(SAVED);
  } catch {
    // storage is refused: the run lasts as long as the page
  }
}

// load goes on with the run of the page that was loaded before.
function load() {
  let saved = null;
  try {
    saved = JSON.parse(sessionStorage.getItem(SAVED));
  } catch {
    // storage is refused, or holds something else
  }
  const scenario = SCENARIOS.find((x) => x.id === saved?.id);
  if (!scenario) return;
  chosen = scenario;
  run = fresh(saved);
  running = run.lab.changed ? chosen.id : null;
  if (saved.phase === "restoring" || saved.phase === "left") {
    run.phase = "left";
    run.restored = "The page was loaded again before everything was put back.";
  } else if (saved.phase === "busy") {
    run.phase = "failed";
    run.error = "The page was loaded again while this step was under way.";
  }
}

export function start() {
  put(panel("guide"), h("div", { class: "guide" },
    h("ul", { class: "scenario-list" }, SCENARIOS.map((x, i) => h("li", {}, h("button", {
      type: "button", "data-scenario": x.id, onclick: guarded(() => choose(x)),
    }, h("b", {}, `${i + 1}. ${x.title}`), h("span", { class: "small" }, x.about)))), h("li", {}, part.reset = h("button", { type: "button", class: "reset", onclick: guarded(askReset) }, "Reset the cluster"))),
    part.run = h("section", { class: "scenario", tabindex: -1, "aria-labelledby": "scenario-title" })));
  part.list = panel("guide").querySelector(".scenario-list");
  on("cluster", refreshReasons);
  load();
  addEventListener("hashchange", follow);
  draw();
  follow();
}

const addressOf = (scenario, step) => `#guide/${scenario.id}/${step}`;

// follow does what the page's address says: #guide/SCENARIO/STEP chooses a scenario, and offers
// to run the steps before that one. It runs none by itself.
function follow() {
  const [, id, step] = location.hash.match(/^#guide\/(\w+)(?:\/(\d+))?$/) ?? [];
  const scenario = SCENARIOS.find((x) => x.id === id);
  if (!scenario) return;
  if (document.body.dataset.view === "guide" || matchMedia("(max-width: 699px)").matches) view("guide");
  else openTab("guide");
  if (running && scenario !== chosen) return notice("Finish or stop the scenario that is under way first.", "bad");
  wanted = Math.min(Number(step ?? 0), scenario.steps.length);
  if (scenario !== chosen || run.phase === "done") choose(scenario);
  else draw();
}

function choose(scenario) {
  if (running) return;
  if (scenario !== chosen) forgetAddress(scenario);
  chosen = scenario;
  run = fresh();
  save();
  forgetKey();
  draw();
  part.run.scrollTop = 0;
  part.run.scrollIntoView({ block: "nearest" });
}

// reveal scrolls the list, where it scrolls by itself, to one of its buttons.
function reveal(button) {
  const [list, item] = [part.list, button].map((e) => e.getBoundingClientRect());
  if (item.top < list.top) part.list.scrollTop -= list.top - item.top;
  if (item.bottom > list.bottom) part.list.scrollTop += item.bottom - list.bottom;
}

// forgetAddress takes the step of another scenario out of the page's address.
function forgetAddress(scenario) {
  if (location.hash.startsWith(`#guide/${scenario.id}`)) return;
  wanted = 0;
  if (location.hash.startsWith("#guide/")) history.replaceState(null, "", addressOf(scenario, 1));
}

const reason = (scenario) => (!state.cluster ? "No cluster is known yet."
  : scenario.chaos && !state.cluster.chaos ? NO_CHAOS
    : scenario.demo && !state.cluster.demo ? "Only “quorate demo” can start a node by itself; use Add with a standby's address." : "");

let lastReason;
function refreshReasons() {
  const now = reason(chosen);
  if (now !== lastReason) draw();
  lastReason = now;
}

function draw() {
  forbid(part.reset, running ? "Finish or stop the scenario that is under way first." : !state.cluster ? "No cluster is known yet." : state.cluster.chaos ? "" : NO_CHAOS);
  for (const button of part.list.querySelectorAll("[data-scenario]")) {
    const current = button.dataset.scenario === chosen.id;
    if (current && !button.hasAttribute("aria-current")) reveal(button);
    set(button, "aria-current", current ? "true" : null);
    const busy = running && button.dataset.scenario !== chosen.id;
    forbid(button, busy ? "Finish or stop the scenario that is under way first." : "");
  }
  const at = run.outcomes.length;
  const done = run.phase === "done";
  const ended = done || run.phase === "restoring" || run.phase === "left";
  const steps = chosen.steps.map((step, i) => {
    const state = i < at ? "past" : i === at && !ended ? "current" : "ahead";
    let button = null;
    if (state === "current") {
      button = h("button", { type: "button", class: "primary go", "data-focus": "go", onclick: guarded(() => go(step)) },
        run.phase === "busy" ? "Working …" : run.phase === "failed" ? `Try again: ${step.button}` : step.button);
      forbid(button, run.phase === "busy" ? "It is under way." : reason(chosen));
    }
    const ahead = state === "current" && run.phase === "idle" && wanted > at + 1 && !reason(chosen)
      ? h("button", { type: "button", class: "upto", "data-focus": "upto", onclick: () => runUpTo(wanted) }, wanted === at + 2 ? `Run step ${at + 1} for me` : `Run steps ${at + 1} to ${wanted - 1} for me`) : null;
    const why = state === "current" && run.phase !== "busy" ? reason(chosen) : "";
    return h("li", { class: state, "aria-current": state === "current" ? "step" : null }, h("p", { class: "say" }, step.say, " ", cite(step, i, state === "current")),
      button || ahead ? h("div", { class: "buttons" }, button, ahead) : null,
      why ? h("p", { class: "why small soft" }, why) : null,
      i < at ? outcome(run.outcomes[i]) : null,
      state === "current" && run.error ? h("p", { class: "outcome bad" }, run.error) : null);
  });
  const begun = at > 0 || run.phase !== "idle";
  const left = run.phase === "left";
  put(part.run,
    h("div", { class: "panel-head" }, h("h3", { id: "scenario-title" }, chosen.title), begun && !done && !left ? stopButton() : null),
    h("ol", { class: "scenario-steps" }, steps),
    run.restored ? h("div", { class: "restored" }, h("p", { class: "soft", role: "status" }, run.restored), left ? stopButton() : null,
      done ? h("button", { type: "button", class: "again", onclick: () => choose(chosen) }, "Again") : null) : null);
  // What had the focus has gone: the button that leads on gets it.
  if (document.activeElement === part.run) part.run.querySelector(".go, .again")?.focus({ preventScroll: true });
}

// cite names the section of the paper that a step shows; whole: with its title. The link is the
// step's address.
function cite(step, i, whole) {
  const words = `Dynamo paper, section ${step.paper}: ${PAPER[step.paper]}`;
  return h("span", { class: "cite small soft", title: words }, whole ? words : `§ ${step.paper}`,
    h("a", { href: addressOf(chosen, i + 1), "data-focus": `link ${i}`, "aria-label": `Link to step ${i + 1}` }, "#"));
}

function outcome(found) {
  if (typeof found === "string") return h("p", { class: "outcome good" }, found);
  return [h("p", { class: "outcome good" }, found.text), h("div", { class: "leaves" }, difference(found.difference, found.leaves))];
}

function stopButton() {
  const button = h("button", { type: "button", class: "stop", "data-focus": "stop", onclick: guarded(stop) }, run.phase === "left" ? "Put the rest back" : "Stop, and put things back");
  forbid(button, run.phase === "restoring" ? "Things are being put back." : state.cluster ? "" : "No cluster is known yet.");
  return button;
}

async function askReset() {
  const data = await ask({ title: "Reset the cluster", confirm: "Reset", danger: true,
    text: "Links that are cut or slow are healed, killed nodes are started again, disks count as they are, hints are released, anti-entropy goes on, clocks are set right, and the keys of scenarios are deleted. N, R and W stay as they are." });
  if (data) await attempt(() => reset(new Lab(null, () => {})), "The links are healed, all nodes are up, and the keys of scenarios are deleted.");
}

// runUpTo runs the steps before one of them.
async function runUpTo(step) {
  const mine = run;
  while (run === mine && mine.phase === "idle" && mine.outcomes.length < step - 1) await go(chosen.steps[mine.outcomes.length]);
}

// scrollOn scrolls to the next step, or to the end of the scenario.
const scrollOn = () => part.run.querySelector(".current, .restored")?.scrollIntoView({ block: "nearest" });

async function go(step) {
  const mine = run;
  running = chosen.id;
  mine.phase = "busy";
  mine.error = "";
  save();
  draw();
  try {
    const outcome = await step.run(mine.lab);
    if (run !== mine || mine.phase !== "busy") return; // stopped
    mine.outcomes.push(outcome);
    mine.phase = "idle";
    if (mine.outcomes.length === chosen.steps.length) await finish("Done.");
  } catch (error) {
    if (run !== mine || mine.phase !== "busy") return;
    mine.phase = "failed";
    mine.error = error.message;
  }
  if (!mine.lab.changed) running = null;
  save();
  draw();
  scrollOn();
}

// finish puts back what the scenario changed, and says so.
async function finish(word) {
  const mine = run;
  mine.phase = "restoring";
  const changed = mine.lab.changed;
  mine.restored = changed ? `${word} Putting back what was changed …` : word;
  save();
  draw();
  const failures = await mine.lab.restore();
  mine.phase = failures.length ? "left" : "done";
  mine.restored = failures.length ? `${word} Not everything could be put back. ${failures.join(" ")}` : changed ? `${word} Everything that was changed is as it was before.` : word;
  running = failures.length ? chosen.id : null;
  save();
}

// forgetKey takes the walk and the path of the scenario's key off the ring.
function forgetKey() {
  if (state.key?.key.startsWith(TOUR)) document.dispatchEvent(new CustomEvent("forget-key"));
}

async function stop() {
  run.lab.stop();
  forgetKey();
  await finish("Stopped.");
  draw();
  scrollOn();
}
