// The scenarios that change the members: nodes are added, leave, and are replaced.

import { api } from "./api.js";
import { count, list, plural } from "./format.js";
import { expect, notSelf, valuesOf } from "./lab.js";
import { names, nodeNamed, state } from "./store.js";
import { each } from "./undo.js";

export const grow = {
  id: "grow", title: "Add a node", about: "It claims its share; only those partitions move.", demo: true,
  steps: [
    { say: "Start a node. It claims an equal share of the tokens from those who have most.", paper: "6.2", button: "Add a node",
      async run(lab) {
        lab.mustBeWhole(1);
        lab.facts.owners = [...state.ring.owners];
        const { name } = await api.addNode();
        lab.facts.name = name;
        lab.later({ kind: "added", name });
        await lab.until(() => nodeNamed(name), `${name} is on the ring`);
        return `${name} is joining; the partitions that move to it are lit on the ring.`;
      } },
    { say: "Their owners copy them over, while reads and writes go on; then ownership flips.", paper: "4.9", button: "Watch them move",
      async run(lab) {
        const { name, owners } = lab.facts;
        await lab.until(() => nodeNamed(name)?.status === "up" && !state.cluster.in_transition && state.ring.owners.includes(name), `${name} has its share`, 120000);
        const now = state.ring.owners;
        const moved = now.filter((o, i) => o !== owners[i]);
        expect(moved.length > 0, "Nothing moved.");
        const toNew = moved.filter((o) => o === name).length;
        return `${name} owns ${toNew} of ${now.length} tokens; ${moved.length === toNew ? "nothing else moved" : `${moved.length - toNew} others moved`}: about 1/${names().length} of the ring.`;
      } },
    { say: "Let it leave again: it hands its partitions back before it goes.", paper: "4.9", button: "Let it leave",
      async run(lab) {
        const { name } = lab.facts;
        await api.dropNode(name, "leave");
        await lab.until(() => !nodeNamed(name) && !state.cluster.in_transition, `${name} has left`, 120000);
        return `${name} has left, and the ring is as before.`;
      } },
  ],
};

// loadSentence tells how requests fared meanwhile.
const loadSentence = ({ done, refused }) => `${plural(done, "write")} and as many reads so far, ${refused ? `${count(refused)} of them refused` : "none refused"}.`;

export const vacancy = {
  id: "vacancy", title: "Leave and replace under load", about: "Nodes come and go while clients go on.", chaos: true, demo: true,
  steps: [
    { say: "Add a node, while a client writes and reads all the time.", paper: "4.9", button: "Add a node",
      async run(lab) {
        lab.mustBeWhole(4);
        const { name } = await api.addNode();
        lab.facts.name = name;
        lab.later({ kind: "added", name });
        await lab.underLoad(() => lab.until(() => nodeNamed(name)?.status === "up" && !state.cluster.in_transition && state.ring.owners.includes(name), `${name} has its share`, 120000));
        return `${name} has its share. ${loadSentence(lab.facts.load)}`;
      } },
    { say: "Let it leave: it hands its partitions over before it goes, and clients notice nothing.", paper: "4.9", button: "Let it leave",
      async run(lab) {
        const { name } = lab.facts;
        await lab.underLoad(async () => {
          await api.dropNode(name, "leave");
          await lab.until(() => !nodeNamed(name) && !state.cluster.in_transition, `${name} has left`, 120000);
        });
        return `${name} has left. ${loadSentence(lab.facts.load)}`;
      } },
    { say: "Kill a node, and declare its place vacant: it is not coming back.", paper: "4.8.1", button: "Kill, and replace",
      async run(lab) {
        lab.facts.victim = notSelf(names());
        const { victim } = lab.facts;
        await lab.underLoad(async () => {
          await lab.kill(victim);
          await lab.until(() => api.replaceNode(victim), `the place of ${victim} is vacant`, 30000);
        });
        return `A fresh node may take the place of ${victim}; until then fallbacks stand in. ${loadSentence(lab.facts.load)}`;
      } },
    { say: "Start a fresh node in its place, with an empty disk. It takes over the tokens; nothing else moves, and the others fill it.", paper: "4.7", button: "Start a fresh one",
      async run(lab) {
        const { victim } = lab.facts;
        await lab.underLoad(async () => {
          await lab.revive(victim, true);
          await lab.until(() => !nodeNamed(victim).refilling && !nodeNamed(victim).vacant && !nodeNamed(victim).hints, `${victim} is filled`, 120000);
        });
        return `${victim} is whole again, with ${plural(nodeNamed(victim).keys, "key")}. ${loadSentence(lab.facts.load)}`;
      } },
    { say: "Read every key back: each must hold the newest value that was acknowledged, or a later one.", paper: "4.5", button: "Read all",
      async run(lab) {
        const { newest, done, refused } = lab.facts.load;
        const lost = [];
        await each(newest.map((value, i) => ({ key: `${lab.many("load")}${i}`, value })).filter((x) => x.value), async ({ key, value }) => {
          const answer = await api.read(key, "utf8");
          if (!valuesOf(answer).some((v) => Number(v) >= value)) lost.push(key);
        });
        expect(!lost.length, `Lost: ${list(lost)}.`);
        return `${plural(newest.filter(Boolean).length, "key")} hold what was acknowledged, after ${plural(done, "write")}${refused ? `, ${count(refused)} of them refused` : ""}.`;
      } },
  ],
};
