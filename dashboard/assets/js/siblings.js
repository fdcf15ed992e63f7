// Values in conflict, side by side, and the write that merges them.

import { colour } from "./colours.js";
import { h } from "./dom.js";
import { clockTime } from "./format.js";
import { notice } from "./notice.js";
import { shown } from "./text.js";

// siblings shows an answer's concurrent values. resolve(op, key, encoding, query,
// value) performs the merging write.
export function siblings(key, encoding, answer, { resolve }) {
  const merged = h("textarea", { id: "merged", class: "mono", rows: 2, spellcheck: "false" }, merge(answer.siblings));
  const write = async () => {
    const done = await resolve("put", key, encoding, { context: answer.context }, merged.value);
    if (done) notice(`Resolved: one value again, version ${done.dot_text}, which covers all ${answer.siblings.length}.`);
  };
  return h("div", { class: "conflict" },
    h("p", { class: "outcome warn" }, h("b", {}, `${answer.siblings.length} concurrent values. `), "No writer had seen the other values; all are kept until a writer has seen them all."),
    h("div", { class: "siblings" }, answer.siblings.map((sibling) => card(sibling, merged))),
    h("label", { for: "merged" }, "Merged value"), merged,
    h("div", { class: "buttons" }, h("button", { type: "button", class: "primary", onclick: write }, "Resolve"),
      h("span", { class: "small soft" }, "writes it with the context of this read")));
}

function card(sibling, merged) {
  const text = shown(sibling.value, sibling.encoding);
  return h("article", { class: `sibling ${colour(sibling.dot.actor.replace(/~.*$/, ""))}` },
    h("h3", {}, sibling.dot_text), h("pre", { class: "value" }, sibling.tombstone ? "deleted" : sibling.stripped ? "expired" : text),
    h("p", { class: "small soft" }, clockTime(sibling.timestamp_ms)),
    sibling.tombstone || sibling.stripped ? null : h("button", { type: "button", onclick: () => { merged.value = text; } }, "Take this one"));
}

// merge proposes a value: the union of JSON arrays or objects, else all texts in
// lines.
export function merge(list) {
  const texts = list.filter((x) => !x.tombstone && !x.stripped && x.encoding !== "base64").map((x) => x.value);
  let parsed;
  try {
    parsed = texts.map((t) => JSON.parse(t));
  } catch {
    return [...new Set(texts)].join("\n");
  }
  if (parsed.length && parsed.every(Array.isArray)) {
    const seen = new Map(parsed.flat().map((item) => [JSON.stringify(item), item]));
    return JSON.stringify([...seen.values()]);
  }
  if (parsed.length && parsed.every((p) => p && typeof p === "object" && !Array.isArray(p))) {
    return JSON.stringify(Object.assign({}, ...parsed));
  }
  return [...new Set(texts)].join("\n");
}
