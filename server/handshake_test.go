package server

import (
	"fmt"
	"strings"
	"testing"
)

// What tools send by themselves: none of it may fail, in neither protocol.
var handshakes = map[string][]string{
	"redis_exporter": {
		"CLIENT SETNAME redis_exporter", "CONFIG GET *", "INFO ALL", "INFO", "CLUSTER INFO", "LATENCY LATEST", "LATENCY HISTOGRAM",
		"SLOWLOG LEN", "SLOWLOG GET 1", "CLIENT LIST", "MODULE LIST", "CONFIG GET databases",
	},
	"RedisInsight": {
		"CLIENT SETINFO LIB-NAME node-redis", "INFO", "CLUSTER INFO", "COMMAND", "MODULE LIST", "CONFIG GET databases", "DBSIZE",
		"SCAN 0 COUNT 10000", "TYPE key", "TTL key", "MEMORY USAGE key SAMPLES 0", "STRLEN key", "SLOWLOG GET 50", "CLIENT LIST",
		"ACL WHOAMI", "CLUSTER NODES", "CONFIG GET slowlog*", "CONFIG SET slowlog-log-slower-than 10000",
	},
	"redis-cli":       {"COMMAND DOCS", "INFO SERVER", "COMMAND", "CONFIG GET databases", "READONLY", "DBSIZE"},
	"redis-benchmark": {"CONFIG GET save", "CONFIG GET appendonly", "CLUSTER NODES", "CLUSTER SLOTS"},
	"jedis, lettuce":  {"CLIENT SETINFO lib-name jedis", "CLIENT SETINFO lib-ver 5.1", "PING", "CLUSTER SLOTS", "CLUSTER NODES", "INFO", "CLIENT LIST"},
	"memtier":         {"CLUSTER SLOTS", "SET memtier-1 x EX 100", "GET memtier-1", "MGET memtier-1 memtier-2", "SETEX memtier-2 10 x"},
}

func TestHandshakes_OfTools_DoNotFail(t *testing.T) {
	addr := serve(t, Config{}, newFake(t)).Addr().String()
	for _, protocol := range []int{2, 3} {
		for tool, commands := range handshakes {
			c := dial(t, addr)
			c.do("HELLO", fmt.Sprint(protocol))
			for _, command := range commands {
				if got := c.do(strings.Fields(command)...); got[0] == '-' {
					t.Errorf("%s, RESP%d: %s: %s", tool, protocol, command, got)
				}
			}
		}
	}
}

// The fields of INFO that tools read.
func TestInfo_HasWhatToolsRead(t *testing.T) {
	c := dial(t, serve(t, Config{}, newFake(t)).Addr().String())
	c.do("SET", "a", "1")
	c.do("NOSUCH")
	info := c.do("INFO", "everything")
	for name := range strings.FieldsSeq(`redis_version redis_mode os run_id tcp_port process_id role maxmemory maxclients keyspace_hits
		keyspace_misses expired_keys evicted_keys rejected_connections instantaneous_ops_per_sec total_net_input_bytes
		total_net_output_bytes used_cpu_sys used_cpu_user master_repl_offset connected_slaves cmdstat_set errorstat_ERR
		latency_percentiles_usec_set db0 used_memory connected_clients blocked_clients total_commands_processed
		total_connections_received loading rdb_bgsave_in_progress aof_rewrite_in_progress uptime_in_days
		instantaneous_input_kbps instantaneous_output_kbps cluster_enabled number_of_cached_scripts`) {
		if !strings.Contains(info, "\r\n"+name+":") {
			t.Errorf("INFO has no %s", name)
		}
	}
}
