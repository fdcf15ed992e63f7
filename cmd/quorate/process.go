package main

import (
	"context"
	"fmt"
	"time"

	"github.com/quorate/quorate/admin"
	"github.com/quorate/quorate/cluster/core/histogram"
	"github.com/quorate/quorate/cluster/peer/fault"
	"github.com/quorate/quorate/engine"
	"github.com/quorate/quorate/server/tracing"
)

// process is what an admin port may do to its process.
type process struct {
	own         *supervisor // behind this port
	supervisors *supervisors
	links       *fault.Links                          // nil: nothing may be broken
	recorder    *tracing.Recorder                     // nil: no traces
	addNode     func(context.Context) (string, error) // nil: no nodes may be added
}

// Node implements [admin.Process].
func (p *process) Node() (admin.Node, error) { return p.own.Node() }

// Chaos implements [admin.Process].
func (p *process) Chaos() bool { return p.links != nil }

// Demo implements [admin.Process].
func (p *process) Demo() bool { return p.addNode != nil }

// Kill implements [admin.Process].
func (p *process) Kill(node string) error {
	h, err := p.find(node)
	if err != nil {
		return err
	}
	return h.kill()
}

// Revive implements [admin.Process].
func (p *process) Revive(node string) error { return p.revive(node, start{}) }

// ReviveEmpty implements [admin.Process].
func (p *process) ReviveEmpty(node string) error { return p.revive(node, start{loseData: true}) }

func (p *process) revive(node string, how start) error {
	h, err := p.find(node)
	if err != nil {
		return err
	}
	return h.revive(how)
}

func (p *process) find(node string) (*supervisor, error) {
	if !p.Chaos() {
		return nil, admin.ErrChaosForbidden
	}
	if h := p.supervisors.find(node); h != nil {
		return h, nil
	}
	return nil, admin.ErrNotHere
}

// Links implements [admin.Process].
func (p *process) Links() []fault.Link {
	if !p.Chaos() {
		return nil
	}
	return p.links.Faulty()
}

// SetLinks implements [admin.Process].
func (p *process) SetLinks(faults []fault.Link) error {
	if !p.Chaos() {
		return admin.ErrChaosForbidden
	}
	return p.links.Set(faults)
}

// SetClock implements [admin.Process].
func (p *process) SetClock(node string, offset time.Duration) error {
	h, err := p.find(node)
	if err != nil {
		return err
	}
	h.clock.set(offset)
	return nil
}

// FillDisk implements [admin.Process].
func (p *process) FillDisk(node string) error { return p.onStore(node, (*engine.Store).FillDisk) }

// UnfillDisk implements [admin.Process].
func (p *process) UnfillDisk(node string) error { return p.onStore(node, (*engine.Store).UnfillDisk) }

// onStore calls fn with the store of a node that runs.
func (p *process) onStore(node string, fn func(*engine.Store)) error {
	h, err := p.find(node)
	if err != nil {
		return err
	}
	l, why := h.state()
	if l == nil {
		return why
	}
	fn(l.node.Store())
	return nil
}

// AddNode implements [admin.Process].
func (p *process) AddNode(ctx context.Context) (string, error) {
	if !p.Demo() {
		return "", admin.ErrNotDemo
	}
	return p.addNode(ctx)
}

// maxThrough bounds the addresses that a node may be told to join through.
const maxThrough = 64

// Join implements [admin.Process].
func (p *process) Join(through []string) error {
	if len(through) == 0 || len(through) > maxThrough {
		return fmt.Errorf("%w: %d of them, want 1 to %d", admin.ErrBadPeerAddr, len(through), maxThrough)
	}
	for _, addr := range through {
		if err := checkReachable(addr); err != nil {
			return fmt.Errorf("%w %q: %w", admin.ErrBadPeerAddr, addr, err)
		}
	}
	return p.own.join(through)
}

// Clients implements [admin.Process].
func (p *process) Clients() int {
	if l, _ := p.own.state(); l != nil {
		return l.client.Connected()
	}
	return 0
}

// Drain implements [admin.Process].
func (p *process) Drain() error { return p.own.drain() }

// Undrain implements [admin.Process].
func (p *process) Undrain() error { return p.own.undrain() }

// DrainingSince implements [admin.Process].
func (p *process) DrainingSince() time.Time {
	if l, _ := p.own.state(); l != nil {
		return l.drainingSince()
	}
	return time.Time{}
}

// Commands implements [admin.Process].
func (p *process) Commands(fn func(histogram.CommandTimes)) {
	if l, _ := p.own.state(); l != nil {
		l.client.EachCommand(fn)
	}
}

// Tracing implements [admin.Process].
func (p *process) Tracing() admin.TracingCounts {
	if p.recorder == nil {
		return admin.TracingCounts{}
	}
	return admin.TracingCounts(p.recorder.Counts())
}
