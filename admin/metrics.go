package admin

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/quorate/quorate/cluster/antientropy"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/cluster/repair"
	"github.com/quorate/quorate/cluster/replica"
	"github.com/quorate/quorate/engine"
)

// sample is one reading of a node.
type sample struct {
	replica   *replica.Counters
	peer      *peer.Counters
	exchanges antientropy.Stats
	repair    repair.Status
	store     engine.Metrics
	tracing   TracingCounts
	readOnly  int64 // 1 while the store refuses writes
	paused    int64 // 1 while anti-entropy is paused
	clients   int64
}

func sampleOf(node Node) *sample {
	repairs := node.Repair.Status()
	var readOnly, paused int64
	if node.Store.Health() != nil {
		readOnly = 1
	}
	if !repairs.Paused.IsZero() {
		paused = 1
	}
	return &sample{
		replica: node.Coordinator.Counters(), peer: node.Channel.Counters(), exchanges: repairs.Exchanges, repair: repairs,
		store: node.Store.Metrics(), readOnly: readOnly, paused: paused,
	}
}

// metric is one row of the table metrics.
type metric struct {
	name, help string
	kind       prometheus.ValueType
	read       func(s *sample) int64
}

const (
	counter = prometheus.CounterValue
	gauge   = prometheus.GaugeValue
)

// collector reads the node behind the port. While it is killed there is no metric of it
// but quorate_up.
type collector struct {
	process Process
	scalars []*prometheus.Desc // of metrics, in order
	up      *prometheus.Desc
	ring    ringDescs
	store   storeDescs
	clients clientDescs
	work    workDescs
	peers   peerDescs
}

// NewMetrics makes the registry of a process: metrics of Go's runtime, of the process,
// and of the node behind its port. The values of labels are bounded: commands, members,
// states, kinds of operations, and levels of the store.
func NewMetrics(process Process) *prometheus.Registry {
	c := &collector{
		process: process, up: desc("quorate_up", "1 while the node runs, else 0."),
		ring: newRingDescs(), store: newStoreDescs(), clients: newClientDescs(), work: newWorkDescs(), peers: newPeerDescs(),
	}
	for _, m := range metrics {
		c.scalars = append(c.scalars, desc(m.name, m.help))
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(c, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return registry
}

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

// Describe implements [prometheus.Collector]. It names one metric only, because the
// others exist only while the node runs.
func (c *collector) Describe(out chan<- *prometheus.Desc) { out <- c.up }

// Collect implements [prometheus.Collector].
func (c *collector) Collect(out chan<- prometheus.Metric) {
	node, err := c.process.Node()
	up := 0.0
	if err == nil {
		up = 1
	}
	put(out, c.up, gauge, up)
	if err != nil {
		return
	}
	s := sampleOf(node)
	s.clients = int64(c.process.Clients())
	s.tracing = c.process.Tracing()
	for i, m := range metrics {
		put(out, c.scalars[i], m.kind, float64(m.read(s)))
	}
	c.clients.collect(c.process, s, out)
	c.work.collect(node, s, out)
	if s.store.Pebble != nil {
		c.store.collect(s.store.Pebble, out)
	}
	if isReady(node) {
		c.ring.collect(node, out)
		c.peers.collect(node, out)
	}
}

func put(out chan<- prometheus.Metric, d *prometheus.Desc, kind prometheus.ValueType, value float64, labels ...string) {
	out <- prometheus.MustNewConstMetric(d, kind, value, labels...)
}
