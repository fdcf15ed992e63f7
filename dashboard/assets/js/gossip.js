// How each node sees the others, by gossip and by its streams to them, and how a
// change of the ring spread.

import { api } from "./api.js";
import { colour, initials } from "./colours.js";
import { h, put, s } from "./dom.js";
import { bytes, clockTime, list, millis, plural, span } from "./format.js";
import { isOpen, panel } from "./tabs.js";

const INTERVAL = 1500; // ms between two requests
const part = {};
let chosen = 0;

export function start() {
  put(panel("gossip"), h("div", { class: "split" },
    h("div", { class: "split-main" }, part.said = h("p", {}, h("span", { class: "soft" }, "Asking the nodes …")), part.matrix = h("div", { class: "scroll-x", tabindex: 0, role: "region", "aria-label": "Views of the nodes" })),
    h("div", { class: "split-side wide" }, h("h3", {}, "How a change spread"), part.changes = h("div", {}))));
  setInterval(() => {
    if (isOpen("gossip") && !document.hidden) refresh();
  }, INTERVAL);
}

export async function refresh() {
  try {
    draw(await api.gossip());
  } catch {
    // the last picture stays; the line at the top says why
  }
}

const WORDS = { alive: "alive", dead: "dead", unknown: "not met" };
const KINDS = { alive: "good", dead: "bad", unknown: "" };

function draw(gossip) {
  const signature = JSON.stringify([gossip.nodes.map((n) => [n.node, n.answered, n.ring_version, n.sees.map((x) => [x.node, x.state, x.streams])]), gossip.changes, chosen]);
  if (part.signature === signature) return;
  part.signature = signature;
  const answered = gossip.nodes.filter((n) => n.answered);
  const unseen = [...new Set(answered.flatMap((n) => n.sees.filter((x) => x.state !== "alive").map((x) => x.node)))].sort();
  const cut = answered.flatMap((n) => n.sees.filter((x) => halfOpen(x)).map((x) => `${n.node} to ${x.node}`));
  const versions = new Set(answered.map((n) => n.ring_version));
  put(part.said, unseen.length ? h("b", { class: "warn" }, `${list(unseen)} ${unseen.length === 1 ? "is" : "are"} not seen alive by all. `) : h("b", { class: "good" }, "All nodes see each other alive. "),
    cut.length ? h("b", { class: "warn" }, `Requests do not get through from ${list(cut)}. `) : null,
    h("span", { class: "soft" }, versions.size > 1 ? `The nodes have rings of different versions: ${[...versions].join(", ")}.` : `All have ring version ${[...versions][0]}.`));
  const names = [...new Set(gossip.nodes.flatMap((n) => [n.node, ...n.sees.map((x) => x.node)]))].sort();
  const disc = (n) => h("span", { class: `disc ${colour(n)}` }, initials(n));
  put(part.matrix, h("table", { class: "matrix observations" }, h("caption", { class: "unseen" }, "Each row shows how one node sees the others."),
    h("thead", {}, h("tr", {}, h("td", { class: "soft small" }, "sees →"), names.map((n) => h("th", { scope: "col" }, disc(n))))),
    h("tbody", {}, gossip.nodes.map((n) => h("tr", {}, h("th", { scope: "row" }, disc(n.node)),
      n.answered ? names.map((name) => view(n, name)) : h("td", { colspan: names.length, class: "soft" }, "does not answer"))))));
  drawChanges(gossip);
}

function view(n, name) {
  if (n.node === name) return h("td", { class: "self" }, "itself");
  const x = n.sees.find((v) => v.node === name);
  if (!x) return h("td", {}, "–");
  const seen = [`${n.node} sees ${name} ${x.state} for ${span((Date.now() - x.since_ms) / 1000)}`, ...streamFacts(n, x)];
  return h("td", { class: halfOpen(x) ? "warn" : KINDS[x.state] ?? "", title: seen.join("\n") },
    WORDS[x.state] ?? x.state,
    halfOpen(x) ? h("small", {}, " no requests") : null);
}

// halfOpen says whether gossip sees a node alive to which requests cannot be sent.
const halfOpen = (x) => x.state === "alive" && !x.streams.available;

// streamFacts describes the streams of n to the node of x, a line for each fact.
function streamFacts(n, { node, streams }) {
  const facts = [streams.available
    ? `requests to ${node}: after ${millis(streams.wait_ms)} without an answer another node is asked`
    : `requests are not sent to ${node}: ${streams.foreground ? "it does not answer" : "there is no connection"}`];
  if (streams.queued_bytes || streams.unanswered_requests) facts.push(`${plural(streams.unanswered_requests, "request")} unanswered, ${bytes(streams.queued_bytes)} queued`);
  if (!streams.background && streams.foreground) facts.push("the background stream is not connected");
  if (streams.error) facts.push(`last failure, ${span((Date.now() - streams.error_ms) / 1000)} ago: ${streams.error}`);
  return facts;
}

function drawChanges(gossip) {
  const changes = gossip.changes ?? [];
  if (!changes.length) {
    put(part.changes, h("p", { class: "soft" }, "The ring has not changed since the nodes started. Change N, R or W, or add a node, and watch the change spread."));
    return;
  }
  chosen = Math.min(chosen, changes.length - 1);
  const buttons = h("div", { class: "buttons" }, changes.slice(0, 8).map((c, i) => h("button", { type: "button", "aria-pressed": String(i === chosen), onclick: () => { chosen = i; draw(gossip); } }, `v${c.version}`, h("small", { class: "soft" }, ` ${clockTime(Math.min(...c.seen.map((v) => v.at_ms))).slice(0, 8)}`))));
  const c = changes[chosen];
  const seen = [...c.seen].sort((a, b) => a.at_ms - b.at_ms);
  const first = seen[0]?.at_ms ?? 0;
  const lastSeen = seen.at(-1)?.at_ms ?? first;
  const round = gossip.gossip_interval_ms || 200;
  const rounds = Math.max(1, Math.ceil((lastSeen - first) / round));
  const x = (ms) => 20 + (400 * (ms - first)) / (rounds * round);
  const step = Math.ceil(rounds / 12);
  const grid = [];
  for (let i = 0; i <= rounds; i += step) grid.push(s("path", { class: "grid", d: `M${x(first + i * round)} 12V${22 + seen.length * 22}` }), s("text", { class: "tick", x: x(first + i * round), y: 9 }, i + step > rounds ? plural(i, "round") : i));
  const rows = seen.map((v, i) => s("g", { class: colour(v.node) },
    s("path", { class: "since", d: `M20 ${26 + i * 22}H${x(v.at_ms).toFixed(1)}` }),
    s("circle", { cx: x(v.at_ms).toFixed(1), cy: 26 + i * 22, r: 8 }), s("text", { class: "who", x: x(v.at_ms).toFixed(1), y: 30 + i * 22 }, initials(v.node))));
  put(part.changes, buttons, h("p", {}, `Ring version ${c.version} reached ${plural(seen.length, "node")} in ${millis(lastSeen - first)}: ${rounds > 1 ? `${rounds} rounds of gossip, ${millis(round)} each` : `within one round of gossip (${millis(round)})`}.`),
    s("svg", { class: "spread", viewBox: `0 0 450 ${34 + seen.length * 22}`, role: "img", "aria-label": seen.map((v) => `${v.node} after ${millis(v.at_ms - first)}`).join(", ") }, grid, rows));
}
