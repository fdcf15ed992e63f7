package admin

import (
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/quorate/quorate/admin/api"
)

func TestMetrics_OfARunningNode_KeepToPrometheusConventions(t *testing.T) {
	f := newFleet(t, 2, "")
	must[api.WriteAnswer](f, "A", "PUT", "/api/data/k", api.WriteRequest{Value: "v", W: 2})
	must[api.ReadAnswer](f, "A", "GET", "/api/data/k", nil)
	var text string
	f.nodes.Eventually("gossip to see the other node", func() bool {
		text = string(f.call("A", "GET", "/metrics", "").body)
		return strings.Contains(text, `quorate_gossip_members{state="alive"} 1`) && strings.Contains(text, "quorate_peer_clock_offset_seconds{")
	})
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, "quorate_") {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
	for _, want := range []string{
		"quorate_up 1", `quorate_command_duration_seconds_count{command="get"} 10`, `quorate_command_duration_seconds_bucket{command="get",le="0.004096"} 10`,
		`quorate_command_duration_seconds_bucket{command="get",le="0.002048"} 0`, `quorate_command_failures_total{command="config|get"} 1`,
		`quorate_read_siblings_bucket{le="1"} 1`, "quorate_read_siblings_sum 1", "quorate_ring_members 2", "quorate_peers_reachable 2",
		`quorate_gossip_members{state="alive"} 1`, `quorate_peer_available{node="B"} 1`, `quorate_peer_wait_seconds{node="B"} 0.`, "quorate_gossip_health_score ", "quorate_clients 2", `quorate_peer_clock_offset_seconds{node="B"} `, `quorate_peer_clock_offset_error_seconds{node="B"} 0.`, "quorate_keys 1", "quorate_hints_stored_total 0", "quorate_hints_delivered_total 0",
		"quorate_merkle_keys_healed_total 0", "quorate_transfer_gaining_partitions 0", "quorate_hint_delivery_failures_total 0", "quorate_reap_pending_keys 0", "quorate_replica_pairs_failing 0", "quorate_peer_sent_bytes_total ", "quorate_pebble_compactions_total ", "quorate_pebble_wal_fsync_duration_seconds_count ",
		"quorate_pebble_block_cache_hits_total ", `quorate_pebble_level_bytes{level="6"} `, "quorate_pebble_memtable_bytes ", "go_goroutines ", "process_cpu_seconds_total ",
	} {
		if !strings.Contains(text, "\n"+want) {
			t.Errorf("no %s", want)
		}
	}
	tokens := 0
	for _, node := range f.names {
		for _, line := range strings.Split(string(f.call(node, "GET", "/metrics", "").body), "\n") {
			if n, ok := strings.CutPrefix(line, "quorate_ring_tokens "); ok {
				tokens += map[string]int{"32": 32}[n]
			}
		}
	}
	if tokens != 64 {
		t.Errorf("the tokens add up to %d, want 64", tokens)
	}
}

func TestMetrics_OfAKilledNode_SayThatItIsDown(t *testing.T) {
	f := newFleet(t, 2, "")
	must[api.NodeState](f, "B", "POST", "/api/nodes/B/kill", nil)
	lines := strings.Split(string(f.call("B", "GET", "/metrics", "").body), "\n")
	ours := slices.DeleteFunc(lines, func(l string) bool { return !strings.HasPrefix(l, "quorate_") })
	if !slices.Equal(ours, []string{"quorate_up 0"}) {
		t.Errorf("%q", ours)
	}
	f.nodes.Eventually("the hints' holder to count", func() bool {
		must[api.WriteAnswer](f, "A", "PUT", "/api/data/k", api.WriteRequest{Value: "v", W: 1})
		return strings.Contains(string(f.call("A", "GET", "/metrics", "").body), `quorate_hints_pending{node="B"} 1`)
	})
}
