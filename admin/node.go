package admin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/quorate/quorate/cluster/core/histogram"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer/fault"
)

// Statuses of a node, as its own port tells them.
const (
	statusUp       = "up"
	statusKilled   = "killed"
	statusStarting = "starting" // it looks for its place in the ring
)

// Facts are what one port knows of its own node: GET /api/node. The others ask
// for them to show the whole cluster.
type Facts struct {
	Name       string     `json:"name"`
	Status     string     `json:"status"` // up, killed, starting
	TimeMillis int64      `json:"time_ms"`
	Chaos      bool       `json:"chaos"`
	Demo       bool       `json:"demo"`
	Faults     []Fault    `json:"faults"` // on links, by peer address
	Events     []LogEvent `json:"events"` // newer than ?after=, if that was given
	Here       *Here      `json:"here"`   // null unless up
}

// Here is what a node that runs knows of itself.
type Here struct {
	ID          string           `json:"id"`
	RingVersion uint64           `json:"ring_version"`
	RingDigest  string           `json:"ring_digest"`
	UptimeS     float64          `json:"uptime_s"`
	Keys        int64            `json:"keys"`
	Bytes       int64            `json:"bytes"`
	HintsFor    map[string]int64 `json:"hints_for"`
	Totals      Totals           `json:"totals"` // since it started
	ReadTimes   Times            `json:"read_times"`
	WriteTimes  Times            `json:"write_times"`
}

// Totals are counters of a node.
type Totals struct {
	Reads          int64 `json:"reads"`  // coordinated
	Writes         int64 `json:"writes"` // coordinated
	Errors         int64 `json:"errors"` // requests that found no quorum
	Forwards       int64 `json:"forwards"`
	Divergent      int64 `json:"divergent"` // reads that found siblings
	HintsStored    int64 `json:"hints_stored"`
	HintsDelivered int64 `json:"hints_delivered"`
	ReadRepairs    int64 `json:"read_repairs"`
	KeysHealed     int64 `json:"keys_healed"` // by anti-entropy
}

// Times is a histogram of how long clients waited: pairs of a bucket and its
// count, those with none left out. Bucket 0 to 7 are so many microseconds; above,
// there are eight to each doubling.
type Times struct {
	SumMicros int64       `json:"sum_us"`
	Buckets   [][2]uint64 `json:"buckets"`
}

func timesOf(c *histogram.Counts) Times {
	t := Times{SumMicros: c.Sum.Microseconds(), Buckets: [][2]uint64{}}
	for i, n := range c.Of {
		if n > 0 {
			t.Buckets = append(t.Buckets, [2]uint64{uint64(i), n})
		}
	}
	return t
}

func (t Times) counts() (c histogram.Counts) {
	c.Sum = time.Duration(t.SumMicros) * time.Microsecond
	for _, b := range t.Buckets {
		if b[0] < histogram.Buckets {
			c.Of[b[0]] = b[1]
		}
	}
	return c
}

// Fault is what is wrong on the link from one node to another, by their peer
// addresses.
type Fault struct {
	From        string  `json:"from"`
	To          string  `json:"to"`
	Cut         bool    `json:"cut"`
	DelayMillis int64   `json:"delay_ms"`
	Loss        float64 `json:"loss"`
}

func faultOf(f fault.Link) Fault {
	return Fault{From: f.From, To: f.To, Cut: f.Cut, DelayMillis: f.Delay.Milliseconds(), Loss: f.Loss}
}

func (f Fault) fault() fault.Link {
	return fault.Link{From: f.From, To: f.To, Cut: f.Cut, Delay: time.Duration(f.DelayMillis) * time.Millisecond, Loss: f.Loss}
}

// CommandTimes is what clients had of one command of the client port.
type CommandTimes struct {
	Name          string // lower case, a subcommand as "config|get"
	Reads, Writes bool   // the keys that it names
	Failed        int64  // answered with an error
	Times         *histogram.Counts
}

// waits is how long clients of the node waited for reads and for writes.
func (s *Server) waits() (reads, writes *histogram.Counts) {
	reads, writes = new(histogram.Counts), new(histogram.Counts)
	s.cfg.Process.Commands(func(c CommandTimes) {
		if c.Reads {
			reads.Add(c.Times)
		}
		if c.Writes {
			writes.Add(c.Times)
		}
	})
	return reads, writes
}

func (s *Server) getNode(_ context.Context, c *call) (any, error) {
	f := s.facts()
	if c.has("after") {
		f.Events = s.cfg.Events.After(c.text("after"), maxEventsAtOnce)
	}
	return f, nil
}

// facts gathers what this port knows by itself, but for events.
func (s *Server) facts() Facts {
	f := Facts{
		Name: s.cfg.Name, Status: statusUp, TimeMillis: time.Now().UnixMilli(),
		Chaos: s.cfg.Process.Chaos(), Demo: s.cfg.Process.Demo(), Faults: []Fault{}, Events: []LogEvent{},
	}
	for _, fault := range s.cfg.Process.Links() {
		f.Faults = append(f.Faults, faultOf(fault))
	}
	node, err := s.node()
	switch {
	case errors.Is(err, ErrKilled):
		f.Status = statusKilled
	case err != nil:
		f.Status = statusStarting
	default:
		f.Here = s.here(node)
	}
	return f
}

func (s *Server) here(node Node) *Here {
	now, figures := node.Ring(), node.Figures()
	h := &Here{
		ID: idText(ring.IDOf(node.Name())), RingVersion: now.Version(), RingDigest: fmt.Sprintf("%016x", now.Digest()),
		UptimeS: time.Since(node.Born()).Seconds(),
		Keys:    figures.Keys, Bytes: figures.Bytes, HintsFor: make(map[string]int64),
		Totals: totalsOf(node),
	}
	for id, n := range figures.Hints {
		h.HintsFor[now.Name(id)] = n
	}
	reads, writes := s.waits()
	h.ReadTimes, h.WriteTimes = timesOf(reads), timesOf(writes)
	return h
}

func totalsOf(node Node) Totals {
	c := node.Counters()
	return Totals{
		Reads: c.Reads.Load(), Writes: c.Writes.Load(), Errors: c.NoQuorum.Load(), Forwards: c.Forwards.Load(),
		Divergent: c.Divergent.Load(), ReadRepairs: c.ReadRepairs.Load(),
		HintsStored: node.StoreMetrics().HintsStored, HintsDelivered: node.Repair().Hints.Delivered,
		KeysHealed: node.Repair().Exchanges.KeysExchanged,
	}
}
