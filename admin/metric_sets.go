package admin

import (
	"strconv"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/quorate/quorate/cluster/core/histogram"
	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/cluster/membership/gossip"
	"github.com/quorate/quorate/cluster/replica"
)

// The metrics that have labels or are histograms.

// clientDescs describe the metrics of commands and of reads.
type clientDescs struct{ times, failures, siblings *prometheus.Desc }

func newClientDescs() clientDescs {
	return clientDescs{
		times:    desc("quorate_command_duration_seconds", "Time that clients waited for a command, including the rest of its pipeline.", "command"),
		failures: desc("quorate_command_failures_total", "Commands answered with an error.", "command"),
		siblings: desc("quorate_read_siblings", "Values found by a read; more than one are in conflict."),
	}
}

// The bounds of the exported histograms are powers of two from 32 us to 16.8 s, because
// those coincide with bounds of the buckets in which durations are counted.
const leastPower, mostPower = 5, 24

func (d *clientDescs) collect(process Process, s *sample, out chan<- prometheus.Metric) {
	process.Commands(func(c histogram.CommandTimes) {
		out <- prometheus.MustNewConstHistogram(d.times, c.Times.Total(), c.Times.Sum.Seconds(), bucketsOf(c.Times), c.Name)
		put(out, d.failures, counter, float64(c.Failed), c.Name)
	})
	buckets, count, sum := make(map[float64]uint64), uint64(0), uint64(0)
	for i := range s.replica.Siblings {
		n := uint64(s.replica.Siblings[i].Load())
		count += n
		if i < len(replica.SiblingBounds) {
			buckets[float64(replica.SiblingBounds[i])] = count
		}
	}
	sum = uint64(s.replica.SiblingSum.Load())
	out <- prometheus.MustNewConstHistogram(d.siblings, count, float64(sum), buckets)
}

func bucketsOf(c *histogram.Counts) map[float64]uint64 {
	buckets := make(map[float64]uint64)
	c.Powers(number.Range[int]{Least: leastPower, Most: mostPower}, func(below time.Duration, n uint64) { buckets[below.Seconds()] = n })
	return buckets
}

// ringDescs describe the metrics of the node's place in the cluster.
type ringDescs struct {
	version, tokens, held, moving, members, reachable, states, health, pending, oldest, keys *prometheus.Desc
}

func newRingDescs() ringDescs {
	return ringDescs{
		version:   desc("quorate_ring_version", "Version of the ring that the node knows."),
		tokens:    desc("quorate_ring_tokens", "Partitions whose token the node owns."),
		held:      desc("quorate_ring_held_partitions", "Partitions of which the node is a primary."),
		moving:    desc("quorate_ring_in_transition", "1 while data moves to new owners, else 0."),
		members:   desc("quorate_ring_members", "Members of the ring, this node included."),
		reachable: desc("quorate_peers_reachable", "Members that answer this node, itself included."),
		states:    desc("quorate_gossip_members", "Other members, by their state in gossip.", "state"),
		health:    desc("quorate_gossip_health_score", "Health score of the node's own part in gossip; 0 is best."),
		pending:   desc("quorate_hints_pending", "Hints stored for a member.", "node"),
		oldest:    desc("quorate_hints_oldest_timestamp_seconds", "When the oldest hint for a member was stored, or earlier; from the age of --hint-age on it is dropped when other primaries have it.", "node"),
		keys:      desc("quorate_keys", "Live keys that the node holds."),
	}
}

func (d *ringDescs) collect(node Node, out chan<- prometheus.Metric) {
	view := node.Ring()
	self, _ := view.MemberByName(node.Name())
	put(out, d.version, gauge, float64(view.Version()))
	put(out, d.tokens, gauge, float64(view.Tokens(self.ID)))
	put(out, d.held, gauge, float64(view.Held(self.ID)))
	moving := 0.0
	if view.InTransition() {
		moving = 1
	}
	put(out, d.moving, gauge, moving)
	states := map[gossip.State]int{gossip.Alive: 0, gossip.Dead: 0, gossip.Unknown: 0}
	reachable := 0
	for _, m := range view.Members() {
		if node.Alive(m.ID) {
			reachable++
		}
		if m.ID != self.ID {
			states[node.Gossip.Observe(m.ID).State]++
		}
	}
	put(out, d.members, gauge, float64(len(view.Members())))
	put(out, d.reachable, gauge, float64(reachable))
	for state, n := range states {
		put(out, d.states, gauge, float64(n), string(state))
	}
	put(out, d.health, gauge, float64(node.Gossip.Health()))
	figures := node.Figures()
	put(out, d.keys, gauge, float64(figures.Keys))
	for id, h := range figures.Hints {
		put(out, d.pending, gauge, float64(h.Count), view.Name(id))
		put(out, d.oldest, gauge, float64(millisOf(h.Oldest))/1000, view.Name(id))
	}
}

// peerDescs describe the metrics of the node's streams to each other member.
type peerDescs struct{ available, queued, unanswered, wait, trip *prometheus.Desc }

