package introspect

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"time"

	"github.com/quorate/quorate/cluster/core/histogram"
	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/resp"
)

// infoTimeout bounds how long INFO waits for other nodes: a monitoring tool needs an
// answer while one of them is silent.
const infoTimeout = time.Second

// section is one section of INFO.
type section struct {
	name  string
	extra bool // not part of the default reply
	write func(context.Context, *command.Node, *infoText)
}

// infoText collects the lines of INFO.
type infoText struct{ strings.Builder }

func (t *infoText) line(name string, value any) { fmt.Fprintf(t, "%s:%v\r\n", name, value) }

func (f *Family) sections() []section {
	return []section{
		{name: "Server", write: f.infoServer},
		{name: "Clients", write: f.infoClients},
		{name: "Memory", write: f.infoMemory},
		{name: "Persistence", write: f.infoPersistence},
		{name: "Stats", write: f.infoStats},
		{name: "Replication", write: f.infoReplication},
		{name: "CPU", write: f.infoCPU},
		{name: "Modules", write: func(context.Context, *command.Node, *infoText) {}},
		{name: "Commandstats", extra: true, write: f.infoCommandstats},
		{name: "Latencystats", extra: true, write: f.infoLatencystats},
		{name: "Errorstats", write: f.infoErrorstats},
		{name: "Cluster", write: f.infoCluster},
		{name: "Keyspace", write: f.infoKeyspace},
		{name: "Quorate", write: f.infoQuorate},
	}
}

// runInfo serves INFO [section …].
func (f *Family) runInfo(ctx context.Context, c *command.Call) {
	ctx, cancel := context.WithTimeout(ctx, infoTimeout)
	defer cancel()
	wanted := func(sec section) bool { return !sec.extra }
	if len(c.Args) > 1 {
		wanted = func(sec section) bool {
			return slices.ContainsFunc(c.Args[1:], func(arg []byte) bool {
				return resp.Is(arg, strings.ToUpper(sec.name)) || resp.Is(arg, "ALL") || resp.Is(arg, "EVERYTHING") ||
					resp.Is(arg, "DEFAULT") && !sec.extra
			})
		}
	}
	var text infoText
	for _, sec := range f.sections() {
		if !wanted(sec) {
			continue
		}
		if text.Len() > 0 {
			text.WriteString("\r\n")
		}
		text.WriteString("# " + sec.name + "\r\n")
		sec.write(ctx, c.Node, &text)
	}
	c.Out.Verbatim(text.String())
}

func (f *Family) infoServer(_ context.Context, n *command.Node, t *infoText) {
	now := n.Now()
	up := now.Sub(f.Born)
	executable, _ := os.Executable()
	t.line("redis_version", command.RedisVersion)
	t.line("redis_git_sha1", "00000000")
	t.line("redis_git_dirty", 0)
	t.line("redis_build_id", "0")
	t.line("redis_mode", n.Mode())
	t.line("os", runtime.GOOS+" "+runtime.GOARCH)
	t.line("arch_bits", 32<<(^uint(0)>>63))
	t.line("multiplexing_api", "go")
	t.line("process_id", os.Getpid())
	t.line("process_supervised", "no")
	t.line("run_id", f.RunID)
	t.line("tcp_port", f.Settings.port)
	t.line("server_time_usec", now.UnixMicro())
	t.line("uptime_in_seconds", int64(up.Seconds()))
	t.line("uptime_in_days", int64(up.Hours()/24))
	t.line("hz", 10)
	t.line("configured_hz", 10)
	t.line("executable", executable)
	t.line("config_file", "")
	t.line("io_threads_active", 0)
}

func (f *Family) infoClients(_ context.Context, n *command.Node, t *infoText) {
	t.line("connected_clients", f.Connected())
	t.line("cluster_connections", 0)
	t.line("maxclients", n.Limits.Clients.Load())
	t.line("blocked_clients", 0)
	t.line("tracking_clients", 0)
	t.line("clients_in_timeout_table", 0)
	t.line("clients_buffered_bytes", n.Budget.Used())
	t.line("clients_buffered_bytes_max", n.Limits.Buffered.Load())
}

// heap returns the bytes of the objects in the heap, and all bytes that the runtime has
// taken from the system. Unlike runtime.ReadMemStats it does not stop the world.
func heap() (used, total uint64) {
	samples := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/total:bytes"}}
	metrics.Read(samples)
	return samples[0].Value.Uint64(), samples[1].Value.Uint64()
}

func (f *Family) infoMemory(_ context.Context, n *command.Node, t *infoText) {
	used, total := heap()
	t.line("used_memory", used)
	t.line("used_memory_human", human(used))
	t.line("used_memory_rss", total)
	t.line("used_memory_rss_human", human(total))
	t.line("used_memory_peak", total)
	t.line("used_memory_peak_human", human(total))
	t.line("used_memory_lua", 0)
	t.line("used_memory_scripts", 0)
	t.line("number_of_cached_scripts", 0)
	t.line("maxmemory", 0)
	t.line("maxmemory_human", "0B")
	t.line("maxmemory_policy", "noeviction")
	t.line("mem_fragmentation_ratio", fmt.Sprintf("%.2f", float64(total)/float64(max(used, 1))))
	t.line("mem_allocator", "go")
}

// human formats bytes as Redis does: 1.50M.
func human(n uint64) string {
	size, unit := float64(n), 0
	for size >= 1024 && unit < 4 {
		size, unit = size/1024, unit+1
	}
	if unit == 0 {
		return fmt.Sprintf("%dB", n)
	}
	return fmt.Sprintf("%.2f%c", size, " KMGT"[unit])
}

