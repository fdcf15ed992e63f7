// The admin REST: one function for each route. A refused request throws an ApiError with
// the server's text; a request without an answer throws one, too.

import { inPath } from "./text.js";

const TIMEOUT = 20000; // ms; the slowest route waits for all nodes

class ApiError extends Error {
  constructor(message, status, body) {
    super(message);
    this.status = status; // 0: no answer
    this.body = body ?? {};
  }
}

async function call(method, path, { body, query, raw, allow = [] } = {}) {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== null) search.set(name, value);
  }
  const url = search.size ? `${path}?${search}` : path;
  const request = { method, signal: AbortSignal.timeout(TIMEOUT), headers: {} };
  if (raw !== undefined) request.body = raw;
  else if (body !== undefined) {
    request.body = JSON.stringify(body);
    request.headers["Content-Type"] = "application/json";
  }
  let response;
  let answer;
  try {
    response = await fetch(url, request);
    answer = await response.json();
  } catch (error) {
    if (response && error instanceof SyntaxError) throw new ApiError(`${method} ${path}: ${response.status}, and no JSON`, response.status);
    const why = error.name === "TimeoutError" ? "no answer in time" : "the node does not answer";
    throw new ApiError(`${method} ${path}: ${why}`, 0);
  }
  if (!response.ok && !allow.includes(response.status)) {
    throw new ApiError(answer.error ?? `${method} ${path}: ${response.status}`, response.status, answer);
  }
  return answer;
}

const get = (path, query) => call("GET", path, { query });
const post = (path, body = {}) => call("POST", path, { body });
const node = (name) => `api/nodes/${encodeURIComponent(name)}`;

export const api = {
  cluster: () => get("api/cluster"),
  configure: (values) => post("api/cluster/config", values),
  settings: () => get("api/settings"),
  setSetting: (name, value) => call("PUT", `api/settings/${encodeURIComponent(name)}`, { body: { value } }),
  operations: () => get("api/operations"),
  cancel: (id) => call("DELETE", `api/operations/${encodeURIComponent(id)}`),

  addNode: (adminAddr) => post("api/nodes", adminAddr ? { admin_addr: adminAddr } : {}),
  dropNode: (name, how) => call("DELETE", node(name), { query: { how } }),
  replaceNode: (name) => post(`${node(name)}/replace`),
  kill: (name) => post(`${node(name)}/kill`),
  revive: (name, loseDisk = false) => post(`${node(name)}/revive`, { lose_disk: loseDisk }),
  isolate: (name, direction, from) => post(`${node(name)}/partition`, { direction, from }),
  slow: (name, how) => post(`${node(name)}/slow`, how),
  setClock: (name, offset) => post(`${node(name)}/clock`, { offset_ms: offset }),
  setDisk: (name, full) => post(`${node(name)}/disk`, { full }),
  holdHints: () => post("api/hints/hold"),
  releaseHints: () => post("api/hints/release"),
  pauseRepair: () => post("api/repair/pause"),
  resumeRepair: () => post("api/repair/resume"),
  heal: (name) => post(name ? `${node(name)}/heal` : "api/heal"),
  split: (groups) => post("api/partition", { groups }),

  ring: () => get("api/ring"),
  locate: (key, encoding) => get(`api/ring/key/${inPath(key, encoding)}`),

  keys: (query) => get("api/data", query),
  // A missing key is an answer too: found is false.
  read: (key, encoding, query) => call("GET", `api/data/${inPath(key, encoding)}`, { query, allow: [404] }),
  write: (key, encoding, value, query) => call("PUT", `api/data/${inPath(key, encoding)}`, { query, raw: value }),
  remove: (key, encoding, query) => call("DELETE", `api/data/${inPath(key, encoding)}`, { query }),
  versions: (key, encoding) => get(`api/versions/${inPath(key, encoding)}`),

  problems: () => get("api/problems"),
  merkle: () => get("api/merkle"),
  leaves: async (partition, a, b) => ({ ...await get(`api/merkle/${partition}`, { a, b }), asked_ms: Date.now() }),
  sync: () => post("api/merkle/sync"),
  history: () => get("api/history"),
  gossip: () => get("api/gossip"),
  events: (query) => get("api/events", query),
};
