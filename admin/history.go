package admin

import (
	"context"
	"math"
	"sync"
	"time"

	"github.com/quorate/quorate/admin/api"
	"github.com/quorate/quorate/admin/fanout"
)

// A node samples its load every historyInterval, and keeps the samples of an hour: 26 kB.
const (
	historyInterval = 10 * time.Second
	historyLength   = int(time.Hour / historyInterval)
)

// The columns of a sample.
const (
	columnReads = iota
	columnWrites
	columnErrors
	columnDivergent
	columnHintsStored
	columnHintsDelivered
	columnReadRepairs
	columnForwards
	columnKeysHealed
	columnReadP50
	columnReadP99
	columnReadP999
	columnWriteP50
	columnWriteP99
	columnWriteP999
	columns
)

// historySample is what a node did in one interval.
type historySample struct {
	at     int64 // its end, unix milliseconds
	values [columns]float32
}

// history keeps the newest samples of the process's own node.
type history struct {
	*backend

	mu      sync.Mutex
	before  api.Node        // the last reading
	read    time.Time       // when
	samples []historySample // a ring buffer once it is full
	next    int             // where the next one goes
}

func newHistory(b *backend) *history {
	return &history{backend: b, samples: make([]historySample, 0, historyLength)}
}

// run samples until ctx ends.
func (h *history) run(ctx context.Context) error {
	tick := time.NewTicker(historyInterval)
	defer tick.Stop()
	for {
		h.take(time.Now())
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// take reads the node, and keeps what it did since the last reading. now is the time.
func (h *history) take(now time.Time) {
	report := h.report()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.before.Here != nil && report.Here != nil {
		name := h.cfg.Name
		load := loadBetween(map[string]api.Node{name: h.before}, map[string]api.Node{name: report}, now.Sub(h.read))
		if len(load.Nodes) == 1 {
			h.keepLocked(sampleOfLoad(report.TimeMillis, &load.Nodes[0]))
		}
	}
	h.before, h.read = report, now
}

func sampleOfLoad(at int64, n *api.NodeLoad) historySample {
	s := historySample{at: at}
	for column, value := range map[int]float64{
		columnReads: n.Reads, columnWrites: n.Writes, columnErrors: n.Errors, columnDivergent: n.Divergent,
		columnHintsStored: n.HintsStored, columnHintsDelivered: n.HintsDelivered, columnReadRepairs: n.ReadRepairs,
		columnForwards: n.Forwards, columnKeysHealed: n.KeysHealed,
	} {
		s.values[column] = float32(value)
	}
	for column, value := range map[int]*float64{
		columnReadP50: n.ReadMillis.P50, columnReadP99: n.ReadMillis.P99, columnReadP999: n.ReadMillis.P999,
		columnWriteP50: n.WriteMillis.P50, columnWriteP99: n.WriteMillis.P99, columnWriteP999: n.WriteMillis.P999,
	} {
		if value != nil {
			s.values[column] = float32(*value)
		}
	}
	return s
}

// keepLocked adds a sample, in place of the oldest one if there are many.
func (h *history) keepLocked(s historySample) {
	if len(h.samples) < historyLength {
		h.samples = append(h.samples, s)
		return
	}
	h.samples[h.next] = s
	h.next = (h.next + 1) % historyLength
}

// list returns the samples as columns, the oldest first.
func (h *history) list() api.NodeHistory {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := len(h.samples)
	out := api.NodeHistory{Node: h.cfg.Name, TimeMillis: make([]int64, n)}
	into := [columns]*[]float64{
		&out.Reads, &out.Writes, &out.Errors, &out.Divergent, &out.HintsStored, &out.HintsDelivered, &out.ReadRepairs, &out.Forwards, &out.KeysHealed,
		&out.ReadP50, &out.ReadP99, &out.ReadP999, &out.WriteP50, &out.WriteP99, &out.WriteP999,
	}
	for column := range into {
		*into[column] = make([]float64, n)
	}
	for i := range n {
		s := &h.samples[(h.next+i)%n]
		out.TimeMillis[i] = s.at
		for column, value := range s.values {
			(*into[column])[i] = math.Round(float64(value)*100) / 100
		}
	}
	return out
}

// historyHandlers serves the samples of all nodes.
type historyHandlers struct {
	*backend
	own *history
}

func (h *historyHandlers) getHistory(ctx context.Context, c *call) (any, error) {
	out := api.History{IntervalMillis: historyInterval.Milliseconds(), Nodes: []api.NodeHistory{h.own.list()}, Missing: []string{}}
	if c.local() {
		return out, nil
	}
	here, err := h.snapshot()
	if err != nil {
		return nil, err
	}
	all, missing := fanout.All[api.History](ctx, h.ports, here.Others(), fanout.Get("/api/history?local=1"))
	all[here.Self] = out
	out.Nodes, out.Missing = []api.NodeHistory{}, missing
	for _, m := range here.Ring.Members() {
		out.Nodes = append(out.Nodes, all[m.Name].Nodes...)
	}
	return out, nil
}
