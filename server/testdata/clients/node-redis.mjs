import { createClient, createCluster, RESP_TYPES } from "redis";
import { run, task } from "./matrix.mjs";

const urls = task.nodes.map((addr) => `redis://${addr}`);
const asBuffers = { [RESP_TYPES.BLOB_STRING]: Buffer };
const socket = { reconnectStrategy: () => 50 };
const client = task.cluster
  ? createCluster({
      rootNodes: urls.map((url) => ({ url })),
      RESP: task.resp,
      defaults: { socket },
      topologyRefreshOnReconnectionAttemptStrategy: 200,
    })
  : createClient({ url: urls[0], RESP: task.resp, socket });
client.on("error", () => {}); // requests tell
await client.connect();

const typed = client.withTypeMapping(asBuffers);
const call = task.cluster
  ? (args, key) => typed.sendCommand(key, false, args)
  : (args) => typed.sendCommand(args);
await run({
  call,
  pipeline: (list, tag) => Promise.all(list.map((args) => call(args, tag))),
});