func (f *Family) infoPersistence(_ context.Context, n *command.Node, t *infoText) {
	for _, name := range []string{"loading", "async_loading", "rdb_changes_since_last_save", "rdb_bgsave_in_progress"} {
		t.line(name, 0)
	}
	t.line("rdb_last_save_time", f.Born.Unix())
	t.line("rdb_last_bgsave_status", "ok")
	t.line("rdb_last_bgsave_time_sec", -1)
	t.line("rdb_current_bgsave_time_sec", -1)
	t.line("aof_enabled", 1)
	for _, name := range []string{"aof_rewrite_in_progress", "aof_rewrite_scheduled"} {
		t.line(name, 0)
	}
	t.line("aof_last_bgrewrite_status", "ok")
	t.line("aof_last_write_status", "ok")
}

func (f *Family) infoStats(_ context.Context, n *command.Node, t *infoText) {
	c := f.Counters
	t.line("total_connections_received", c.Connections.Load())
	t.line("total_commands_processed", c.processed())
	t.line("instantaneous_ops_per_sec", f.rates.commands.value(c.processed()))
	t.line("total_net_input_bytes", c.Received.Load())
	t.line("total_net_output_bytes", c.Sent.Load())
	t.line("instantaneous_input_kbps", fmt.Sprintf("%.2f", float64(f.rates.received.value(c.Received.Load()))/1024))
	t.line("instantaneous_output_kbps", fmt.Sprintf("%.2f", float64(f.rates.sent.value(c.Sent.Load()))/1024))
	t.line("rejected_connections", c.Rejected.Load())
	for _, name := range []string{"sync_full", "sync_partial_ok", "sync_partial_err", "expired_keys", "evicted_keys"} {
		t.line(name, 0)
	}
	t.line("keyspace_hits", c.Hits.Load())
	t.line("keyspace_misses", c.Misses.Load())
	for _, name := range []string{"pubsub_channels", "pubsub_patterns", "latest_fork_usec", "total_forks", "migrate_cached_sockets",
		"tracking_total_keys", "unexpected_error_replies"} {
		t.line(name, 0)
	}
	t.line("total_error_replies", f.Errors.each(func(string, int64) {}))
}

func (f *Family) infoReplication(_ context.Context, n *command.Node, t *infoText) {
	t.line("role", "master")
	t.line("connected_slaves", 0)
	t.line("master_failover_state", "no-failover")
	t.line("master_replid", f.RunID)
	t.line("master_replid2", strings.Repeat("0", 40))
	t.line("master_repl_offset", 0)
	t.line("second_repl_offset", -1)
	t.line("repl_backlog_active", 0)
}

func (f *Family) infoCommandstats(_ context.Context, n *command.Node, t *infoText) {
	for _, r := range n.Table.All() {
		counted := &f.Counters.commands[r.Index()]
		calls, rejected := counted.calls.Load(), counted.rejected.Load()
		if calls == 0 && rejected == 0 {
			continue
		}
		usec := float64(counted.nanos.Load()) / float64(time.Microsecond)
		t.line("cmdstat_"+r.Full(), fmt.Sprintf("calls=%d,usec=%.0f,usec_per_call=%.2f,rejected_calls=%d,failed_calls=%d",
			calls, usec, usec/float64(max(calls, 1)), rejected, counted.failed.Load()))
	}
}

func (f *Family) infoLatencystats(_ context.Context, n *command.Node, t *infoText) {
	for _, r := range n.Table.All() {
		var took histogram.Counts
		f.Counters.commands[r.Index()].latency.Add(&took)
		if took.Total() == 0 {
			continue
		}
		at := func(q float64) float64 { return float64(took.Quantile(q)) / float64(time.Microsecond) }
		t.line("latency_percentiles_usec_"+r.Full(), fmt.Sprintf("p50=%.3f,p99=%.3f,p99.9=%.3f", at(0.5), at(0.99), at(0.999)))
	}
}

func (f *Family) infoErrorstats(_ context.Context, _ *command.Node, t *infoText) {
	f.Errors.each(func(kind string, count int64) { t.line("errorstat_"+kind, fmt.Sprintf("count=%d", count)) })
}

// infoKeyspace writes nothing if the keys cannot be counted. INFO does not fail then,
// because it is needed to find out why.
func (f *Family) infoKeyspace(ctx context.Context, n *command.Node, t *infoText) {
	count, err := n.Store.CountKeys(ctx)
	if err != nil || count.Keys == 0 {
		return
	}
	left := int64(0)
	if count.Expiring > 0 {
		left = max(count.MeanExpiry-n.Now().UnixMilli(), 0)
	}
	t.line("db0", fmt.Sprintf("keys=%d,expires=%d,avg_ttl=%d", count.Keys, count.Expiring, left))
}

func (f *Family) infoCluster(_ context.Context, n *command.Node, t *infoText) {
	enabled := 1
	if n.Standalone {
		enabled = 0
	}
	t.line("cluster_enabled", enabled)
}

func (f *Family) infoQuorate(ctx context.Context, n *command.Node, t *infoText) {
	ring := n.Store.Ring()
	configured, inForce := ring.Configured(), ring.Quorums()
	t.line("quorate_version", n.Version)
	t.line("node", n.Store.Name())
	t.line("node_id", fmt.Sprintf("%016x", uint64(n.Store.ID())))
	t.line("n", configured.N)
	t.line("r", configured.R)
	t.line("w", configured.W)
	t.line("n_in_force", inForce.N)
	t.line("r_in_force", inForce.R)
	t.line("w_in_force", inForce.W)
	t.line("conflict_resolution", n.Store.Policy())
	t.line("members", len(ring.Members()))
	t.line("partitions", ring.Partitions())
	t.line("ring_version", ring.Version())
	if f.Facts != nil {
		for _, fact := range f.Facts(ctx) {
			t.line(fact[0], fact[1])
		}
	}
}
