// Puts the page together. Each module draws its own panel from the store.

import { api } from "./api.js";
import * as chaos from "./chaos.js";
import * as charts from "./charts.js";
import * as consolePanel from "./console.js";
import { byId } from "./dom.js";
import * as events from "./events.js";
import * as gossip from "./gossip.js";
import * as guide from "./guide.js";
import * as merkle from "./merkle.js";
import * as nodes from "./nodes.js";
import { attempt } from "./notice.js";
import * as operations from "./operations.js";
import * as overview from "./overview.js";
import * as policy from "./policy.js";
import * as problems from "./problems.js";
import * as quorum from "./quorum.js";
import * as replay from "./replay.js";
import * as ring from "./ring.js";
import * as ringwalk from "./ringwalk.js";
import { on, state, update } from "./store.js";
import { start as startStream } from "./stream.js";
import { addTabs, addViews, openTab } from "./tabs.js";
import { start as startTheme } from "./theme.js";
import * as timeline from "./timeline.js";

ring.start({ pickNode, pickKey: lookAt });
ringwalk.start();
replay.start();
overview.start();
problems.start();
chaos.start();
nodes.start();
quorum.start();
policy.start();
consolePanel.start();
addTabs([
  { id: "guide", label: "Guide", open: () => {} },
  { id: "timeline", label: "Timeline", open: timeline.refresh },
  { id: "merkle", label: "Merkle trees", open: merkle.refresh },
  { id: "gossip", label: "Gossip", open: gossip.refresh },
  { id: "operations", label: "Operations", open: operations.refresh },
  { id: "events", label: "Events", open: events.draw },
  { id: "charts", label: "Charts", open: charts.open },
]);
addViews();
openTab("guide");
for (const inside of [timeline, merkle, gossip, operations, events, charts, guide]) inside.start();
startTheme(charts.draw);
startStream();

// lookAt makes a key the one that the ring, the console and the timeline show.
async function lookAt(key, encoding = "utf8") {
  consolePanel.choose(key, encoding);
  byId("find-key").value = encoding === "utf8" ? key : "";
  replay.clear();
  const found = await attempt(() => api.locate(key, encoding));
  if (found) update("key", found);
}

// The walk keeps in step with the console, without disturbing the path.
let forgotten = 0; // times that the key was taken off the ring
document.addEventListener("operated", async (event) => {
  const { key, encoding } = event.detail;
  const before = forgotten;
  try {
    const found = await api.locate(key, encoding);
    if (forgotten === before) update("key", found);
  } catch {
    // the operation's own answer was shown; the walk stays as it was
  }
});

document.addEventListener("forget-key", () => {
  forgotten++;
  replay.clear();
  update("key", null);
  ring.rest("Point at any part of the ring, or move along it with the arrow keys.");
  byId("find-key").value = "";
});

byId("find").addEventListener("submit", (event) => {
  event.preventDefault();
  const key = byId("find-key").value;
  if (key) lookAt(key);
});

// A walk names who is alive: it is asked again when that changes.
let alive = "";
on("cluster", async () => {
  const now = state.cluster.nodes.map((n) => `${n.name}${n.alive}`).join();
  if (now === alive) return;
  alive = now;
  if (!state.key) return;
  try {
    update("key", await api.locate(state.key.key, state.key.encoding));
  } catch {
    alive = "";
  }
});

function pickNode(name) {
  const card = [...byId("cards").children].find((c) => c.dataset.node === name);
  card?.scrollIntoView({ block: "nearest" });
  for (const other of byId("cards").children) other.classList.toggle("picked", other === card && !other.classList.contains("picked"));
}
