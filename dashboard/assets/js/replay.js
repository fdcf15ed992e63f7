// Replays a traced request: as fast as an eye can follow, in slow motion, or step by step. The
// ring shows the moment, and the trace marks the step that has just ended.

import { h, put, say, set } from "./dom.js";
import { filmOf, wipe } from "./ringpath.js";
import { names, on, state, update } from "./store.js";
import { calm } from "./theme.js";

const SPEEDS = [[1, "full speed"], [0.5, "half speed"], [0.25, "a quarter"], [0.1, "a tenth"]];

let film = null; // what was played last
let at = 0; // ms of the film
let speed = 1;
let playing = false;
let frame = 0;
let before = 0; // the time of the last frame
let part = null; // the controls that are on the page

export function start() {
  // What was drawn keeps its place when the nodes move to new ones.
  let seated = "";
  on("cluster", () => {
    const now = names().join();
    if (now !== seated && film) {
      pause();
      film = filmOf(film.trace);
      film.show(at);
    }
    seated = now;
  });
  on("replay", draw);
}

// play draws a trace in place of the one before. Where motion is not wanted, it shows the end
// at once.
export function play(trace) {
  pause();
  film = filmOf(trace);
  if (calm()) go(film.end);
  else resume(0);
}

export function clear() {
  pause();
  film = null;
  wipe();
}

function go(t) {
  at = t;
  film.show(t);
  tell();
}

// resume plays on from a moment.
function resume(from) {
  go(from);
  playing = true;
  before = performance.now();
  frame = requestAnimationFrame(step);
  tell();
}

function pause() {
  cancelAnimationFrame(frame);
  playing = false;
  if (film) tell();
}

function step(now) {
  at = Math.min(film.end, at + (now - before) * speed);
  before = now;
  // Where motion is not wanted, the picture changes from stop to stop.
  film.show(calm() && at < film.end ? film.stops.findLast((x) => x.at <= at)?.at ?? 0 : at);
  if (at < film.end) frame = requestAnimationFrame(step);
  else playing = false;
  tell();
}

// tell notes the stop that was reached last, for the controls and for the trace.
function tell() {
  const stop = film.stops.findLastIndex((x) => x.at <= at + 0.5);
  const now = state.replay;
  if (now?.film !== film || now.stop !== stop || now.playing !== playing || now.ended !== (at >= film.end)) {
    update("replay", { film, stop, playing, ended: at >= film.end });
  }
}

// move goes to the stop before or after this one, and stays there.
function move(by) {
  pause();
  const stop = film.stops.findLastIndex((x) => x.at <= at + 0.5) + by;
  if (stop < 0) go(0);
  else go(film.stops[stop]?.at ?? film.end);
}

const back = () => move(film.stops.some((x) => Math.abs(x.at - at) <= 0.5) || at === 0 ? -1 : 0);

// controls makes the buttons of a trace's replay. The list of its steps follows them: each
// element of rows has the index of its step as data-step.
export function controls(trace, rows) {
  const inFilm = (action) => () => {
    if (film?.trace !== trace) { // it was taken off the ring
      film = filmOf(trace);
      go(film.end);
    }
    action();
  };
  const button = (label, action, whole) => h("button", { type: "button", "aria-label": whole, onclick: inFilm(action) }, label);
  part = {
    rows,
    play: button("Replay", () => (playing ? pause() : resume(at >= film.end ? 0 : at))),
    back: button("Back", back, "Step back"),
    forward: button("Forward", () => move(1), "Step forward"),
    said: h("p", { class: "replay-said small" }),
  };
  const select = h("select", { "aria-label": "Speed of the replay", onchange: () => { speed = Number(select.value); } }, SPEEDS.map(([value, label]) => h("option", { value, selected: value === speed }, label)));
  const group = h("div", { class: "replay buttons", role: "group", "aria-label": "Replay" }, part.play, part.back, part.forward, select);
  group.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: back, ArrowRight: () => move(1) }[event.key];
    if (!by || event.target === select) return;
    event.preventDefault();
    inFilm(by)();
  });
  draw();
  return [group, part.said];
}

function draw() {
  const now = state.replay;
  if (!part || !now || now.film !== film) return;
  const { stops } = film;
  say(part.play, now.playing ? "Pause" : now.ended ? "Replay" : "Play");
  set(part.said, "aria-live", now.playing ? "off" : "polite");
  put(part.said, now.ended ? "The whole request." : now.stop < 0 ? "The client sends the request." : [h("b", {}, `${now.stop + 1} of ${stops.length}. `), stops[now.stop].say]);
  const ended = new Set(stops.slice(0, now.stop + 1).map((x) => x.step));
  const current = now.ended ? -1 : stops[now.stop]?.step ?? -1;
  for (const row of part.rows) {
    const i = Number(row.dataset.step);
    row.classList.toggle("ahead", !now.ended && !ended.has(i));
    set(row, "aria-current", i === current ? "step" : null);
    if (i === current && !now.playing) row.scrollIntoView({ block: "nearest" });
  }
}