func newPeerDescs() peerDescs {
	return peerDescs{
		available:  desc("quorate_peer_available", "1 while requests can be sent to a member, else 0.", "node"),
		queued:     desc("quorate_peer_queued_bytes", "Bytes that wait to be written to a member.", "node"),
		unanswered: desc("quorate_peer_unanswered_requests", "Requests that a member has not answered yet.", "node"),
		trip:       desc("quorate_peer_round_trip_seconds", "Time until a member answers a ping, on average lately; absent while it is not pinged, as on a busy stream.", "node"),
		wait:       desc("quorate_peer_wait_seconds", "After this time without an answer from a member, another node is asked.", "node"),
	}
}

func (d *peerDescs) collect(node Node, out chan<- prometheus.Metric) {
	view, peers := node.Ring(), node.Channel.Status()
	for _, m := range view.Members() {
		p, known := peers[m.ID]
		if !known { // this node itself, or a member that has just joined
			continue
		}
		available := 0.0
		if p.Available {
			available = 1
		}
		put(out, d.available, gauge, available, m.Name)
		put(out, d.queued, gauge, float64(p.Queued), m.Name)
		put(out, d.unanswered, gauge, float64(p.Unanswered), m.Name)
		put(out, d.wait, gauge, p.WaitTime.Seconds(), m.Name)
		if p.RoundTrip > 0 {
			put(out, d.trip, gauge, p.RoundTrip.Seconds(), m.Name)
		}
	}
}

// storeDescs describe the metrics of Pebble, the engine's store.
type storeDescs struct {
	compactions, debt, running, flushes, fsync, walBytes, hits, misses, cache *prometheus.Desc
	memtable, amplification, levelFiles, levelBytes                           *prometheus.Desc
}

func newStoreDescs() storeDescs {
	return storeDescs{
		compactions:   desc("quorate_pebble_compactions_total", "Compactions that ended."),
		debt:          desc("quorate_pebble_compaction_debt_bytes", "Estimated bytes that still have to be compacted."),
		running:       desc("quorate_pebble_compactions_running", "Compactions under way."),
		flushes:       desc("quorate_pebble_flushes_total", "Memtables written to files."),
		fsync:         desc("quorate_pebble_wal_fsync_duration_seconds", "Duration of a sync of the write-ahead log."),
		walBytes:      desc("quorate_pebble_wal_written_bytes_total", "Bytes written to the write-ahead log."),
		hits:          desc("quorate_pebble_block_cache_hits_total", "Blocks found in the cache."),
		misses:        desc("quorate_pebble_block_cache_misses_total", "Blocks read from disk."),
		cache:         desc("quorate_pebble_block_cache_bytes", "Bytes that the block cache holds."),
		memtable:      desc("quorate_pebble_memtable_bytes", "Bytes of memtables."),
		amplification: desc("quorate_pebble_read_amplification", "Files that a read may have to look into."),
		levelFiles:    desc("quorate_pebble_level_files", "Files of a level.", "level"),
		levelBytes:    desc("quorate_pebble_level_bytes", "Bytes of a level's files.", "level"),
	}
}

func (d *storeDescs) collect(m *pebble.Metrics, out chan<- prometheus.Metric) {
	put(out, d.compactions, counter, float64(m.Compact.Count))
	put(out, d.debt, gauge, float64(m.Compact.EstimatedDebt))
	put(out, d.running, gauge, float64(m.Compact.NumInProgress))
	put(out, d.flushes, counter, float64(m.Flush.Count))
	put(out, d.walBytes, counter, float64(m.WAL.BytesWritten))
	put(out, d.hits, counter, float64(m.BlockCache.Hits))
	put(out, d.misses, counter, float64(m.BlockCache.Misses))
	put(out, d.cache, gauge, float64(m.BlockCache.Size))
	put(out, d.memtable, gauge, float64(m.MemTable.Size))
	put(out, d.amplification, gauge, float64(m.ReadAmp()))
	for i := range m.Levels {
		put(out, d.levelFiles, gauge, float64(m.Levels[i].TablesCount), strconv.Itoa(i))
		put(out, d.levelBytes, gauge, float64(m.Levels[i].TablesSize), strconv.Itoa(i))
	}
	d.collectFsync(m, out)
}

// collectFsync converts Pebble's histogram, with a hundred buckets in nanoseconds, to one
// in seconds with a bucket for each doubling.
func (d *storeDescs) collectFsync(m *pebble.Metrics, out chan<- prometheus.Metric) {
	var read dto.Metric
	if m.LogWriter.FsyncLatency == nil || m.LogWriter.FsyncLatency.Write(&read) != nil {
		return
	}
	h := read.GetHistogram()
	buckets, last := make(map[float64]uint64), 0.0
	for _, b := range h.GetBucket() {
		if bound := b.GetUpperBound() / float64(time.Second); bound > 0 && bound >= 2*last {
			buckets[bound], last = b.GetCumulativeCount(), bound
		}
	}
	out <- prometheus.MustNewConstHistogram(d.fsync, h.GetSampleCount(), h.GetSampleSum()/float64(time.Second), buckets)
}
