package admin

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer/fault"
)

// Fate is what POST /api/nodes/{node}/kill and /revive answer.
type Fate struct {
	Node   string `json:"node"`
	Status string `json:"status"` // killed or reviving
}

func (s *Server) postKill(ctx context.Context, c *call) (any, error) {
	node := c.text("node")
	if err := s.cfg.Process.Kill(node); err != nil {
		return s.elsewhere(ctx, c, node, nil, err)
	}
	return Fate{node, statusKilled}, nil
}

// Revival is the body of POST /api/nodes/{node}/revive.
type Revival struct {
	LoseDisk bool `json:"lose_disk,omitempty"` // it comes back with an empty disk
}

func (s *Server) postRevive(ctx context.Context, c *call) (any, error) {
	var how Revival
	if err := c.json(&how); err != nil {
		return nil, err
	}
	node := c.text("node")
	if err := s.cfg.Process.Revive(node, how.LoseDisk); err != nil {
		return s.elsewhere(ctx, c, node, how, err)
	}
	return Fate{node, "reviving"}, nil
}

// Faults on links are the same table in every process: each obeys what concerns
// its own sockets. A change reads the tables of all, and replaces all of them; of
// two changes at once, the later wins, process by process.

// Links is what a change of links answers.
type Links struct {
	Links   []Link   `json:"links"`   // all that is wrong now
	Missing []string `json:"missing"` // whose port did not take it
}

// Cut is the body of POST /api/nodes/{node}/partition.
type Cut struct {
	From      []string `json:"from,omitempty"`      // default: all others
	Direction string   `json:"direction,omitempty"` // both (default), in or out, as seen from the node
}

func (s *Server) postCut(ctx context.Context, c *call) (any, error) {
	var cut Cut
	if err := c.json(&cut); err != nil {
		return nil, err
	}
	way, ok := ways[cut.Direction]
	if !ok {
		return nil, fmt.Errorf("%w: direction is %.40q, want both, in or out", errBadRequest, cut.Direction)
	}
	return s.around(ctx, c, cut.From, func(f *fault.Link, outwards bool) {
		if outwards && way.out || !outwards && way.in {
			f.Cut = true
		}
	})
}

// way says in which directions a fault works, as seen from a node.
type way struct{ in, out bool }

var ways = map[string]way{"": {true, true}, "both": {true, true}, "in": {in: true}, "out": {out: true}}

// Slowness is the body of POST /api/nodes/{node}/slow.
type Slowness struct {
	With        []string `json:"with,omitempty"` // default: all others
	DelayMillis int64    `json:"delay_ms,omitempty"`
	Loss        float64  `json:"loss,omitempty"` // the share of packets lost, 0 to 1
}

func (s *Server) postSlow(ctx context.Context, c *call) (any, error) {
	var slow Slowness
	if err := c.json(&slow); err != nil {
		return nil, err
	}
	if slow.DelayMillis < 0 || slow.DelayMillis > fault.MaxDelay.Milliseconds() {
		return nil, fmt.Errorf("%w: delay_ms is %d, want 0 to %d", errBadRequest, slow.DelayMillis, fault.MaxDelay.Milliseconds())
	}
	if !(slow.Loss >= 0 && slow.Loss <= 1) {
		return nil, fmt.Errorf("%w: loss is %v, want 0 to 1", errBadRequest, slow.Loss)
	}
	return s.around(ctx, c, slow.With, func(f *fault.Link, _ bool) {
		f.Delay, f.Loss = time.Duration(slow.DelayMillis)*time.Millisecond, slow.Loss
	})
}

func (s *Server) postHealNode(ctx context.Context, c *call) (any, error) {
	if err := c.json(new(struct{})); err != nil {
		return nil, err
	}
	return s.around(ctx, c, nil, func(f *fault.Link, _ bool) { f.Cut, f.Delay, f.Loss = false, 0, 0 })
}

func (s *Server) postHeal(ctx context.Context, c *call) (any, error) {
	if err := c.json(new(struct{})); err != nil {
		return nil, err
	}
	return s.changeLinks(ctx, func(*linkTable) error { return nil }, nothing)
}

