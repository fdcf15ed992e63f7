// The state that the page shows, and the listeners for its changes.
// Topics: cluster, problems, ring, load, log, link, key (the key being looked at), trace,
// replay, keys (the sample of keys on the ring).

const listeners = new Map();
const due = new Set(); // listeners to be called, in order
let scheduled = false;

const BUDGET = 12; // ms of a frame that drawing may take

export const MOST_LOG = 1000; // lines of the event log that are kept
export const MOST_LOAD = 180; // seconds of load that are kept

export const state = {
  cluster: null, // the last GET /api/cluster
  ring: null, // the last GET /api/ring
  problems: [], // of the last GET /api/problems
  load: [], // load events, oldest first
  log: [], // log events, oldest first
  link: { state: "connecting", since: Date.now() }, // or live, lost
  key: null, // {key, encoding, slot, partition, preference_list, coordinator}
  trace: null, // the last trace, with its outcome
  replay: null, // {film, stop, playing, ended}: how far the replay of the last trace is
  keys: [], // [{key, encoding, slot}]
};

// on calls fn after topic changed, at most once a frame.
export function on(topic, fn) {
  if (!listeners.has(topic)) listeners.set(topic, []);
  listeners.get(topic).push(fn);
}

// changed notes that a topic has changed. Its listeners are called before the next
// frame, so that a burst of events is drawn once.
export function changed(topic) {
  for (const fn of listeners.get(topic) ?? []) due.add(fn);
  schedule();
}

function schedule() {
  if (scheduled || !due.size) return;
  scheduled = true;
  requestAnimationFrame(flush);
}

// flush calls listeners for BUDGET ms and leaves the rest to the next frame, so that
// the page responds to its user in between.
function flush() {
  scheduled = false;
  const end = performance.now() + BUDGET;
  try {
    for (const fn of due) {
      due.delete(fn);
      fn();
      if (performance.now() > end) break;
    }
  } finally {
    schedule();
  }
}

export function update(topic, value) {
  state[topic] = value;
  changed(topic);
}

// remember appends to a bounded history.
export function remember(topic, values, most) {
  const all = state[topic];
  all.push(...values);
  if (all.length > most) all.splice(0, all.length - most);
  changed(topic);
}

export const nodeNamed = (name) => state.cluster?.nodes.find((n) => n.name === name);

export const names = () => (state.cluster?.nodes ?? []).map((n) => n.name);

// zoned says that the nodes have zones, so that a walk may pass over nodes.
export const zoned = () => state.cluster?.nodes.some((n) => n.zone) ?? false;

// isGone says that a node does not answer.
export function isGone(name) {
  const n = nodeNamed(name);
  return !n || n.status === "down" || n.status === "killed" || n.status === "removing" && !n.alive;
}
