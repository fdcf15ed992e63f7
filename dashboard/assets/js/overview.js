// The line at the top: the state of the cluster, and of this page's connection to it.

import { byId, h, put, say, set } from "./dom.js";
import { clockTime, list, plural, short } from "./format.js";
import { troublesOf } from "./nodetext.js";
import { isGone, on, state } from "./store.js";

export function start() {
  on("link", drawLink);
  on("cluster", draw);
  on("load", draw);
  drawLink();
}

function drawLink() {
  const { state: link, since } = state.link;
  const self = state.cluster?.self;
  set(byId("link"), "data-state", link);
  set(document.body, "data-link", link);
  say(byId("link"), link === "live" ? `live${self ? `, through ${self}` : ""}`
    : link === "lost" ? `${self ?? "The node"} does not answer since ${clockTime(since).slice(0, 8)}: this is the last picture. Trying again.`
      : "connecting");
}

function draw() {
  const { cluster } = state;
  if (!cluster) return;
  drawLink();
  const [text, kind] = health(cluster);
  say(byId("health"), text);
  set(byId("health"), "title", text);
  set(byId("health"), "class", `health ${kind}`);
  const tick = state.load.at(-1);
  const sum = (field) => tick?.nodes.reduce((all, n) => all + (n[field] ?? 0), 0);
  const fact = (name, value) => h("div", {}, h("dt", {}, name), h("dd", {}, value));
  const keys = cluster.nodes.reduce((all, n) => all + (n.keys ?? 0), 0);
  put(byId("facts"), fact("reads/s", short(sum("reads_s"))), fact("writes/s", short(sum("writes_s"))), fact("copies of keys", short(keys)),
    fact("hints", short(cluster.nodes.reduce((all, n) => all + (n.hints ?? 0), 0))), fact("ring", `v${cluster.ring_version}`));
}

// health describes the state of the cluster in a sentence.
export function health(cluster) {
  const gone = cluster.nodes.filter((n) => isGone(n.name)).map((n) => n.name);
  const cutLinks = (cluster.links ?? []).filter((l) => l.cut).length;
  const need = Math.max(cluster.effective?.r ?? cluster.r, cluster.effective?.w ?? cluster.w);
  if (cluster.nodes.length - gone.length < need) return [`${list(gone)} ${gone.length === 1 ? "does" : "do"} not answer: too few nodes are left for R and W.`, "bad"];
  if (gone.length) return [`${list(gone)} ${gone.length === 1 ? "does" : "do"} not answer. Fallbacks keep the writes; ${plural(cluster.nodes.length - gone.length, "node")} of ${cluster.nodes.length} serve.`, "warn"];
  const full = cluster.nodes.filter((n) => n.read_only).map((n) => n.name);
  if (full.length) return [`${list(full)} ${full.length === 1 ? "refuses" : "refuse"} writes: ${cluster.nodes.find((n) => n.read_only).read_only}`, "bad"];
  const wrong = cluster.nodes.find((n) => n.clock_off_ms);
  if (wrong) return [`${wrong.name} ${troublesOf(wrong).find((t) => t.includes("clock"))}: set it right.`, "bad"];
  const filling = cluster.nodes.filter((n) => n.refilling).map((n) => n.name);
  if (filling.length) return [`${list(filling)} ${filling.length === 1 ? "is" : "are"} being filled by the others.`, "warn"];
  if (cutLinks) return ["The network is cut on purpose: both sides keep taking writes.", "warn"];
  if (cluster.in_transition) return [`Partitions are moving${cluster.pending?.length ? `: ${cluster.pending.length} to go` : ""}.`, "accent"];
  const suspects = cluster.nodes.filter((n) => n.status === "suspect").map((n) => n.name);
  if (suspects.length) return [`${list(suspects)} ${suspects.length === 1 ? "has" : "have"} not answered lately.`, "warn"];
  return [`All ${plural(cluster.nodes.length, "node")} are up.`, ""];
}
