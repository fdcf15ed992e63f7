// Faults on purpose, and their removal.

import { api } from "./api.js";
import { colour, initials } from "./colours.js";
import { ask, choice, field } from "./dialogs.js";
import { byId, h, put, say, set } from "./dom.js";
import { attempt, notice } from "./notice.js";
import { isGone, names, on, state } from "./store.js";

export const NO_CHAOS = "Faults are not allowed: the nodes were started without --chaos.";

let buttons;
let toggles;

export function start() {
  buttons = {
    add: h("button", { type: "button", onclick: addNode }, "Add"),
    split: h("button", { type: "button", onclick: guarded(split) }, "Partition"),
    slow: h("button", { type: "button", onclick: guarded(() => slow()) }, "Slow"),
    heal: h("button", { type: "button", onclick: guarded(heal) }, "Heal"),
  };
  put(byId("chaos"), Object.values(buttons));
  const toggle = (action, label) => h("button", { type: "button", "aria-pressed": "false", onclick: guarded(action) }, label);
  toggles = { hold: toggle(hold, "Hold hints"), pause: toggle(pauseRepair, "Pause anti-entropy") };
  put(byId("time"), Object.values(toggles));
  on("cluster", () => {
    say(byId("no-chaos"), state.cluster.chaos ? "" : NO_CHAOS);
    byId("no-chaos").hidden = state.cluster.chaos;
    for (const name of ["split", "slow", "heal"]) forbid(buttons[name], state.cluster.chaos ? "" : NO_CHAOS);
    forbid(toggles.hold, state.cluster.chaos ? "" : NO_CHAOS);
    set(toggles.hold, "aria-pressed", String(held()));
    set(toggles.pause, "aria-pressed", String(paused()));
    const faults = (state.cluster.links ?? []).length;
    if (state.cluster.chaos) forbid(buttons.heal, faults ? "" : "No link is cut or slow.");
  });
}

// forbid marks a button as disabled and gives the reason. The button can still be
// focused, so that the reason can be read.
export function forbid(button, reason) {
  set(button, "aria-disabled", reason ? "true" : null);
  set(button, "title", reason || null);
  set(button, "aria-description", reason || null);
}

// guarded runs an action; if its button is forbidden, it shows the reason instead.
export const guarded = (action) => (event) => {
  if (event.currentTarget.getAttribute("aria-disabled") === "true") notice(event.currentTarget.title);
  else action();
};

const held = () => state.cluster.nodes.some((n) => n.hints_held_since_ms);
const paused = () => state.cluster.nodes.some((n) => n.repair_paused_since_ms);

// hold keeps fallbacks from delivering their hints, or lets them go on.
const hold = () => (held() ? attempt(() => api.releaseHints(), "The hints are released, and are delivered now.")
  : attempt(() => api.holdHints(), "Fallbacks hold their hints until they are released, for ten minutes at most."));

// pauseRepair keeps nodes from comparing their copies, or lets them go on.
const pauseRepair = () => (paused() ? attempt(() => api.resumeRepair(), "Anti-entropy goes on: all copies are compared now.")
  : attempt(() => api.pauseRepair(), "Anti-entropy is paused: nodes compare no copies by themselves."));

async function addNode() {
  if (state.cluster.demo) {
    await attempt(() => api.addNode(), (r) => `${r.name} is starting, and will take over its share of the partitions.`);
    return;
  }
  const data = await ask({
    title: "Add a node", confirm: "Add",
    text: "Start a process with “quorate server --standby” and name its admin address; it then joins this cluster and copies its share.",
    fields: [field("Admin address of the standby", h("input", { name: "addr", required: true, placeholder: "10.0.0.7:8001", spellcheck: "false" }))],
  });
  if (data) await attempt(() => api.addNode(data.get("addr")), (r) => `${r.name} is joining.`);
}

async function split() {
  const nodes = names();
  const half = Math.ceil(nodes.length / 2);
  const row = (name, i) => h("tr", {},
    h("th", { scope: "row" }, h("span", { class: `disc ${colour(name)}${isGone(name) ? " gone" : ""}` }, initials(name)), ` ${name}`),
    ["1", "2"].map((side) => h("td", {}, h("input", {
      type: "radio", name: `side-${name}`, value: side, checked: (side === "1") === (i < half), "aria-label": `${name} in group ${side}`,
    }))));
  const table = h("table", { class: "sides" },
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Node"), h("th", { scope: "col" }, "Group 1"), h("th", { scope: "col" }, "Group 2"))),
    h("tbody", {}, nodes.map(row)));
  const data = await ask({
    title: "Cut the network in two", confirm: "Partition", danger: true,
    text: "Nodes of one group still reach each other, and none of the other group. Both sides keep taking writes.", fields: [h("div", { class: "scroll" }, table)],
  });
  if (!data) return;
  const groups = ["1", "2"].map((side) => nodes.filter((n) => data.get(`side-${n}`) === side));
  if (groups.some((g) => g.length === 0)) return attempt(() => { throw new Error("Each group needs a node."); });
  await attempt(() => api.split(groups), `The network is cut: ${groups.map((g) => g.join(", ")).join(" | ")}.`);
}

// slow asks for delay and loss on the links of one node.
export async function slow(name) {
  const fields = [
    name ? null : field("Links of", h("select", { name: "node" }, names().map((n) => h("option", { value: n }, n)))),
    field("Delay of each message, in ms", h("input", { name: "delay", type: "number", min: 0, max: 10000, value: 50, required: true })),
    field("Messages lost, in percent", h("input", { name: "loss", type: "number", min: 0, max: 100, value: 0, required: true })),
  ];
  const data = await ask({ title: name ? `Slow the links of ${name}` : "Slow a node's links", confirm: "Slow", danger: true, fields,
    text: "What it sends and what it receives is delayed or lost, on the real sockets." });
  if (!data) return;
  const node = name ?? data.get("node");
  const how = { delay_ms: Number(data.get("delay")), loss: Number(data.get("loss")) / 100 };
  await attempt(() => api.slow(node, how), `The links of ${node} are slow: ${how.delay_ms} ms, ${how.loss * 100} % lost.`);
}

export async function isolate(name) {
  const data = await ask({
    title: `Cut ${name} off`, confirm: "Cut off", danger: true,
    text: "Its links to all others are cut, on the real sockets.",
    fields: [choice("direction", "Which way", [["both", "both ways"], ["in", "it receives nothing"], ["out", "the others receive nothing from it"]], "both")],
  });
  if (data) await attempt(() => api.isolate(name, data.get("direction")), `${name} is cut off from the others.`);
}

export const heal = () => attempt(() => api.heal(), "All faults on links are removed.");
