// The operations of scenarios. Each works on the real cluster, waits until its effect
// is visible, and registers how to undo it.

import { api } from "./api.js";
import { perform } from "./console.js";
import { health } from "./overview.js";
import { isGone, names, nodeNamed, state } from "./store.js";
import { TOUR, takeBack, whatOf } from "./undo.js";

const POLL = 300; // ms
const TIMEOUT = 60000; // ms that a change of the cluster may take

const LOAD_KEYS = 64;
const LOAD_PAUSE = 30; // ms

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Lab is one run of one scenario.
export class Lab {
  #changes; // what is to be put back, newest last
  #stopped = false;
  #onChange;
  facts; // what one step found, for the steps after it

  // saved is what save returned in a page that was loaded before this one. onChange is called
  // after each change of what is to be put back.
  constructor(saved, onChange) {
    this.facts = saved?.facts ?? { run: Math.random().toString(36).slice(2, 6) };
    this.#changes = saved?.changes ?? [];
    this.#onChange = onChange;
  }

  save() {
    return { facts: this.facts, changes: this.#changes };
  }

  // until calls probe() at intervals until it returns something true, and returns
  // that.
  async until(probe, what, timeout = TIMEOUT) {
    const end = performance.now() + timeout;
    for (let last; ;) {
      this.#mustGoOn();
      try {
        const value = await probe();
        if (value) return value;
      } catch (error) {
        last = error; // a node that is starting may refuse for a while
      }
      if (performance.now() > end) throw new Error(`Gave up after ${timeout / 1000} s of waiting until ${what}.${last ? ` ${last.message}` : ""}`);
      await pause(POLL);
    }
  }

  // later notes a change (see undo.js) that is to be taken back. It is called before the
  // change is made, so that a page that is loaded again in between knows of it.
  later(change) {
    this.#mustGoOn();
    this.#changes.push(change);
    this.#onChange();
  }

  // restore takes back all changes, newest first. It returns what was not possible, which
  // another call tries again.
  async restore() {
    const failures = [];
    const lab = new Lab(null, () => {}); // this one may be stopped
    for (const change of [...this.#changes].reverse()) {
      try {
        await takeBack(lab, change);
        this.#changes.splice(this.#changes.indexOf(change), 1);
        this.#onChange();
      } catch (error) {
        failures.push(`${whatOf(change)}: ${error.message}`);
      }
    }
    return failures;
  }

  // stop ends the step that is under way before it changes anything more.
  stop() {
    this.#stopped = true;
  }

  #mustGoOn() {
    if (this.#stopped) throw new Error("Stopped.");
  }

  get changed() {
    return this.#changes.length > 0;
  }

  // A scenario starts from a cluster that is whole.
  mustBeWhole(least = 3) {
    const [text, kind] = health(state.cluster);
    if (kind) throw new Error(`A scenario needs a cluster without faults or changes: ${text}`);
    if (names().length < least) throw new Error(`This scenario needs ${least} nodes or more.`);
  }

  // many begins the names of the keys of a scenario that writes many. No two runs share a key,
  // so that none finds what another left.
  many(name) {
    return `${TOUR}${name}:${this.facts.run}:`;
  }

  // keyOfTwoHalves divides the nodes into facts.groups, of which the first has the page's own node,
  // and chooses a key with a primary in each.
  async keyOfTwoHalves(name) {
    const all = [state.cluster.self, ...names().filter((n) => n !== state.cluster.self)];
    const half = Math.floor(all.length / 2);
    this.facts.groups = [all.slice(0, half), all.slice(half)];
    const on = (group, p) => p.some((x) => x.role === "primary" && group.includes(x.node));
    await this.key(name, (p) => this.facts.groups.every((g) => on(g, p)));
  }

  // key finds a key whose preference list suits, and returns its place on the ring.
  async key(name, suits = () => true) {
    for (let i = 0; i < 200; i++) {
      const key = `${TOUR}${name}:${this.facts.run}${i ? `:${i}` : ""}`;
      const place = await api.locate(key);
      if (!suits(place.preference_list)) continue;
      this.facts.key = key;
      this.facts.primaries = place.preference_list.filter((p) => p.role === "primary").map((p) => p.node);
      document.dispatchEvent(new CustomEvent("operated", { detail: { key, encoding: "utf8" } }));
      return place;
    }
    throw new Error("No key was found that suits this cluster.");
  }

  // put writes through the console, so that its path is seen on the ring.
  async put(value, query = {}) {
    const { key } = this.facts;
    this.#mustGoOn();
    if (!this.facts.written) {
      this.facts.written = true;
      this.later({ kind: "key", key });
    }
    return perform("put", key, "utf8", query, value, { strict: true });
  }

  get(query = {}) {
    return perform("get", this.facts.key, "utf8", query, undefined, { strict: true });
  }

  async configure(values) {
    const { n, r, w } = state.cluster;
    this.later({ kind: "quorum", n, r, w });
    const done = await api.configure(values);
    await this.until(() => Object.entries(values).every(([k, v]) => state.cluster[k] === v), "the setting is in force");
    return done;
  }

  async kill(name) {
    this.later({ kind: "killed", name });
    await api.kill(name);
    await this.until(() => isGone(name), `${name} is seen dead`);
  }

  async revive(name, loseDisk = false) {
    await api.revive(name, loseDisk);
    await this.alive(name);
  }

  // alive waits until a node is up.
  async alive(name) {
    await this.until(() => nodeNamed(name)?.status === "up", `${name} is up`);
  }

  async split(groups) {
    this.later({ kind: "links" });
    await api.split(groups);
    await this.until(() => state.cluster.links?.some((l) => l.cut), "the links are cut");
  }

  async isolate(name) {
    this.later({ kind: "links" });
    await api.isolate(name, "both");
    await this.until(() => state.cluster.links?.some((l) => l.cut && (l.from === name || l.to === name)), "the links are cut");
  }

  // holdHints keeps fallbacks from handing over what they keep for others.
  async holdHints() {
    this.later({ kind: "held" });
    await api.holdHints();
    await this.until(() => names().every((n) => isGone(n) || nodeNamed(n).hints_held_since_ms), "all nodes hold their hints");
  }

  async releaseHints() {
    await api.releaseHints();
    await this.until(() => names().every((n) => !nodeNamed(n).hints_held_since_ms), "the hints are released");
  }

  async pauseRepair() {
    this.later({ kind: "paused" });
    await api.pauseRepair();
    await this.until(() => names().every((n) => isGone(n) || nodeNamed(n).repair_paused_since_ms), "anti-entropy is paused");
  }

  // setClocks sets the clocks of nodes off, by ms.
  async setClocks(nodes, offset) {
    for (const name of nodes) {
      this.later({ kind: "clock", name });
      await api.setClock(name, offset);
    }
  }

  // underLoad writes and reads keys of the scenario all the time until action has ended.
  // facts.load counts what was done, and knows the newest value of each key that was
  // acknowledged.
  async underLoad(action) {
    const load = this.facts.load ??= { done: 0, refused: 0, newest: [] };
    const prefix = this.many("load");
    if (!load.newest.length) this.later({ kind: "keys", prefix, count: LOAD_KEYS });
    let on = true;
    const work = async () => {
      while (on) {
        const i = load.done++ % LOAD_KEYS;
        const value = load.done;
        try {
          await api.write(`${prefix}${i}`, "utf8", String(value));
          load.newest[i] = value;
          await api.read(`${prefix}${i}`, "utf8");
        } catch {
          load.refused++;
        }
        await pause(LOAD_PAUSE);
      }
    };
    const worker = work();
    try {
      return await action();
    } finally {
      on = false;
      await worker;
    }
  }

  async heal() {
    await api.heal();
    await this.until(() => !state.cluster.links?.some((l) => l.cut) && names().every((n) => ["up", "killed"].includes(nodeNamed(n).status)), "all nodes reach each other again");
  }
}

// valuesOf returns the live values of a read, as texts.
export const valuesOf = (answer) => (answer.siblings ?? []).filter((x) => !x.tombstone && !x.stripped).map((x) => x.value);

// expect throws unless a step had the effect that it promises.
export function expect(holds, otherwise) {
  if (!holds) throw new Error(otherwise);
}

export const other = (name) => names().find((n) => n !== name && nodeNamed(n).status === "up");
// notSelf returns the last of the nodes that is not this page's node.
export const notSelf = (nodes) => nodes.filter((n) => n !== state.cluster.self).at(-1);
