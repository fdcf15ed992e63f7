package admin

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/quorate/quorate/admin/api"
	"github.com/quorate/quorate/cluster/core/histogram"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer/fault"
	"github.com/quorate/quorate/engine"
)

// Statuses of a node, as its own port reports them.
const (
	statusUp       = "up"
	statusKilled   = "killed"
	statusStarting = "starting" // it has no ring yet

	statusVacant = "vacant" // of a member's place, after POST /api/nodes/{node}/replace
)

func timesOf(c *histogram.Counts) api.Times {
	t := api.Times{SumMicros: c.Sum.Microseconds(), Buckets: [][2]uint64{}}
	for i, n := range c.Of {
		if n > 0 {
			t.Buckets = append(t.Buckets, [2]uint64{uint64(i), n})
		}
	}
	return t
}

// countsOf undoes timesOf.
func countsOf(t api.Times) (c histogram.Counts) {
	c.Sum = time.Duration(t.SumMicros) * time.Microsecond
	for _, b := range t.Buckets {
		if b[0] < histogram.Buckets {
			c.Of[b[0]] = b[1]
		}
	}
	return c
}

func faultOf(f fault.Link) api.Fault {
	return api.Fault{From: f.From, To: f.To, Cut: f.Cut, DelayMillis: f.Delay.Milliseconds(), Loss: f.Loss}
}

// linkOf undoes faultOf.
func linkOf(f api.Fault) fault.Link {
	return fault.Link{From: f.From, To: f.To, Cut: f.Cut, Delay: time.Duration(f.DelayMillis) * time.Millisecond, Loss: f.Loss}
}

// waitTimes returns how long clients of the node waited for reads and for writes.
func (b *backend) waitTimes() (reads, writes *histogram.Counts) {
	reads, writes = new(histogram.Counts), new(histogram.Counts)
	b.cfg.Process.Commands(func(c histogram.CommandTimes) {
		if c.Reads {
			reads.Add(c.Times)
		}
		if c.Writes {
			writes.Add(c.Times)
		}
	})
	return reads, writes
}

func (h *nodeHandlers) getNode(_ context.Context, c *call) (any, error) {
	report := h.report()
	if c.text("detail") != "" {
		report.Detail = h.detail()
	}
	if c.has("after") {
		report.Events = h.cfg.Events.After(c.text("after"), maxEventsAtOnce)
	}
	return report, nil
}

// report returns what this port knows by itself, without events.
func (b *backend) report() api.Node {
	report := api.Node{
		Name: b.cfg.Name, Status: statusUp, TimeMillis: b.cfg.Now().UnixMilli(), Version: b.cfg.Version,
		Chaos: b.cfg.Process.Chaos(), Demo: b.cfg.Process.Demo(), Faults: []api.Fault{}, Events: []api.LogEvent{},
	}
	for _, fault := range b.cfg.Process.Links() {
		report.Faults = append(report.Faults, faultOf(fault))
	}
	node, err := b.node()
	switch {
	case errors.Is(err, ErrKilled):
		report.Status = statusKilled
	case err != nil:
		report.Status = statusStarting
	default:
		report.Here = b.figures(node)
	}
	return report
}

// whyReadOnly says why a store refuses writes, without the words that it does.
func whyReadOnly(health error) string {
	return strings.TrimPrefix(textOf(health), engine.ErrReadOnly.Error()+": ")
}

func (b *backend) figures(node Node) *api.NodeFigures {
	view, figures, repairs, health := node.Ring(), node.Figures(), node.Repair.Status(), node.Store.Health()
	h := &api.NodeFigures{
		ID: idText(ring.IDOf(node.Name())), RingVersion: view.Version(), RingDigest: fmt.Sprintf("%016x", view.Digest()),
		UptimeS: node.Uptime().Seconds(),
		Keys:    figures.Keys, Bytes: figures.Bytes, HintsFor: make(map[string]int64),
		Totals: totalsOf(node), ReadOnly: whyReadOnly(health), DiskFilled: errors.Is(health, engine.ErrFilled), Refilling: textOfDoubt(node.Disk.Doubt()),
		RepairPausedMillis: millisOf(repairs.Paused), HintsHeldMillis: millisOf(repairs.HintsHeld), DrainingMillis: millisOf(b.cfg.Process.DrainingSince()),
	}
	for id, hints := range figures.Hints {
		h.HintsFor[view.Name(id)] = hints.Count
	}
	reads, writes := b.waitTimes()
	h.ReadTimes, h.WriteTimes = timesOf(reads), timesOf(writes)
	return h
}

// textOfDoubt says why the others fill a node; empty if they do not.
func textOfDoubt(d engine.Doubt) string {
	switch d {
	case engine.NoDoubt:
		return ""
	case engine.Outdated:
		return "its disk was older than the cluster remembers, as one that is put back from a backup"
	}
	return "its disk was lost, or is a new one"
}

func totalsOf(node Node) api.Totals {
	c, repair := node.Coordinator.Counters(), node.Repair.Status()
	return api.Totals{
		Reads: c.Reads.Load(), Writes: c.Writes.Load(), Errors: c.NoQuorum.Load(), Forwards: c.Forwards.Load(),
		Divergent: c.Divergent.Load(), ReadRepairs: c.ReadRepairs.Load(),
		HintsStored: node.Store.Metrics().HintsStored, HintsDelivered: repair.Hints.Delivered,
		KeysHealed: repair.Exchanges.KeysExchanged,
	}
}
