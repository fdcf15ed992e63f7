// One card for each node: its state, what it holds, its load, and buttons for it.

import { api } from "./api.js";
import { NO_CHAOS, forbid, guarded, isolate, slow } from "./chaos.js";
import { colour, initials } from "./colours.js";
import { ask } from "./dialogs.js";
import { byId, h, keyed, s, say, set } from "./dom.js";
import { bytes, count, plural, short, span } from "./format.js";
import { conditionOf, troublesOf } from "./nodetext.js";
import { attempt } from "./notice.js";
import { marksOf } from "./problems.js";
import { light } from "./ring.js";
import { nodeNamed, on, state } from "./store.js";

const STATES = {
  up: ["up", "good"], suspect: ["suspected", "warn"], down: ["down", "bad"], killed: ["killed", "bad"],
  clock: ["wrong clock", "bad"], vacant: ["place vacant", "warn"], filling: ["being filled", "warn"], "read-only": ["read-only", "bad"],
  joining: ["joining", "accent"], leaving: ["leaving", "accent"], removing: ["being removed", "warn"],
};
const STUCK = "change-stuck"; // the problem of a node that died while it joined or left
const POINTS = 40; // seconds in a sparkline

export function start() {
  on("cluster", draw);
  on("problems", () => state.cluster && draw());
  on("load", drawLoad);
}

function draw() {
  keyed(byId("cards"), state.cluster.nodes, (n) => n.name, make, refresh);
}

function make(n) {
  const name = n.name;
  const part = {};
  const button = (key, label, action, kind = "") => (part[key] = h("button", { type: "button", class: kind, onclick: guarded(action), "aria-label": `${label} ${name}` }, label));
  const card = h("li", { class: `card ${colour(name)}`, "data-node": name },
    h("div", { class: "card-top" },
      part.disc = h("span", { class: "disc", "aria-hidden": "true" }, initials(name)),
      h("h3", { title: name }, name), part.state = h("span", { class: "chip" }), part.self = h("small", { class: "soft" }),
      part.spark = s("svg", { class: "spark", viewBox: "0 0 80 20", preserveAspectRatio: "none", "aria-hidden": "true" }, s("path", { class: "area" }), s("path", { class: "line" })),
      part.ops = h("span", { class: "ops" })),
    part.facts = h("p", { class: "card-facts" }),
    h("div", { class: "buttons" },
      button("kill", "Kill", () => attempt(() => api.kill(name), `${name} was killed as a crash would: its sockets closed without a message to the others.`), "danger"),
      button("revive", "Revive", () => attempt(() => api.revive(name), `${name} is starting again from its disk.`)),
      button("lose", "Revive, disk lost", () => loseDisk(name)),
      h("details", { class: "more" }, h("summary", { "aria-label": `More for ${name}` }, "More"),
        h("div", { class: "buttons" },
          button("cut", "Cut off", () => isolate(name)),
          button("slow", "Slow", () => slow(name)),
          button("full", "Disk full", () => fillDisk(name)),
          button("heal", "Heal", () => attempt(() => api.heal(name), `All faults on the links of ${name} are removed.`)),
          button("leave", "Leave", () => drop(name, "leave")),
          button("replace", "Replace", () => vacate(name)),
          button("remove", "Remove", () => drop(name, "remove"), "danger"))),
      part.marks = h("span", { class: "chip warn" }), part.hints = h("span", { class: "chip warn" })));
  card.parts = part;
  card.addEventListener("pointerenter", () => light(name));
  card.addEventListener("pointerleave", () => light(null));
  return card;
}

