// Reads the event stream into the store. When the stream breaks, the page keeps its last
// picture, says so, and connects again until it succeeds.

import { api } from "./api.js";
import { assign } from "./colours.js";
import { slotOf } from "./hash.js";
import { MOST_LOAD, MOST_LOG, changed, remember, state, update } from "./store.js";
import { bytesOf, sameKey } from "./text.js";

const TIMEOUT = 6000; // ms without an event after which the stream counts as broken
const INTERVAL = 1500; // ms between attempts
const SAMPLE = 256; // the most keys that are drawn on the ring
const SEGMENTS = 64; // of the ring; each contributes its part of the sample

let source;
let received = Date.now();
let ringAsked = "";
let lastEvent = 0;

export function start() {
  open();
  setInterval(() => {
    if (Date.now() - received > TIMEOUT) lost();
    if (source.readyState === EventSource.CLOSED) open();
  }, INTERVAL);
  setInterval(sampleKeys, 30000);
}

function open() {
  source?.close();
  source = new EventSource("api/stream");
  source.addEventListener("cluster", (event) => takeCluster(JSON.parse(event.data)));
  source.addEventListener("load", (event) => {
    alive();
    remember("load", [JSON.parse(event.data)], MOST_LOAD);
  });
  source.addEventListener("log", (event) => {
    alive();
    takeEvents([JSON.parse(event.data)]);
  });
  source.addEventListener("error", lost);
}

function alive() {
  received = Date.now();
  if (state.link.state === "live") return;
  update("link", { state: "live", since: received });
  catchUp();
}

// lost keeps what is on the page. An EventSource that was cut off tries again by
// itself; one that hangs is replaced.
function lost() {
  if (Date.now() - received > TIMEOUT && source.readyState !== EventSource.CLOSED) {
    received = Date.now(); // the next attempt gets its time
    open();
  }
  if (state.link.state !== "lost") update("link", { state: "lost", since: Date.now() });
}

// catchUp fetches what the stream sent before this page was connected.
function catchUp() {
  ringAsked = "";
  api.events({ limit: 300 }).then((answer) => takeEvents(answer.events)).catch(() => {});
  sampleKeys();
}

function takeCluster(cluster) {
  alive();
  assign(cluster.nodes.map((n) => n.name));
  const first = !state.cluster;
  update("cluster", cluster);
  if (first) sampleKeys();
  const version = `${cluster.ring_version} ${cluster.in_transition} ${cluster.nodes.length}`;
  if (version !== ringAsked || !state.ring) {
    ringAsked = version;
    api.ring().then((ring) => update("ring", ring)).catch(() => { ringAsked = ""; });
  }
}

// takeEvents adds the events that are new, in the order of their time.
function takeEvents(events) {
  const known = new Set(state.log.map((e) => e.id));
  const fresh = events.filter((e) => !known.has(e.id));
  if (!fresh.length) return;
  fresh.sort((a, b) => a.time_ms - b.time_ms);
  const late = fresh[0].time_ms < lastEvent;
  lastEvent = Math.max(lastEvent, fresh.at(-1).time_ms);
  remember("log", fresh, MOST_LOG);
  if (late) state.log.sort((a, b) => a.time_ms - b.time_ms);
}

// sampleKeys takes some keys from all over the ring. A cursor is a place in the
// key space, the partition in its upper bits, so a scan can begin anywhere; where
// keys are few, a page reaches beyond its segment and the next ones are skipped.
async function sampleKeys() {
  if (document.hidden || state.link.state !== "live" || !state.cluster) return;
  const end = BigInt(state.cluster.partitions) << 32n;
  const segment = end / BigInt(SEGMENTS);
  const found = new Map();
  try {
    for (let at = 0n; at < end;) {
      const page = await api.keys({ cursor: at, count: SAMPLE / SEGMENTS });
      for (const k of page.keys.slice(0, 2 * SAMPLE / SEGMENTS)) found.set(sameKey(k.key, k.encoding), placed(k));
      if (page.cursor === "0") break;
      const onward = BigInt(page.cursor);
      const next = (at / segment + 1n) * segment;
      at = onward > next ? onward : next;
    }
    update("keys", [...found.values()].slice(0, SAMPLE));
  } catch {
    // the next round asks again
  }
}

const placed = (k) => ({ ...k, slot: slotOf(bytesOf(k.key, k.encoding)) });

// noteKey shows a key that was just written without waiting for the next sample.
export function noteKey(key, encoding) {
  if (state.keys.some((k) => sameKey(k.key, k.encoding) === sameKey(key, encoding))) return;
  state.keys.push(placed({ key, encoding }));
  if (state.keys.length > SAMPLE) state.keys.shift();
  changed("keys");
}
