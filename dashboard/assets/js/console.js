// The console: GET, PUT and DELETE, with the context of what was read carried
// along to the next write.

import { api } from "./api.js";
import { byId, h, put, say, set } from "./dom.js";
import { cut, micros } from "./format.js";
import { notice } from "./notice.js";
import { clear, play } from "./replay.js";
import { siblings } from "./siblings.js";
import { names, on, state, update } from "./store.js";
import { noteKey } from "./stream.js";
import { sameKey, shown } from "./text.js";
import { traceView } from "./traceview.js";

const contexts = new Map(); // key -> {context, clock_text}: what was seen of it
const MOST_CONTEXTS = 200;
const part = {};
let binary = null; // {key, encoding} of a key that cannot be typed

export function start() {
  put(byId("console-body"), form(), part.answer = h("div", { class: "answer", tabindex: -1, "aria-live": "polite" }), part.trace = h("div", { class: "trace", tabindex: -1 }));
  on("cluster", drawChoices);
  drawContext();
}

function form() {
  const op = (name, label, kind) => h("button", { type: "button", class: kind, onclick: () => run(name) }, label);
  return h("form", { class: "ops-form", autocomplete: "off", onsubmit: (event) => { event.preventDefault(); run("get"); } },
    h("div", { class: "row" },
      h("div", { class: "grow" }, h("label", { for: "op-key" }, "Key"),
        part.key = h("input", { id: "op-key", class: "mono", list: "known-keys", spellcheck: "false", value: "cart", oninput: () => { binary = null; drawContext(); } }))),
    h("div", {}, h("label", { for: "op-value" }, "Value, for PUT"), part.value = h("textarea", { id: "op-value", class: "mono", rows: 2, spellcheck: "false" }, '["book"]')),
    h("div", { class: "row ops-row" }, op("get", "GET", ""), op("put", "PUT", "primary"), op("delete", "DELETE", "danger"),
      h("details", { class: "options" }, h("summary", {}, "Options"),
        h("div", { class: "options-grid" },
          h("label", { for: "op-via" }, "Through"), part.via = h("select", { id: "op-via" }),
          h("label", { for: "op-r" }, "R"), part.r = h("select", { id: "op-r" }),
          h("label", { for: "op-w" }, "W"), part.w = h("select", { id: "op-w" }),
          h("label", { for: "op-ttl" }, "Expires after, s"), part.ttl = h("input", { id: "op-ttl", type: "number", min: 1, placeholder: "never" })))),
    h("div", { class: "context-row" }, h("label", { for: "op-context" }, "Context"),
      part.mode = h("select", { id: "op-context", onchange: drawContext },
        h("option", { value: "carried" }, "carried from the last read"),
        h("option", { value: "none" }, "none: overwrite what is there"),
        h("option", { value: "empty" }, "empty: “I have seen nothing”")),
      part.context = h("span", { class: "mono small soft" })));
}

function drawChoices() {
  const choices = (select, values, label) => {
    const signature = values.join();
    if (select.dataset.signature === signature) return;
    const before = select.value;
    select.dataset.signature = signature;
    put(select, h("option", { value: "" }, label), values.map((v) => h("option", { value: v }, v)));
    select.value = values.map(String).includes(before) ? before : "";
  };
  const { n, r, w, self } = state.cluster;
  const upTo = Array.from({ length: n }, (_, i) => i + 1);
  choices(part.r, upTo, `the cluster's (${r})`);
  choices(part.w, upTo, `the cluster's (${w})`);
  choices(part.via, names().filter((x) => x !== self), `${self}, this page's node`);
}

const current = () => binary ?? { key: part.key.value, encoding: "utf8" };

function drawContext() {
  const seen = contexts.get(sameKey(current().key, current().encoding));
  const mode = part.mode.value;
  const text = mode === "empty" ? "what is there stays"
    : mode === "none" || !seen ? "overwrites"
      : `replaces ${seen.clock_text || "what was read"}`;
  say(part.context, text);
}

// carry remembers what was seen of a key.
function carry(key, encoding, answer) {
  if (!answer?.context) return;
  const id = sameKey(key, encoding);
  contexts.delete(id);
  contexts.set(id, { context: answer.context, clock_text: answer.clock_text });
  if (contexts.size > MOST_CONTEXTS) contexts.delete(contexts.keys().next().value);
  drawContext();
}

// choose puts a key into the console.
export function choose(key, encoding = "utf8") {
  binary = encoding === "utf8" ? null : { key, encoding };
  part.key.value = shown(key, encoding);
  drawContext();
}

