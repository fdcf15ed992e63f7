import { Cluster, Redis } from "ioredis";
import { run, task } from "./matrix.mjs";

const nodes = task.nodes.map((addr) => {
  const [host, port] = addr.split(":");
  return { host, port: Number(port) };
});
const client = task.cluster
  ? new Cluster(nodes, { slotsRefreshInterval: 300, clusterRetryStrategy: () => 100 })
  : new Redis({ ...nodes[0], maxRetriesPerRequest: 50 });
client.on("error", () => {}); // requests tell

await run({
  call: ([command, ...args], key) => {
    // The cluster client finds the node by the table that it has of Redis's commands.
    if (!task.cluster || key !== undefined) return client.callBuffer(command, ...args);
    const any = client.nodes("master");
    return any[Math.floor(Math.random() * any.length)].callBuffer(command, ...args);
  },
  pipeline: async (list) => {
    const replies = await client.pipeline(list.map(([command, ...args]) => [command.toLowerCase(), ...args])).exec();
    return replies.map(([error, reply]) => error ?? reply);
  },
});