function refresh(card, n) {
  const part = card.parts;
  const marks = marksOf(n.name);
  const stuck = marks.some((p) => p.kind === STUCK && p.node === n.name);
  const [label, kind] = stuck ? [`${n.status}, down`, "bad"] : STATES[conditionOf(n)] ?? [n.status, ""];
  const gone = stuck || ["down", "killed"].includes(n.status);
  set(card, "class", `card ${colour(n.name)}${gone ? " is-gone" : ""}${card.classList.contains("picked") ? " picked" : ""}`);
  set(part.disc, "class", `disc ${colour(n.name)}${gone ? " gone" : ""}`);
  say(part.state, label);
  set(part.state, "class", `chip ${kind}`);
  set(part.state, "title", troublesOf(n).map((t) => `It ${t}.`).join(" ") || null);
  say(part.self, [n.name === state.cluster.self ? "this page" : "", n.zone].filter(Boolean).join(" · "));
  const facts = [];
  if (n.keys != null) facts.push(`${short(n.keys)} ${n.keys === 1 ? "key" : "keys"}`, bytes(n.bytes));
  facts.push(plural(n.tokens, "token"));
  if (n.uptime_s != null && !gone) facts.push(`up ${span(n.uptime_s)}`);
  say(part.facts, facts.join(" · "));
  say(part.marks, plural(marks.length, "problem"));
  set(part.marks, "title", marks.map((p) => p.what).join("\n") || null);
  part.marks.hidden = !marks.length;
  say(part.hints, hintsOf(n));
  part.hints.hidden = !n.hints;
  set(part.facts, "title", `clients ${n.client_addr}, peers ${n.peer_addr}, admin ${n.admin_addr}`);

  const killed = n.status === "killed";
  const chaos = state.cluster.chaos ? "" : NO_CHAOS;
  const active = document.activeElement;
  part.kill.hidden = killed;
  part.revive.hidden = part.lose.hidden = !killed;
  if (active === part.kill && killed) part.revive.focus();
  if ((active === part.revive || active === part.lose) && !killed) part.kill.focus();
  for (const key of ["kill", "revive", "lose", "cut", "slow", "heal"]) forbid(part[key], chaos);
  forbid(part.full, chaos || (gone ? "It does not answer." : n.read_only && !n.disk_filled ? `It refuses writes already: ${n.read_only}` : ""));
  set(part.full, "aria-pressed", String(Boolean(n.disk_filled)));
  forbid(part.leave, gone ? "It does not answer, so it cannot hand its data over: remove it instead." : n.status === "leaving" ? "It is leaving." : "");
  forbid(part.replace, gone ? (n.vacant ? "Its place is vacant already." : "") : "It is alive: only the place of a dead node is given to a fresh one.");
  forbid(part.remove, gone || n.status === "removing" ? "" : "It is alive: let it leave, or kill it first.");
}

// hintsOf returns a text with the number of hints for each target.
function hintsOf(n) {
  if (!n.hints) return "";
  const held = Object.entries(n.hints_for ?? {}).filter(([, k]) => k > 0);
  if (!held.length) return `keeps ${plural(n.hints, "hint")}`;
  return `keeps ${held.map(([to, k], i) => (i ? `${count(k)} for ${to}` : `${plural(k, "hint")} for ${to}`)).join(", ")}`;
}

// fillDisk makes the disk of a node count as full, or as it is if it counts as full.
const fillDisk = (name) => (nodeNamed(name)?.disk_filled ? attempt(() => api.setDisk(name, false), `The disk of ${name} counts as it is.`)
  : attempt(() => api.setDisk(name, true), `The disk of ${name} counts as full: ${name} refuses writes and answers reads, and others keep hints for it.`));

async function loseDisk(name) {
  const data = await ask({ title: `Revive ${name} with an empty disk`, confirm: "Lose the disk", danger: true,
    text: `Everything that ${name} stored is deleted. The other replicas fill it again, by anti-entropy and read repair.` });
  if (data) await attempt(() => api.revive(name, true), `${name} is starting with an empty disk.`);
}

async function vacate(name) {
  const data = await ask({ title: `Replace ${name}`, confirm: "Replace",
    text: `The place of ${name} becomes vacant: a node that is started as ${name} on an empty data directory joins in its place, gets its tokens, and is filled by the others. If ${name} itself comes back first, it keeps its place.` });
  if (data) await attempt(() => api.replaceNode(name), `The place of ${name} is vacant.`);
}

async function drop(name, how) {
  const text = how === "leave" ? `${name} hands its partitions over to the others, and its process then ends.`
    : `${name} is taken off the ring for good; what it held is copied anew from the other replicas.`;
  const data = await ask({ title: how === "leave" ? `Let ${name} leave` : `Remove ${name}`, confirm: how === "leave" ? "Leave" : "Remove", danger: true, text });
  if (data) await attempt(() => api.dropNode(name, how), how === "leave" ? `${name} is leaving.` : `${name} is being removed.`);
}

function drawLoad() {
  const recent = state.load.slice(-POINTS);
  const series = new Map();
  recent.forEach((tick, i) => {
    for (const n of tick.nodes) {
      if (!series.has(n.node)) series.set(n.node, new Array(recent.length).fill(0));
      series.get(n.node)[i] = (n.reads_s ?? 0) + (n.writes_s ?? 0);
    }
  });
  const top = Math.max(10, ...[...series.values()].flat());
  for (const card of byId("cards").children) {
    const values = series.get(card.dataset.node) ?? [];
    const points = values.map((v, i) => `${((POINTS - values.length + i) * (80 / (POINTS - 1))).toFixed(1)} ${(19 - (17 * v) / top).toFixed(1)}`);
    const line = points.length > 1 ? `M${points.join("L")}` : "";
    const [area, stroke] = card.parts.spark.children;
    set(stroke, "d", line);
    set(area, "d", line ? `${line}V20H${((POINTS - values.length) * (80 / (POINTS - 1))).toFixed(1)}Z` : "");
    say(card.parts.ops, values.length ? `${short(values.at(-1))}/s` : "");
  }
}