// Split is the body of POST /api/partition.
type Split struct {
	Groups [][]string `json:"groups"` // who can still talk to each other; whoever is in none can talk to all
}

func (s *Server) postSplit(ctx context.Context, c *call) (any, error) {
	var split Split
	if err := c.json(&split); err != nil {
		return nil, err
	}
	if len(split.Groups) < 2 {
		return nil, fmt.Errorf("%w: groups: want two or more lists of nodes", errBadRequest)
	}
	return s.changeLinks(ctx, func(t *linkTable) error {
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
	}, present)
}

// around changes the links between the node of the path and others, both ways.
func (s *Server) around(ctx context.Context, c *call, with []string, change func(f *fault.Link, outwards bool)) (any, error) {
	return s.changeLinks(ctx, func(t *linkTable) error {
		m, err := t.member(c.text("node"))
		if err != nil {
			return err
		}
		others := t.here.ring.Members()
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
	}, present)
}

// linkTable is the faults of the whole cluster while they are changed.
type linkTable struct {
	here   *standing
	faults map[[2]string]*fault.Link
}

func (t *linkTable) member(node string) (ring.Member, error) { return findMember(t.here.ring, node) }

func (t *linkTable) at(from, to string) *fault.Link {
	f := t.faults[[2]string{from, to}]
	if f == nil {
		f = &fault.Link{From: from, To: to}
		t.faults[[2]string{from, to}] = f
	}
	return f
}

// basis is what a change of links begins from.
type basis int

const (
	present basis = iota
	nothing
)

// changeLinks changes the faults of all processes.
func (s *Server) changeLinks(ctx context.Context, change func(*linkTable) error, from basis) (any, error) {
	if !s.cfg.Process.Chaos() {
		return nil, ErrChaosForbidden
	}
	here, err := s.stands()
	if err != nil {
		return nil, err
	}
	facts := s.allFacts(ctx, same("/api/node"))
	t := &linkTable{here: here, faults: make(map[[2]string]*fault.Link)}
	if from == present {
		for _, l := range linksOf(here.ring, facts) {
			a, _ := t.member(l.From)
			b, _ := t.member(l.To)
			*t.at(a.PeerAddr, b.PeerAddr) = Fault{a.PeerAddr, b.PeerAddr, l.Cut, l.DelayMillis, l.Loss}.fault()
		}
	}
	if err := change(t); err != nil {
		return nil, err
	}
	table := Table{Faults: []Fault{}}
	for _, f := range t.faults {
		if f.Cut || f.Delay > 0 || f.Loss > 0 {
			table.Faults = append(table.Faults, faultOf(*f))
		}
	}
	return s.spreadLinks(ctx, here, table)
}

// spreadLinks brings a table to every process.
func (s *Server) spreadLinks(ctx context.Context, here *standing, table Table) (any, error) {
	if err := s.setLinks(table); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, fanoutTimeout)
	defer cancel()
	out := Links{Links: linksOf(here.ring, map[string]Facts{here.self: {Faults: table.Faults}})}
	_, out.Missing = askAll[Table](ctx, s.ports, here.others(), http.MethodPut, same("/api/node/links"), table)
	return out, nil
}

// Table is all the faults of one process: the body of PUT /api/node/links.
type Table struct {
	Faults []Fault `json:"faults"`
}

func (s *Server) putLinks(_ context.Context, c *call) (any, error) {
	var table Table
	if err := c.json(&table); err != nil {
		return nil, err
	}
	return table, s.setLinks(table)
}

// setLinks replaces the faults of this process.
func (s *Server) setLinks(table Table) error {
	faults := make([]fault.Link, 0, len(table.Faults))
	for _, f := range table.Faults {
		f.DelayMillis = min(f.DelayMillis, math.MaxInt32) // more is refused all the same
		faults = append(faults, f.fault())
	}
	if err := s.cfg.Process.SetLinks(faults); err != nil {
		return err
	}
	s.log.Info("links changed", "faults", len(faults))
	return nil
}
