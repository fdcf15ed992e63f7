// The guided scenarios. Each step is a sentence and a button. run(lab) carries it out on
// the real cluster, checks its effect, and returns a sentence about the result; or {text,
// difference, leaves}, where two copies of a partition are shown beside it.

import { api } from "./api.js";
import { count, list, micros, plural } from "./format.js";
import { expect, notSelf, other, valuesOf } from "./lab.js";
import { grow, vacancy } from "./memberscenarios.js";
import { walkSentence } from "./ringtext.js";
import { merge } from "./siblings.js";
import { names, nodeNamed, state, zoned } from "./store.js";
import { lww, readRepair, sloppy } from "./timescenarios.js";
import { each, numbered } from "./undo.js";

// Sections of the Dynamo paper (DeCandia and others, SOSP 2007) that the steps cite.
export const PAPER = {
  2.3: "Design Considerations",
  4.2: "Partitioning Algorithm",
  4.3: "Replication",
  4.4: "Data Versioning",
  4.5: "Execution of get () and put () operations",
  4.6: "Handling Failures: Hinted Handoff",
  4.7: "Handling permanent failures: Replica synchronization",
  "4.8.1": "Ring Membership",
  4.9: "Adding/Removing Storage Nodes",
  5: "Implementation",
  6: "Experiences & Lessons Learned",
  6.2: "Ensuring Uniform Load distribution",
};

const replicate = {
  id: "replicate", title: "Replicate a write", about: "N copies, and an answer as soon as W are safe.",
  steps: [
    { say: "A key's hash says where it is stored: walk clockwise from its slot until N different nodes are met, in different zones where the nodes have zones.", paper: "4.2", button: "Find the place",
      async run(lab) {
        lab.mustBeWhole(1);
        return walkSentence(await lab.key("hello"), zoned());
      } },
    { say: "Write it. The coordinator sends the value to all N replicas at once, and answers after W of them have it on disk.", paper: "4.3", button: "Write",
      async run(lab) {
        const { trace, clock_text: clock } = await lab.put("hello, ring");
        expect(trace.got >= trace.need, "The quorum was not reached.");
        return `${trace.coordinator} coordinated; ${trace.need} answers were needed, and the client was answered after ${micros(trace.micros)}. The version's clock is ${clock}.`;
      } },
    { say: "Read it through another node: any node serves any key, because each knows the whole ring.", paper: "4.5", button: "Read elsewhere",
      async run(lab) {
        const via = other(state.cluster.self) ?? state.cluster.self;
        const answer = await lab.get({ via });
        expect(valuesOf(answer)[0] === "hello, ring", "The read did not find the value.");
        return `${via} took the request and answered “hello, ring”, as ${plural(answer.trace.got, "replica")} had it.`;
      } },
    { say: "Ask all N replicas: each should hold the same version.", paper: "4.5", button: "Ask all",
      async run(lab) {
        const n = lab.facts.primaries.length;
        const { trace } = await lab.get({ r: n });
        expect(trace.got >= n, "Not all replicas answered.");
        return `${list(lab.facts.primaries)} answered, all with the same version.`;
      } },
  ],
};

