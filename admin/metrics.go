package admin

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/quorate/quorate/cluster/replica"
	"github.com/quorate/quorate/engine"
)

// Counted is what a node counts.
type Counted interface {
	Counters() *replica.Counters
	StoreMetrics() engine.Metrics
	// HintsDelivered counts hints that their nodes have acknowledged.
	HintsDelivered() int64
}

// sample is one reading of a node.
type sample struct {
	replica *replica.Counters
	store   engine.Metrics
}

// metric is one line of the table below.
type metric struct {
	name, help string
	kind       prometheus.ValueType
	read       func(s *sample) int64
}

const (
	counter = prometheus.CounterValue
	gauge   = prometheus.GaugeValue
)

var metrics = []metric{
	{"quorate_reads_total", "Reads coordinated by this node.", counter, func(s *sample) int64 { return s.replica.Reads.Load() }},
	{"quorate_writes_total", "Writes coordinated by this node.", counter, func(s *sample) int64 { return s.replica.Writes.Load() }},
	{"quorate_forwards_total", "Updates sent to the node that coordinates them.", counter, func(s *sample) int64 { return s.replica.Forwards.Load() }},
	{"quorate_requests_at_primary_total", "Requests of clients on keys that this node is a primary of.", counter, func(s *sample) int64 { return s.replica.AtPrimary.Load() }},
	{"quorate_requests_elsewhere_total", "Requests of clients on other keys, which cost one hop more.", counter, func(s *sample) int64 { return s.replica.Elsewhere.Load() }},
	{"quorate_replica_writes_total", "Objects received from other coordinators.", counter, func(s *sample) int64 { return s.replica.Applied.Load() }},
	{"quorate_conflicting_reads_total", "Reads that found more than one value.", counter, func(s *sample) int64 { return s.replica.Divergent.Load() }},
	{"quorate_many_siblings_total", "Writes that left more concurrent values than --siblings-warn.", counter, func(s *sample) int64 { return s.replica.ManySiblings.Load() }},
	{"quorate_no_quorum_total", "Requests that too few replicas answered in time.", counter, func(s *sample) int64 { return s.replica.NoQuorum.Load() }},
	{"quorate_read_repairs_total", "Stale replicas brought up to date by a read.", counter, func(s *sample) int64 { return s.replica.ReadRepairs.Load() }},
	{"quorate_stand_ins_total", "Copies given to a fallback in place of a primary.", counter, func(s *sample) int64 { return s.replica.StandIns.Load() }},
	{"quorate_hints_stored_total", "Late hints kept on this node.", counter, func(s *sample) int64 { return s.replica.HintsStored.Load() }},
	{"quorate_hints_dropped_total", "Copies that no hint was kept of; anti-entropy brings them.", counter, func(s *sample) int64 { return s.replica.HintsDropped.Load() }},
	{"quorate_hints_refused_total", "Hints refused for lack of room.", counter, func(s *sample) int64 { return s.store.HintsRefused }},
	{"quorate_hints_expired_total", "Hints dropped for their age.", counter, func(s *sample) int64 { return s.store.HintsExpired }},
	{"quorate_hint_bytes", "Bytes kept for other nodes.", gauge, func(s *sample) int64 { return s.store.HintBytes }},
	{"quorate_store_records_total", "Records applied to the store.", counter, func(s *sample) int64 { return s.store.Records }},
	{"quorate_store_batches_total", "Batches they were applied in.", counter, func(s *sample) int64 { return s.store.Batches }},
	{"quorate_store_reads_total", "Objects read from the store.", counter, func(s *sample) int64 { return s.store.Reads }},
	{"quorate_store_stalls_total", "Times that writes waited for compactions.", counter, func(s *sample) int64 { return s.store.Stalls }},
	{"quorate_expired_total", "Values that expired.", counter, func(s *sample) int64 { return s.store.Expired }},
	{"quorate_reaped_total", "Tombstones that were removed.", counter, func(s *sample) int64 { return s.store.Reaped }},
	{"quorate_merkle_unready_partitions", "Partitions whose hash tree is being rebuilt.", gauge, func(s *sample) int64 { return s.store.UnreadyPartitions }},
	{"quorate_disk_bytes", "Bytes that the store occupies.", gauge, func(s *sample) int64 { return s.store.DiskBytes }},
}

// collector reads the node that is alive at the time; a killed one has no
// figures.
type collector struct {
	process Process
	descs   []*prometheus.Desc // of metrics, in order
	up      *prometheus.Desc
}

// NewMetrics makes the registry of a process: Go's runtime, the process, and the
// node behind its port.
func NewMetrics(process Process) *prometheus.Registry {
	c := &collector{process: process, up: prometheus.NewDesc("quorate_up", "Whether the node is running.", nil, nil)}
	for _, m := range metrics {
		c.descs = append(c.descs, prometheus.NewDesc(m.name, m.help, nil, nil))
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(c, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return registry
}

// Describe implements [prometheus.Collector].
func (c *collector) Describe(out chan<- *prometheus.Desc) {
	out <- c.up
	for _, d := range c.descs {
		out <- d
	}
}

// Collect implements [prometheus.Collector].
func (c *collector) Collect(out chan<- prometheus.Metric) {
	node, err := c.process.Node()
	up := 0.0
	if err == nil {
		up = 1
	}
	out <- prometheus.MustNewConstMetric(c.up, gauge, up)
	if err != nil {
		return
	}
	s := sample{replica: node.Counters(), store: node.StoreMetrics()}
	for i, m := range metrics {
		out <- prometheus.MustNewConstMetric(c.descs[i], m.kind, float64(m.read(&s)))
	}
}
