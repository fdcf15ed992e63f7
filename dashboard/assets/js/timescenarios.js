// The scenarios that control time: they hold hints, pause anti-entropy, or set clocks off.

import { list, plural } from "./format.js";
import { expect, notSelf, valuesOf } from "./lab.js";
import { isGone, state } from "./store.js";

export const readRepair = {
  id: "repair", title: "Read repair", about: "A read finds an old copy and brings it up to date.", chaos: true,
  steps: [
    { say: "Write a key to all of its replicas.", paper: "4.5", button: "Write",
      async run(lab) {
        lab.mustBeWhole(4);
        await lab.key("repair");
        const { primaries } = lab.facts;
        await lab.put("old", { w: primaries.length });
        lab.facts.apart = notSelf(primaries);
        lab.facts.near = primaries.find((n) => n !== lab.facts.apart);
        return `All of ${list(primaries)} have “old”.`;
      } },
    { say: "Hold the hints and pause anti-entropy on all nodes, so that nothing but a read can repair a copy.", paper: "4.7", button: "Hold and pause",
      async run(lab) {
        await lab.holdHints();
        await lab.pauseRepair();
        return "Fallbacks keep what they hold, and no replicas are compared.";
      } },
    { say: "Cut one replica off, write a new value, and heal the links again.", paper: "4.6", button: "Cut, write, heal",
      async run(lab) {
        const { apart, near } = lab.facts;
        await lab.isolate(apart);
        await lab.until(() => isGone(apart), `${apart} is seen to be down, so that nothing is sent to it`);
        await lab.until(() => lab.put("new", { via: near }), "the write is taken", 20000);
        await lab.heal();
        return `“new” is written, and ${apart} is reached again. Nobody has told it.`;
      } },
    { say: "Ask that replica alone: its copy is old.", paper: "4.5", button: "Read its copy",
      async run(lab) {
        const { apart } = lab.facts;
        const answer = await lab.until(() => lab.get({ via: apart, r: 1 }), "the replica answers", 20000);
        expect(valuesOf(answer)[0] === "old", `It answered ${list(valuesOf(answer))}.`);
        return `${apart} still answers “old”.`;
      } },
    { say: "Now read from all replicas. The coordinator compares their versions, answers with the newest, and sends it to those that are behind.", paper: "5", button: "Read from all",
      async run(lab) {
        const { apart, near, primaries } = lab.facts;
        const answer = await lab.get({ via: near, r: primaries.length });
        expect(valuesOf(answer)[0] === "new", `It answered ${list(valuesOf(answer))}.`);
        expect(answer.trace.read_repairs?.includes(apart), `${apart} was not repaired.`);
        return `“new”; ${apart} was behind, and gets it from ${answer.trace.coordinator}.`;
      } },
    { say: "Ask that replica alone once more.", paper: "5", button: "Read its copy",
      async run(lab) {
        const { apart } = lab.facts;
        await lab.until(async () => valuesOf(await lab.get({ via: apart, r: 1 }))[0] === "new", "the copy is repaired", 20000);
        return `${apart} has “new”, though its hint is still held and no trees were compared.`;
      } },
  ],
};