const handoff = {
  id: "handoff", title: "Kill a node", about: "A fallback takes its writes and delivers them later.", chaos: true,
  steps: [
    { say: "Choose a key, and one of its primaries to lose.", paper: "4.3", button: "Choose",
      async run(lab) {
        lab.mustBeWhole(4);
        await lab.key("handoff");
        lab.facts.victim = notSelf(lab.facts.primaries);
        return `${lab.facts.key} is stored on ${list(lab.facts.primaries)}; ${lab.facts.victim} is about to be killed.`;
      } },
    { say: "Kill it as a crash would: its sockets close without a message to the others.", paper: "4.8.1", button: "Kill",
      async run(lab) {
        await lab.kill(lab.facts.victim);
        return `${lab.facts.victim} does not answer, but is still a member of the ring: a crash moves no data.`;
      } },
    { say: "Write now. The next healthy node on the walk stands in for the dead one, and keeps a hint.", paper: "4.6", button: "Write",
      async run(lab) {
        const { trace } = await lab.put("written without you");
        const hint = trace.hints.find((x) => x.for === lab.facts.victim);
        expect(hint, "No fallback kept a hint.");
        lab.facts.holder = hint.holder;
        return `Acknowledged in ${micros(trace.micros)}. ${hint.holder} stands in, with a hint for ${hint.for}.`;
      } },
    { say: "Bring it back, from its own disk.", paper: "4.6", button: "Revive",
      async run(lab) {
        await lab.revive(lab.facts.victim);
        return `${lab.facts.victim} is up again.`;
      } },
    { say: "The fallback sees it alive, hands the hint over, and forgets it once it is acknowledged.", paper: "4.6", button: "Watch the handoff",
      async run(lab) {
        const { victim, holder, primaries } = lab.facts;
        await lab.until(() => names().every((n) => !(nodeNamed(n).hints_for?.[victim] > 0)), `the hints for ${victim} are delivered`);
        const answer = await lab.get({ r: primaries.length });
        expect(valuesOf(answer)[0] === "written without you", "The value is not there.");
        return `Delivered: ${holder} holds no hint any more, and ${list(primaries)} all have the write.`;
      } },
  ],
};

const conflict = {
  id: "conflict", title: "A cart in two worlds", about: "Write on both sides of a cut network, then merge.", chaos: true,
  steps: [
    { say: "A cart with a book in it.", paper: "4.4", button: "Fill the cart",
      async run(lab) {
        lab.mustBeWhole(4);
        await lab.keyOfTwoHalves("cart");
        const answer = await lab.put('["book"]');
        lab.facts.context = answer.context;
        return `Both shoppers see ["book"], version ${answer.clock_text}.`;
      } },
    { say: "Cut the network between two halves. Both go on taking writes: availability first.", paper: "2.3", button: "Cut",
      async run(lab) {
        const [a, b] = lab.facts.groups;
        await lab.split(lab.facts.groups);
        return `${list(a)} on this side, ${list(b)} on the other; no message passes between.`;
      } },
    { say: "On this side, a shopper adds a pen.", paper: "4.4", button: "Add a pen here",
      async run(lab) {
        const answer = await lab.until(() => lab.put('["book","pen"]', { via: lab.facts.groups[0][0], context: lab.facts.context }), "this side takes the write", 20000);
        return `Written on this side: version ${answer.dot_text}.`;
      } },
    { say: "On the other side, another adds a cup, having seen the same cart.", paper: "4.4", button: "Add a cup there",
      async run(lab) {
        const answer = await lab.until(() => lab.put('["book","cup"]', { via: lab.facts.groups[1][0], context: lab.facts.context }), "the other side takes the write", 20000);
        return `Written on the other side: version ${answer.dot_text}. Neither knows of the other.`;
      } },
    { say: "Heal the network.", paper: "4.7", button: "Heal",
      async run(lab) {
        await lab.heal();
        return "All nodes reach each other again.";
      } },
    { say: "Read the cart: neither write is lost, both values come back, side by side.", paper: "4.4", button: "Read",
      async run(lab) {
        const answer = await lab.until(async () => {
          const a = await lab.get();
          return a.siblings.length === 2 && a;
        }, "both values are read");
        lab.facts.answer = answer;
        return `${list(valuesOf(answer))}: two siblings, under the clock ${answer.clock_text}.`;
      } },
    { say: "Merge them, as the application would, and write the result with the context of both.", paper: "4.4", button: "Merge",
      async run(lab) {
        const { answer } = lab.facts;
        const written = await lab.put(merge(answer.siblings), { context: answer.context });
        const now = await lab.until(async () => {
          const a = await lab.get();
          return a.siblings.length === 1 && a;
        }, "one value is left");
        return `One cart again: ${valuesOf(now)[0]}, version ${written.dot_text}, which descends from both.`;
      } },
  ],
};

