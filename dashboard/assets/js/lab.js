// The operations of scenarios. Each works on the real cluster, waits until its effect
// is visible, and registers how to undo it.

import { api } from "./api.js";
import { perform } from "./console.js";
import { health } from "./overview.js";
import { isGone, names, nodeNamed, state } from "./store.js";

const POLL = 300; // ms
const TIMEOUT = 60000; // ms that a change of the cluster may take

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Lab is one run of one scenario.
export class Lab {
  #undo = []; // [{what, run}], newest last
  #stopped = false;
  facts = {}; // what one step found, for the steps after it

  // until calls probe() at intervals until it returns something true, and returns
  // that.
  async until(probe, what, timeout = TIMEOUT) {
    const end = performance.now() + timeout;
    for (let last; ;) {
      if (this.#stopped) throw new Error("Stopped.");
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

  // later registers how to take something back.
  later(what, run) {
    this.#undo.push({ what, run });
  }

  // restore takes back everything, newest first, and returns what was not
  // possible.
  async restore() {
    const failures = [];
    while (this.#undo.length) {
      const { what, run } = this.#undo.pop();
      try {
        await run();
      } catch (error) {
        failures.push(`${what}: ${error.message}`);
      }
    }
    return failures;
  }

  stop() {
    this.#stopped = true;
  }

  get changed() {
    return this.#undo.length > 0;
  }

  // A scenario starts from a cluster that is whole.
  mustBeWhole(least = 3) {
    const [text, kind] = health(state.cluster);
    if (kind) throw new Error(`A scenario needs a cluster without faults or changes: ${text}`);
    if (names().length < least) throw new Error(`This scenario needs ${least} nodes or more.`);
  }

  // key finds a key whose preference list suits, and returns its place on the ring.
  async key(name, suits = () => true) {
    for (let i = 0; i < 200; i++) {
      const key = i ? `tour:${name}:${i}` : `tour:${name}`;
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
    if (!this.facts.written) {
      this.facts.written = true;
      this.later("delete the scenario's key", async () => {
        const now = await api.read(key, "utf8");
        if (now.context) await api.remove(key, "utf8", { context: now.context });
      });
    }
    return perform("put", key, "utf8", query, value, { strict: true });
  }

  get(query = {}) {
    return perform("get", this.facts.key, "utf8", query, undefined, { strict: true });
  }

  async configure(values) {
    const { n, r, w } = state.cluster;
    const done = await api.configure(values);
    this.later("N, R and W", () => api.configure({ n, r, w }));
    await this.until(() => Object.entries(values).every(([k, v]) => state.cluster[k] === v), "the setting is in force");
    return done;
  }

  async kill(name) {
    await api.kill(name);
    this.later(`revive ${name}`, async () => {
      if (nodeNamed(name)?.status === "killed") await api.revive(name);
      await this.#alive(name);
    });
    await this.until(() => isGone(name), `${name} is seen dead`);
  }

  async revive(name, loseDisk = false) {
    await api.revive(name, loseDisk);
    await this.#alive(name);
  }

  async #alive(name) {
    this.#stopped = false;
    await this.until(() => nodeNamed(name)?.status === "up", `${name} is up`);
  }

  async split(groups) {
    await api.split(groups);
    this.later("heal the links", () => this.heal());
    await this.until(() => state.cluster.links?.some((l) => l.cut), "the links are cut");
  }

  async isolate(name) {
    await api.isolate(name, "both");
    this.later("heal the links", () => this.heal());
    await this.until(() => state.cluster.links?.some((l) => l.cut && (l.from === name || l.to === name)), "the links are cut");
  }

  async heal() {
    this.#stopped = false;
    await api.heal();
    await this.until(() => !state.cluster.links?.some((l) => l.cut) && names().every((n) => nodeNamed(n).status === "up"), "all nodes reach each other again");
  }
}

// valuesOf returns the live values of a read, as texts.
export const valuesOf = (answer) => (answer.siblings ?? []).filter((x) => !x.tombstone && !x.stripped).map((x) => x.value);
