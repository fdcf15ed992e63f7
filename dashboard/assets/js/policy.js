// The conflict policy of the whole cluster: which of several concurrent values a plain
// read shows.

import { api } from "./api.js";
import { byId, h, put, say, set } from "./dom.js";
import { attempt } from "./notice.js";
import { on } from "./store.js";

const NAME = "conflict-resolution";
const INTERVAL = 3000; // ms between two requests
const POLICIES = {
  lww: ["the newest: lww", "A plain read of a key in conflict shows the newest value, the same on every node."],
  merge: ["all, merged: merge", "A plain read of a key in conflict shows its JSON objects merged field by field."],
  error: ["an error: error", "A plain read of a key in conflict fails with -CONFLICT."],
};
const part = {};

export function start() {
  part.select = h("select", { id: "policy", "aria-describedby": "policy-meaning", onchange: change, disabled: true },
    Object.entries(POLICIES).map(([value, [label]]) => h("option", { value }, label)));
  put(byId("policy-body"), h("label", { for: "policy" }, "In conflict, a read shows"), part.select,
    part.meaning = h("p", { id: "policy-meaning", class: "unseen", "aria-live": "polite" }, "Asking the node for it."));
  setInterval(() => {
    if (!document.hidden) refresh();
  }, INTERVAL);
  let asked = false;
  on("cluster", () => {
    if (!asked) refresh();
    asked = true;
  });
}

async function refresh() {
  try {
    const { settings } = await api.settings();
    draw(settings.find((s) => s.name === NAME));
  } catch {
    // the last picture stays; the line at the top says why
  }
}

function draw(setting) {
  part.select.disabled = !setting;
  if (!setting) {
    explain("This node's version does not know the setting.");
    return;
  }
  if (document.activeElement !== part.select) part.select.value = setting.value;
  explain(`${POLICIES[setting.value]?.[1] ?? setting.value}${setting.writer ? ` Changed through ${setting.writer}.` : ""}`);
}

// explain gives the control its title, and the same text to a screen reader.
function explain(text) {
  set(part.select, "title", text);
  say(part.meaning, text);
}

async function change() {
  const value = part.select.value;
  const now = await attempt(() => api.setSetting(NAME, value), (s) => `In force on every node: ${s.name} ${s.value}.`);
  part.select.blur();
  if (now) draw(now);
  else refresh();
}
