package admin

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"time"

	"github.com/quorate/quorate/admin/api"
	"github.com/quorate/quorate/admin/fanout"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer/fault"
)

// chaosHandlers kills nodes and breaks links.
type chaosHandlers struct{ *backend }

func (h *chaosHandlers) postKill(ctx context.Context, c *call) (any, error) {
	node := c.text("node")
	if err := h.cfg.Process.Kill(node); err != nil {
		return h.forward(ctx, c, node, nil, err)
	}
	return api.NodeState{Node: node, Status: statusKilled}, nil
}

func (h *chaosHandlers) postRevive(ctx context.Context, c *call) (any, error) {
	var how api.ReviveRequest
	if err := c.json(&how); err != nil {
		return nil, err
	}
	node := c.text("node")
	revive := h.cfg.Process.Revive
	if how.LoseDisk {
		revive = h.cfg.Process.ReviveEmpty
	}
	if err := revive(node); err != nil {
		return h.forward(ctx, c, node, how, err)
	}
	return api.NodeState{Node: node, Status: "reviving"}, nil
}

// Every process has the same table of faults on links, and applies the rows that
// concern its own sockets. A change reads the tables of all processes and replaces all
// of them. Of two changes at once the later one wins, in each process by itself.

func (h *chaosHandlers) postCut(ctx context.Context, c *call) (any, error) {
	var cut api.CutRequest
	if err := c.json(&cut); err != nil {
		return nil, err
	}
	way, ok := ways[cut.Direction]
	if !ok {
		return nil, fmt.Errorf("%w: direction is %.40q, want both, in or out", errBadRequest, cut.Direction)
	}
	return h.changeAround(ctx, c, cut.From, func(f *fault.Link, outwards bool) {
		if outwards && way.out || !outwards && way.in {
			f.Cut = true
		}
	})
}

// way says in which directions a fault works, as seen from a node.
type way struct{ in, out bool }

var ways = map[string]way{"": {true, true}, "both": {true, true}, "in": {in: true}, "out": {out: true}}

func (h *chaosHandlers) postSlow(ctx context.Context, c *call) (any, error) {
	var slow api.SlowRequest
	if err := c.json(&slow); err != nil {
		return nil, err
	}
	if slow.DelayMillis < 0 || slow.DelayMillis > fault.MaxDelay.Milliseconds() {
		return nil, fmt.Errorf("%w: delay_ms is %d, want 0 to %d", errBadRequest, slow.DelayMillis, fault.MaxDelay.Milliseconds())
	}
	if !(slow.Loss >= 0 && slow.Loss <= 1) {
		return nil, fmt.Errorf("%w: loss is %v, want 0 to 1", errBadRequest, slow.Loss)
	}
	return h.changeAround(ctx, c, slow.With, func(f *fault.Link, _ bool) {
		f.Delay, f.Loss = time.Duration(slow.DelayMillis)*time.Millisecond, slow.Loss
	})
}

func (h *chaosHandlers) postHealNode(ctx context.Context, c *call) (any, error) {
	if err := c.json(new(struct{})); err != nil {
		return nil, err
	}
	return h.changeAround(ctx, c, nil, func(f *fault.Link, _ bool) { f.Cut, f.Delay, f.Loss = false, 0, 0 })
}

func (h *chaosHandlers) postHeal(ctx context.Context, c *call) (any, error) {
	if err := c.json(new(struct{})); err != nil {
		return nil, err
	}
	return h.changeLinks(ctx, func(*linkTable) error { return nil }, noFaults)
}

func (h *chaosHandlers) postSplit(ctx context.Context, c *call) (any, error) {
	var split api.SplitRequest
	if err := c.json(&split); err != nil {
		return nil, err
	}
	if len(split.Groups) < 2 {
		return nil, fmt.Errorf("%w: groups: want two or more lists of nodes", errBadRequest)
	}
	return h.changeLinks(ctx, func(t *linkTable) error {
		group := make(map[string]int)
		for i, names := range split.Groups {
			for _, name := range names {
				m, err := t.member(name)
				if err != nil {
					return err
				}
				if _, twice := group[m.PeerAddr]; twice {
					return fmt.Errorf("%w: %s is named twice", errBadRequest, m.Name)
				}
				group[m.PeerAddr] = i
			}
		}
		for from, a := range group {
			for to, b := range group {
				if from != to {
					t.at(from, to).Cut = a != b
				}
			}
		}
		return nil
	}, presentFaults)
}