export const sloppy = {
  id: "sloppy", title: "A sloppy quorum", about: "Fallbacks break what R + W > N promises.", chaos: true,
  steps: [
    { say: "Write a key to its three replicas, with R = W = 2: R + W = 4 is more than N = 3.", paper: "4.5", button: "Write",
      async run(lab) {
        lab.mustBeWhole(5);
        await lab.configure({ n: 3, r: 2, w: 2 });
        await lab.key("sloppy", (p) => !p.some((x) => x.role === "primary" && x.node === state.cluster.self));
        await lab.put("old", { w: 3 });
        return `All of ${list(lab.facts.primaries)} have “old”.`;
      } },
    { say: "Hold the hints: what fallbacks keep for others is not handed over for now.", paper: "4.6", button: "Hold hints",
      async run(lab) {
        await lab.holdHints();
        return "All nodes hold their hints, as if the network were busy.";
      } },
    { say: "Kill two of the three, and write. The quorum of W = 2 is met by one replica and a fallback.", paper: "4.6", button: "Kill two, and write",
      async run(lab) {
        const [, ...others] = lab.facts.primaries;
        for (const name of others) await lab.kill(name);
        const { trace } = await lab.put("new");
        expect(trace.hints.length > 0, "No fallback kept a hint.");
        return `Acknowledged by ${plural(trace.got, "node")}: ${trace.hints.map((x) => `${x.holder} stands in for ${x.for}`).join(", ")}.`;
      } },
    { say: "Kill the one replica that has the write, and bring the two others back.", paper: "4.6", button: "Kill one, revive two",
      async run(lab) {
        const [first, ...others] = lab.facts.primaries;
        await lab.kill(first);
        for (const name of others) await lab.revive(name);
        return `${list(others)} are back, and have “old”; “new” is on ${first}, which is dead, and in the hints.`;
      } },
    { say: "Read with R = 2.", paper: "4.5", button: "Read",
      async run(lab) {
        const [first, ...others] = lab.facts.primaries;
        const answer = await lab.until(() => lab.get({ r: 2 }), "two replicas answer", 20000);
        expect(valuesOf(answer)[0] === "old", `It answered ${list(valuesOf(answer))}.`);
        return `Stale, though R + W > N: the read asked ${list(others)}, and the write was on ${first} and a stand-in. The two quorums share no node.`;
      } },
    { say: "Release the hints: the fallbacks hand over what they keep.", paper: "4.6", button: "Release, and read",
      async run(lab) {
        await lab.releaseHints();
        await lab.until(async () => valuesOf(await lab.get({ r: 2 }))[0] === "new", "the write has arrived", 30000);
        return "“new”: with the hints delivered, every read quorum meets the write again.";
      } },
  ],
};

const AHEAD = 20; // seconds

export const lww = {
  id: "lww", title: "The last write loses", about: "A wrong clock hides a write; contexts do not.", chaos: true,
  steps: [
    { say: "A note with a first version on all replicas.", paper: "4.4", button: "Write",
      async run(lab) {
        lab.mustBeWhole(4);
        await lab.keyOfTwoHalves("note");
        const answer = await lab.put("draft", { w: lab.facts.primaries.length });
        lab.facts.context = answer.context;
        return `Everybody sees “draft”, version ${answer.clock_text}.`;
      } },
    { say: `Set the clocks of one half ${AHEAD} seconds ahead, and cut the network between the halves.`, paper: "2.3", button: "Set off, and cut",
      async run(lab) {
        const [a, b] = lab.facts.groups;
        await lab.setClocks(a, AHEAD * 1000);
        await lab.split(lab.facts.groups);
        return `${list(a)} are ${AHEAD} s ahead of ${list(b)}. No message passes between.`;
      } },
    { say: "The half whose clocks are ahead writes first.", paper: "4.4", button: "Write first",
      async run(lab) {
        const answer = await lab.until(() => lab.put("first", { via: lab.facts.groups[0][0], context: lab.facts.context }), "this side takes the write", 20000);
        return `“first”, version ${answer.dot_text}.`;
      } },
    { say: "The other half writes after that.", paper: "4.4", button: "Write second",
      async run(lab) {
        const answer = await lab.until(() => lab.put("second", { via: lab.facts.groups[1][0], context: lab.facts.context }), "the other side takes the write", 20000);
        return `“second”, version ${answer.dot_text}: it is the last write.`;
      } },
    { say: "Set the clocks right, heal the network, and read as a client does that knows no contexts: it gets the value with the latest timestamp.", paper: "6", button: "Heal, and read",
      async run(lab) {
        await lab.setClocks(lab.facts.groups[0], 0);
        await lab.heal();
        const answer = await lab.until(async () => {
          const a = await lab.get();
          return a.siblings.length === 2 && a;
        }, "both values are read");
        expect(answer.resolved?.value === "first", `A plain read shows ${answer.resolved?.value ?? "none of them"}: the conflict policy is not lww.`);
        lab.facts.answer = answer;
        return "“first”: the last write has the older timestamp, because the clocks were wrong. Last-write-wins has hidden it.";
      } },
    { say: "Read with the context: the version vectors know that neither write replaced the other, so both are kept. Merge them.", paper: "4.4", button: "Read both, and merge",
      async run(lab) {
        const { answer } = lab.facts;
        const both = valuesOf(answer);
        expect(both.includes("first") && both.includes("second"), `The values are ${list(both)}.`);
        const written = await lab.put("first and second", { context: answer.context });
        await lab.until(async () => (await lab.get()).siblings.length === 1, "one value is left");
        return `${list(both.map((v) => `“${v}”`))} were both there, under ${answer.clock_text}. Merged as version ${written.dot_text}: no clock was asked.`;
      } },
  ],
};