async function run(name) {
  const { key, encoding } = current();
  if (key === "") return notice("Type a key first.", "bad");
  const seen = contexts.get(sameKey(key, encoding));
  const mode = part.mode.value;
  const context = mode === "empty" ? "" : mode === "carried" ? seen?.context : undefined;
  const ttl = Number(part.ttl.value) > 0 ? Math.round(Number(part.ttl.value) * 1000) : undefined;
  const options = { via: part.via.value || undefined, r: part.r.value || undefined, w: part.w.value || undefined };
  const value = part.value.value;
  if (name === "get") return perform("get", key, encoding, { via: options.via, r: options.r });
  if (name === "put") return perform("put", key, encoding, { via: options.via, w: options.w, context, ttl_ms: ttl }, value);
  return perform("delete", key, encoding, { via: options.via, w: options.w, context });
}

// perform runs one operation on the cluster, and shows its answer, its trace and
// its path. It resolves to the answer; a refusal is shown and thrown on when
// strict.
export async function perform(name, key, encoding, query, value, { strict = false, quiet = false } = {}) {
  const calls = { get: () => api.read(key, encoding, query), put: () => api.write(key, encoding, value, query), delete: () => api.remove(key, encoding, query) };
  choose(key, encoding);
  if (value !== undefined) part.value.value = value;
  set(part.answer, "aria-busy", "true");
  try {
    const answer = await calls[name]();
    carry(key, encoding, answer);
    if (name === "put") noteKey(key, encoding);
    show(name, key, encoding, answer, strict);
    if (!quiet) document.dispatchEvent(new CustomEvent("operated", { detail: { key, encoding } }));
    return answer;
  } catch (error) {
    put(part.answer, h("p", { class: "outcome bad" }, h("b", {}, `${name.toUpperCase()} refused. `), error.message));
    showTrace(error.body?.trace, strict);
    if (strict) throw error;
    return undefined;
  } finally {
    set(part.answer, "aria-busy", null);
  }
}

function show(name, key, encoding, answer, strict) {
  const what = cut(shown(key, encoding), 40);
  const took = answer.trace ? ` in ${micros(answer.trace.micros)}` : "";
  const blocks = [];
  if (name === "put") blocks.push(h("p", { class: "outcome good" }, h("b", {}, "Written"), `${took}: version ${answer.dot_text}, clock `, h("code", {}, answer.clock_text)));
  else if (name === "delete") blocks.push(h("p", { class: "outcome good" }, h("b", {}, answer.deleted ? "Deleted" : "There was nothing to delete"), took));
  else if (!answer.found) blocks.push(h("p", { class: "outcome" }, h("b", {}, "Not found: "), what, took));
  else if (answer.element_count > 0) blocks.push(...elements(answer, took));
  else {
    const live = answer.siblings.filter((x) => !x.tombstone && !x.stripped);
    if (answer.siblings.length > 1) blocks.push(siblings(key, encoding, answer, { resolve: perform }));
    else {
      blocks.push(h("p", { class: "outcome good" }, h("b", {}, "Found"), `${took}: version ${live[0]?.dot_text ?? ""}, clock `, h("code", {}, answer.clock_text)),
        h("pre", { class: "value", tabindex: 0, "aria-label": "Value" }, shown(live[0]?.value, live[0]?.encoding), live[0]?.truncated ? " … (cut)" : ""));
    }
  }
  put(part.answer, blocks);
  showTrace(answer.trace, strict);
}

// elements shows the elements of a collection, each with the event that wrote it.
function elements(answer, took) {
  const listed = answer.elements.length;
  const rows = answer.elements.map((e) => h("tr", {}, h("td", { class: "mono" }, shown(e.name.value, e.name.encoding)),
    h("td", { class: "mono" }, shown(e.value.value, e.value.encoding)), h("td", {}, e.dot_text)));
  return [
    h("p", { class: "outcome good" }, h("b", {}, `Found a ${answer.type}`), `${took}: ${answer.element_count} elements, clock `, h("code", {}, answer.clock_text)),
    h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Elements" },
      h("table", {}, h("thead", {}, h("tr", {}, h("th", {}, "Element"), h("th", {}, "Value"), h("th", {}, "Version"))), h("tbody", {}, rows))),
    listed < answer.element_count ? h("p", { class: "small soft" }, `The first ${listed} are listed.`) : null,
  ];
}

function showTrace(trace, strict) {
  if (!trace) {
    put(part.trace);
    clear();
    return;
  }
  update("trace", trace);
  play(trace);
  put(part.trace, traceView(trace));
  if (strict) showWhole(part.trace);
}

// showWhole scrolls the console to a part of it, where the console scrolls by itself.
function showWhole(element) {
  const body = byId("console-body");
  body.scrollTop += element.getBoundingClientRect().top - body.getBoundingClientRect().top;
}
