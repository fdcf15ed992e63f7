// The tabs that look inside, and the bar that chooses a panel on a phone.

import { byId, h, s, set } from "./dom.js";

const shown = new Map(); // id -> fn called when its tab is opened
let current;

// addTabs makes the tabs: [{id, label, open}]. open() is called each time the
// tab is opened.
export function addTabs(tabs) {
  const row = byId("tabs");
  for (const { id, label, open } of tabs) {
    shown.set(id, open);
    row.append(h("button", {
      type: "button", role: "tab", id: `tab-${id}`, "aria-controls": `panel-${id}`, "aria-selected": "false", tabindex: -1,
      onclick: () => openTab(id),
    }, label));
    byId("tab-panels").append(h("div", { id: `panel-${id}`, role: "tabpanel", tabindex: 0, "aria-labelledby": `tab-${id}`, hidden: true }));
  }
  row.addEventListener("keydown", (event) => {
    const all = [...row.children];
    const at = all.findIndex((b) => b.getAttribute("aria-selected") === "true");
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = all[(to + all.length) % all.length];
    next.focus();
    next.click();
  });
  const taller = byId("taller");
  taller.addEventListener("click", () => {
    const tall = byId("main").classList.toggle("tall");
    set(taller, "aria-pressed", String(tall));
    shown.get(current)?.();
  });
}

export const panel = (id) => byId(`panel-${id}`);
export const isOpen = (id) => current === id;

export function openTab(id) {
  current = id;
  for (const tab of byId("tabs").children) {
    const on = tab.id === `tab-${id}`;
    set(tab, "aria-selected", String(on));
    set(tab, "tabindex", on ? 0 : -1);
    panel(tab.id.slice(4)).hidden = !on;
    if (on) showTab(tab);
  }
  shown.get(id)?.();
}

// showTab scrolls a row of tabs that is wider than the window to one of them.
function showTab(tab) {
  const row = byId("tabs");
  const left = tab.offsetLeft - row.offsetLeft;
  row.scrollLeft = Math.min(left, Math.max(row.scrollLeft, left + tab.offsetWidth - row.clientWidth));
}

const icons = {
  ring: ["M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18", "M12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5"],
  nodes: ["M4 5h16v5H4z", "M4 14h16v5H4z", "M7.5 7.5h.01", "M7.5 16.5h.01"],
  console: ["M4 5h16v14H4z", "M7 9l3 3-3 3", "M12.5 15H17"],
  guide: ["M12 6c-2-1.5-5-1.5-8-1v13c3-.5 6-.5 8 1 2-1.5 5-1.5 8-1V5c-3-.5-6-.5-8 1z", "M12 6v13"],
  inside: ["M4 19V5", "M4 19h16", "M7 15l4-5 3 3 5-7"],
};

// addViews makes the bar of a phone.
export function addViews() {
  const bar = byId("views");
  for (const [id, label] of [["ring", "Ring"], ["nodes", "Nodes"], ["console", "Console"], ["guide", "Guide"], ["inside", "Inside"]]) {
    const icon = s("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, icons[id].map((d) => s("path", { d })));
    bar.append(h("button", { type: "button", "data-view": id, onclick: () => view(id) }, icon, label));
  }
  view("ring");
}

export function view(id) {
  document.body.dataset.view = id;
  for (const button of byId("views").children) set(button, "aria-current", button.dataset.view === id ? "true" : null);
  if (id === "guide") openTab("guide");
  if (id === "inside") openTab(current === "guide" ? "timeline" : current);
  scrollTo(0, 0);
}
