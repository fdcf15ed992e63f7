"""redis-py against a running cluster: see cmd/quorate/e2e/matrix_scripts_test.go."""

import json
import logging
import sys
import threading
import time

import redis
from redis.backoff import ConstantBackoff
from redis.cluster import ClusterNode, RedisCluster
from redis.retry import Retry

logging.disable()  # the library tells each refusal
with open(sys.argv[1]) as f:
    task = json.load(f)
name = task["name"]

# Release 4.3 copies itself when it asks for the slots anew, and stumbles over its
# own locks.
RedisCluster.__deepcopy__ = lambda self, memo: self
failed = False


def fault(text):
    global failed
    failed = True
    print("FAULT", text, flush=True)


def connect():
    nodes = [addr.rsplit(":", 1) for addr in task["nodes"]]
    if task["cluster"]:
        return RedisCluster(
            startup_nodes=[ClusterNode(host, int(port)) for host, port in nodes],
            cluster_error_retry_attempts=5,
        )
    host, port = nodes[0]
    return redis.Redis(host=host, port=int(port), retry=Retry(ConstantBackoff(0.1), 3))


CONTAINERS = "ACL CLIENT CLUSTER COMMAND CONFIG DYNAMO LATENCY MEMORY MODULE OBJECT SLOWLOG".split()


# What the library's own methods say of the answers of GEORADIUS and the like, which its parser
# needs.
PLACES = dict(store=None, store_dist=None, withdist=False, withcoord=False, withhash=False)


def call(client, args, key=None):
    options = PLACES if args[0].startswith(("GEORADIUS", "GEOSEARCH")) else {}
    if args[0] in CONTAINERS and len(args) > 1:  # one name, to this library
        args = [" ".join(args[:2]), *args[2:]]
    if task["cluster"] and not key:
        return client.execute_command(*args, target_nodes=RedisCluster.RANDOM, **options)
    if task["cluster"]:  # by the key: the library does not know all commands
        node = client.get_node_from_key(key)
        return client.execute_command(*args, target_nodes=[node], **options)
    return client.execute_command(*args, **options)


def matrix(client):
    for sample in task["samples"]:
        error = None
        try:
            call(client, sample["args"], sample.get("key"))
        except redis.RedisError as e:
            error = str(e).removeprefix("ERR ")
        want = sample.get("error")
        if (error is None) != (want is None) or want and not error.startswith(want):
            fault(f"{sample['args']}: {error}, want {want}")

    every = bytes(range(256))
    key = name.encode() + every
    client.set(key, every)
    if client.get(key) != every:
        fault("a value of every byte comes back altered")
    value = b"0123456789abcde\n" * (task["large"] // 16)
    client.set(name + "large", value)
    if client.get(name + "large") != value:
        fault(f"a value of {task['large']} bytes comes back altered")
    client.delete(name + "large")

    pipe = client.pipeline() if task["cluster"] else client.pipeline(transaction=False)
    for i in range(task["pipelined"]):
        pipe.set(f"{name}p{i}", i)
    if not all(pipe.execute()):
        fault("a pipeline is not answered with OK")

    pairs = {f"{{{name}}}m{i}": i for i in range(task["many"])}
    client.mset(pairs)
    values = client.mget(list(pairs))
    if values != [str(i).encode() for i in range(task["many"])]:
        fault("MGET of many keys")
    found = set(client.scan_iter(match=f"{{{name}}}m*", count=1000))
    if found != {key.encode() for key in pairs}:
        fault(f"SCAN finds {len(found)} keys of {len(pairs)}")


def endure(client):
    """Goes on while nodes die and join, and says when all is well again."""
    state = {"told": "", "stop": False}

    def listen():
        for line in sys.stdin:
            state["told"] = line.strip()
        state["stop"] = True

    threading.Thread(target=listen, daemon=True).start()
    done = well = errors = 0
    waiting = False
    while not state["stop"]:
        told, state["told"] = state["told"], ""
        if told == "killed":
            waiting, well, errors = True, 0, 0
        elif told == "joined" and task["cluster"]:
            client.nodes_manager.initialize()  # by itself only after an error
        key = f"{name}e{done % 100}"
        try:
            client.set(key, done)
            if client.get(key) != str(done).encode():
                fault(f"{key} is not what was written")
            well += 1
        except redis.RedisError as e:
            well, errors = 0, errors + 1
            last = str(e)
        done += 1
        if done == 100:
            print("ready", flush=True)
        if waiting and well >= 100:
            waiting = False
            print("recovered", errors, flush=True)
            if errors:
                print("the last error:", last, flush=True)
        time.sleep(0.002)


client = connect()
endure(client) if task["endure"] else matrix(client)
print("FAILED" if failed else "PASSED", flush=True)