// changeAround changes the links between the node of the path and others, in both
// directions.
func (h *chaosHandlers) changeAround(ctx context.Context, c *call, with []string, change func(f *fault.Link, outwards bool)) (any, error) {
	return h.changeLinks(ctx, func(t *linkTable) error {
		m, err := t.member(c.text("node"))
		if err != nil {
			return err
		}
		others := t.here.Ring.Members()
		if with != nil {
			others = nil
		}
		for _, name := range with {
			other, err := t.member(name)
			if err != nil {
				return err
			}
			if other.ID == m.ID {
				return fmt.Errorf("%w: %s has no link to itself", errBadRequest, m.Name)
			}
			others = append(others, other)
		}
		for _, other := range others {
			if other.ID != m.ID {
				change(t.at(m.PeerAddr, other.PeerAddr), true)
				change(t.at(other.PeerAddr, m.PeerAddr), false)
			}
		}
		return nil
	}, presentFaults)
}

// linkTable holds the faults of the whole cluster while they are changed.
type linkTable struct {
	here   *fanout.Snapshot
	faults map[[2]string]*fault.Link
}

func (t *linkTable) member(node string) (ring.Member, error) { return findMember(t.here.Ring, node) }

func (t *linkTable) at(from, to string) *fault.Link {
	f := t.faults[[2]string{from, to}]
	if f == nil {
		f = &fault.Link{From: from, To: to}
		t.faults[[2]string{from, to}] = f
	}
	return f
}

// basis says which faults a change of links starts from.
type basis int

const (
	presentFaults basis = iota
	noFaults
)

// changeLinks changes the faults of all processes.
func (h *chaosHandlers) changeLinks(ctx context.Context, change func(*linkTable) error, from basis) (any, error) {
	if !h.cfg.Process.Chaos() {
		return nil, ErrChaosForbidden
	}
	here, err := h.snapshot()
	if err != nil {
		return nil, err
	}
	reports := h.allReports(ctx, fanout.Same("/api/node"))
	t := &linkTable{here: here, faults: make(map[[2]string]*fault.Link)}
	if from == presentFaults {
		for _, l := range linksOf(here.Ring, reports) {
			a, _ := t.member(l.From)
			b, _ := t.member(l.To)
			*t.at(a.PeerAddr, b.PeerAddr) = linkOf(api.Fault{From: a.PeerAddr, To: b.PeerAddr, Cut: l.Cut, DelayMillis: l.DelayMillis, Loss: l.Loss})
		}
	}
	if err := change(t); err != nil {
		return nil, err
	}
	table := api.FaultTable{Faults: []api.Fault{}}
	for _, f := range t.faults {
		if f.Cut || f.Delay > 0 || f.Loss > 0 {
			table.Faults = append(table.Faults, faultOf(*f))
		}
	}
	return h.pushLinks(ctx, here, table)
}

// pushLinks sends a table to every process.
func (h *chaosHandlers) pushLinks(ctx context.Context, here *fanout.Snapshot, table api.FaultTable) (any, error) {
	if err := h.setLinks(table); err != nil {
		return nil, err
	}
	out := api.LinkFaults{Links: linksOf(here.Ring, map[string]api.Node{here.Self: {Faults: table.Faults}})}
	_, out.Missing = fanout.All[api.FaultTable](ctx, h.ports, here.Others(), fanout.Question{Method: http.MethodPut, Path: fanout.Same("/api/node/links"), Body: table})
	return out, nil
}

func (h *chaosHandlers) putLinks(_ context.Context, c *call) (any, error) {
	var table api.FaultTable
	if err := c.json(&table); err != nil {
		return nil, err
	}
	return table, h.setLinks(table)
}

// setLinks replaces the faults of this process.
func (h *chaosHandlers) setLinks(table api.FaultTable) error {
	faults := make([]fault.Link, 0, len(table.Faults))
	for _, f := range table.Faults {
		f.DelayMillis = min(f.DelayMillis, math.MaxInt32) // SetLinks refuses more than that
		faults = append(faults, linkOf(f))
	}
	if err := h.cfg.Process.SetLinks(faults); err != nil {
		return err
	}
	h.log.Info("links changed", "faults", len(faults))
	return nil
}