const KEYS = 200; // written to be lost

// differing returns the pairs of a node whose copies differ.
const differing = (tree, name) => tree.pairs.filter((p) => (p.a === name || p.b === name) && p.diverged.length);

// settled returns the number of keys of a node once it has stopped changing, else false.
async function settled(name) {
  const before = nodeNamed(name).keys;
  await new Promise((resolve) => setTimeout(resolve, 1500));
  return nodeNamed(name).keys === before && before;
}

const disk = {
  id: "disk", title: "Lose a disk", about: "Merkle trees find what is missing and restore it.", chaos: true,
  steps: [
    { say: `Write ${KEYS} keys, spread over the ring.`, paper: "4.3", button: "Write",
      async run(lab) {
        lab.mustBeWhole(4);
        lab.facts.victim = notSelf(names());
        lab.later({ kind: "keys", prefix: lab.many("disk"), count: KEYS });
        await each(numbered(lab.many("disk"), KEYS), (k) => api.write(k, "utf8", "precious"));
        const { victim } = lab.facts;
        lab.facts.before = await lab.until(() => settled(victim), `${victim} has counted its keys`);
        return `Written. ${victim} holds ${plural(lab.facts.before, "key")}.`;
      } },
    { say: "Kill a node, empty its disk as a failed drive would, and start it again with its links cut, so that nobody fills it yet.", paper: "4.7", button: "Lose the disk",
      async run(lab) {
        const { victim } = lab.facts;
        await lab.kill(victim);
        await lab.isolate(victim);
        await api.revive(victim, true);
        await lab.until(async () => differing(await api.merkle(), victim).length > 0, `${victim} shows its empty copies`);
        return `${victim} is back with an empty disk, in a new epoch, so that it never uses a version number twice. Its links are cut.`;
      } },
    { say: "Compare its Merkle trees with another's, from the root down: below a node that is equal nothing has to be compared.", paper: "4.7", button: "Compare",
      async run(lab) {
        const { victim } = lab.facts;
        const tree = await api.merkle();
        const pairs = differing(tree, victim);
        for (const pair of pairs) {
          for (const partition of pair.diverged) {
            const found = await api.leaves(partition, pair.a, pair.b);
            const key = found.leaves.flatMap((leaf) => leaf.keys).find((k) => k.key.startsWith(lab.many("disk")));
            if (!key) continue;
            return {
              text: `${plural(pair.diverged.length, "partition")} of ${pair.a} and ${pair.b} ${pair.diverged.length === 1 ? "differs" : "differ"}. In partition ${partition} the descent ends at ${key.key}, which ${victim} does not have any more.`,
              difference: found, leaves: tree.leaves,
            };
          }
        }
        throw new Error("No copy differs by a key of this scenario.");
      } },
    { say: "Heal the links. The others compare their copies with the empty ones, and send only what is missing.", paper: "4.7", button: "Heal, and sync",
      async run(lab) {
        const { victim, before } = lab.facts;
        await lab.heal();
        await lab.until(() => api.sync(), "the replicas are compared");
        await lab.until(() => (nodeNamed(victim).keys ?? 0) >= before, `${victim} holds ${plural(before, "key")} again`, 120000);
        return `${victim} holds ${plural(nodeNamed(victim).keys, "key")} again.`;
      } },
    { say: "Look at the cost: tree nodes compared, beside what comparing key by key would take.", paper: "4.7", button: "Compare",
      async run(lab) {
        const { victim } = lab.facts;
        const tree = await lab.until(async () => {
          const m = await api.merkle();
          return m.pairs.filter((p) => p.a === victim || p.b === victim).every((p) => p.diverged.length === 0) && m;
        }, "all replicas agree");
        await lab.until(() => !nodeNamed(victim).refilling, `${victim} answers for what it holds again`);
        const x = tree.exchanges;
        return `All of ${victim}'s replicas agree: one root settles a partition, however many keys it has. So far ${count(x.partitions_compared)} comparisons took ${count(x.nodes_compared)} tree nodes, and looked at ${count(x.keys_compared)} keys.`;
      } },
  ],
};

