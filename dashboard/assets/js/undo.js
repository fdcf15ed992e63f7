// What a scenario has changed, and how each change is taken back. A change is data, so that
// a page that is loaded again in the middle of a scenario still knows it.

import { api } from "./api.js";
import { nodeNamed, state } from "./store.js";

export const TOUR = "tour:"; // begins the names of the scenarios' keys

const AT_ONCE = 16; // requests for keys that are under way together

// each calls act for all keys.
export async function each(keys, act) {
  for (let i = 0; i < keys.length; i += AT_ONCE) await Promise.all(keys.slice(i, i + AT_ONCE).map(act));
}

// numbered returns the keys of a scenario that writes many.
export const numbered = (prefix, count) => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

// what says what is done to take a change back; run does it, and resolves when it is done.
const CHANGES = {
  key: {
    what: () => "delete the scenario's key",
    async run(lab, { key }) {
      const now = await api.read(key, "utf8");
      if (now.context) await api.remove(key, "utf8", { context: now.context });
    },
  },
  keys: {
    what: () => "delete the scenario's keys",
    run: (lab, { prefix, count }) => each(numbered(prefix, count), (k) => api.remove(k, "utf8")),
  },
  quorum: {
    what: () => "N, R and W",
    run: (lab, { n, r, w }) => api.configure({ n, r, w }),
  },
  killed: {
    what: ({ name }) => `revive ${name}`,
    async run(lab, { name }) {
      if (nodeNamed(name)?.status === "killed") await api.revive(name);
      await lab.alive(name);
    },
  },
  links: {
    what: () => "heal the links",
    run: (lab) => lab.heal(),
  },
  held: {
    what: () => "release the hints",
    async run(lab) {
      await api.releaseHints();
      await lab.until(() => !state.cluster.nodes.some((n) => n.hints_held_since_ms), "the hints are released");
    },
  },
  paused: {
    what: () => "resume anti-entropy",
    async run(lab) {
      await api.resumeRepair();
      await lab.until(() => !state.cluster.nodes.some((n) => n.repair_paused_since_ms), "anti-entropy is resumed");
    },
  },
  clock: {
    what: ({ name }) => `set the clock of ${name} right`,
    run: (lab, { name }) => api.setClock(name, 0),
  },
  added: {
    what: ({ name }) => `let ${name} leave`,
    async run(lab, { name }) {
      if (!nodeNamed(name)) return;
      await api.dropNode(name, "leave");
      await lab.until(() => !nodeNamed(name), `${name} has left`, 120000);
    },
  },
};

export const whatOf = (change) => CHANGES[change.kind].what(change);
export const takeBack = (lab, change) => CHANGES[change.kind].run(lab, change);

const PAGE = 1000; // keys that are asked for at once

// reset makes a cluster whole after scenarios whose changes nobody knows any more, such as
// those of another browser: no fault is left on a link, no node is killed, no disk counts as full,
// hints are delivered, replicas are compared, clocks are right, and no key of a scenario is there.
// N, R and W stay.
export async function reset(lab) {
  await lab.heal();
  for (const n of state.cluster.nodes) {
    if (n.status === "killed") await api.revive(n.name);
    await api.setClock(n.name, 0);
  }
  for (const n of state.cluster.nodes) await lab.alive(n.name);
  for (const n of state.cluster.nodes) await api.setDisk(n.name, false);
  await api.releaseHints();
  await api.resumeRepair();
  for (let cursor = "0"; ;) {
    const page = await api.keys({ match: `${TOUR}*`, count: PAGE, cursor });
    await each(page.keys.map((k) => k.key).filter((k) => k.startsWith(TOUR)), (k) => api.remove(k, "utf8"));
    cursor = page.cursor;
    if (cursor === "0") return;
  }
}
