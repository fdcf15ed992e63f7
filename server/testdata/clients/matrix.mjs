// What the client matrix asks of a JavaScript library; see
// cmd/quorate/e2e/matrix_scripts_test.go. A library is given as
//   call(args, key)   one command, to the slot of key, or anywhere
//   pipeline(list)    many commands at once; resolves to their replies
//   joined()          a node has joined: ask for the slots, if not by itself
//   close()
// Replies to call are Buffers where Redis has bulk strings.

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

export const task = JSON.parse(readFileSync(process.argv[2]));
const { name } = task;
let failed = false;

function fault(text) {
  failed = true;
  console.log("FAULT", text);
}

const text = (reply) => (Buffer.isBuffer(reply) ? reply.toString() : String(reply));
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function matrix(library) {
  for (const sample of task.samples) {
    let error;
    try {
      await library.call(sample.args, sample.key);
    } catch (e) {
      error = e.message.replace(/^ERR /, "");
    }
    if (sample.error ? !error?.startsWith(sample.error) : error !== undefined) {
      fault(`${sample.args.join(" ")}: ${error}, want ${sample.error}`);
    }
  }

  const every = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
  const key = Buffer.concat([Buffer.from(name), every]);
  await library.call(["SET", key, every], key);
  if (!every.equals(await library.call(["GET", key], key))) fault("a value of every byte comes back altered");

  const value = Buffer.alloc(task.large, "0123456789abcde\n");
  await library.call(["SET", name + "large", value], name + "large");
  if (!value.equals(await library.call(["GET", name + "large"], name + "large"))) {
    fault(`a value of ${task.large} bytes comes back altered`);
  }
  await library.call(["DEL", name + "large"], name + "large");

  const commands = Array.from({ length: task.pipelined }, (_, i) => ["SET", `{${name}}p${i}`, String(i)]);
  const replies = await library.pipeline(commands, `{${name}}`);
  if (replies.length !== commands.length || replies.some((reply) => text(reply) !== "OK")) {
    fault(`a pipeline of ${commands.length} is answered ${replies.slice(0, 3)}`);
  }

  // In many slots: the libraries go by the first key, and any node serves them all.
  const keys = Array.from({ length: task.many }, (_, i) => `${name}m${i}`);
  await library.call(["MSET", ...keys.flatMap((key, i) => [key, String(i)])], keys[0]);
  const values = await library.call(["MGET", ...keys], keys[0]);
  if (values.length !== keys.length || values.some((value, i) => text(value) !== String(i))) fault("MGET of many keys");
  const found = new Set();
  let cursor = "0";
  do {
    const page = await library.call(["SCAN", cursor, "MATCH", `${name}m*`, "COUNT", "1000"]);
    cursor = text(page[0]);
    page[1].forEach((key) => found.add(text(key)));
  } while (cursor !== "0");
  if (found.size !== keys.length) fault(`SCAN finds ${found.size} keys of ${keys.length}`);
}

// endure goes on while nodes die and join, and says when all is well again.
async function endure(library) {
  let stop = false, told = "", waiting = false;
  const input = createInterface({ input: process.stdin });
  input.on("line", (line) => (told = line.trim()));
  input.on("close", () => (stop = true));
  let well = 0, errors = 0, last = "";
  for (let done = 1; !stop; done++) {
    if (told === "killed") [waiting, well, errors] = [true, 0, 0];
    if (told === "joined") await library.joined?.();
    told = "";
    const key = `${name}e${done % 100}`;
    try {
      await library.call(["SET", key, String(done)], key);
      const got = text(await library.call(["GET", key], key));
      if (got !== String(done)) fault(`${key} is ${got}, not ${done}`);
      well++;
    } catch (e) {
      [well, errors, last] = [0, errors + 1, e.message];
    }
    if (done === 100) console.log("ready");
    if (waiting && well >= 100) {
      waiting = false;
      console.log("recovered", errors);
      if (errors > 0) console.log("the last error:", last);
    }
    await pause(2);
  }
}

export async function run(library) {
  await (task.endure ? endure(library) : matrix(library));
  console.log(failed ? "FAILED" : "PASSED");
  process.exit(0);
}