const stale = {
  id: "stale", title: "A stale read", about: "With R = W = 1 a read can miss a write.", chaos: true,
  steps: [
    { say: "Write a first version to all three replicas, then set R and W to 1: fast, and weak.", paper: "4.5", button: "Set R = W = 1",
      async run(lab) {
        lab.mustBeWhole(4);
        await lab.configure({ n: 3, r: 2, w: 3 });
        await lab.key("price", (p) => p.filter((x) => x.role === "primary").length === 3);
        await lab.put("10 €", { w: 3 });
        await lab.configure({ n: 3, r: 1, w: 1 });
        lab.facts.apart = notSelf(lab.facts.primaries);
        lab.facts.near = lab.facts.primaries.find((n) => n !== lab.facts.apart);
        return `All of ${list(lab.facts.primaries)} have “10 €”. R + W = 2 is not more than N = 3.`;
      } },
    { say: "Cut one replica off, and write a second version on the other side.", paper: "4.5", button: "Cut off, and write",
      async run(lab) {
        const { apart, near } = lab.facts;
        await lab.isolate(apart);
        const answer = await lab.until(() => lab.put("12 €", { via: near }), "the write is taken", 20000);
        return `${answer.trace.coordinator} acknowledged “12 €” after ${plural(answer.trace.need, "answer")}; ${apart} has not received it.`;
      } },
    { say: "Read with R = 1 through the replica that was cut off.", paper: "4.5", button: "Read there",
      async run(lab) {
        const answer = await lab.until(() => lab.get({ via: lab.facts.apart, r: 1 }), "the replica answers", 20000);
        expect(valuesOf(answer)[0] === "10 €", `It answered ${list(valuesOf(answer))}.`);
        return `Stale: ${lab.facts.apart} answers “10 €”, because with R = 1 it asks no other replica.`;
      } },
    { say: "Now R = W = 2: each read quorum shares a replica with each write quorum.", paper: "4.5", button: "Set R = W = 2",
      async run(lab) {
        await lab.heal();
        await lab.configure({ n: 3, r: 2, w: 2 });
        await lab.isolate(lab.facts.apart);
        const answer = await lab.until(() => lab.put("15 €", { via: lab.facts.near }), "the write is taken", 20000);
        return `R + W = 4 is more than N = 3. “15 €” is written while ${lab.facts.apart} is cut off again; ${answer.trace.got} answered.`;
      } },
    { say: "Read through the replica that was cut off, again.", paper: "4.5", button: "Read there",
      async run(lab) {
        try {
          const answer = await lab.get({ via: lab.facts.apart });
          expect(valuesOf(answer)[0] === "15 €", `It answered ${list(valuesOf(answer))}.`);
        } catch (error) {
          if (error.status !== 503) throw error;
        }
        const answer = await lab.get({ via: lab.facts.near });
        expect(valuesOf(answer)[0] === "15 €", `The others answered ${list(valuesOf(answer))}.`);
        return `${lab.facts.apart} finds no second replica, and refuses rather than answer an old price; ${lab.facts.near} answers “15 €”.`;
      } },
    { say: "Heal the links: every read finds the newest value.", paper: "5", button: "Heal, and read",
      async run(lab) {
        await lab.heal();
        const answer = await lab.until(() => lab.get({ via: lab.facts.apart }), "the replica answers", 20000);
        expect(valuesOf(answer)[0] === "15 €", `It answered ${list(valuesOf(answer))}.`);
        return `${lab.facts.apart} answers “15 €”${answer.trace.read_repairs?.length ? ", and stale copies were repaired on the way" : ""}.`;
      } },
  ],
};

export const SCENARIOS = [replicate, handoff, conflict, disk, stale, readRepair, sloppy, lww, grow, vacancy];
