package sim

import (
	"context"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/message"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/core/wire"
	"github.com/quorate/quorate/cluster/handoff"
	"github.com/quorate/quorate/cluster/membership"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/engine"
)

// Defects of one part of a node, which take the place of that part, or of frames.

// spoil answers a request in place of the node that it is to, if the run is to break a
// rule in that way, and reports whether it did.
func (c *cluster) spoil(p *packet) bool {
	switch d := c.opts.defect; {
	case d == defectSkewed && p.kind == peer.Forward && (p.from.bubble.skew-p.to.bubble.skew).Abs() > time.Second:
		c.complete(p, nil, &peer.RemoteError{Kind: p.kind, Message: "the update is from the future, or too old"})
	case d == defectClones && p.kind == peer.Identify:
		c.complete(p, nil, &peer.RemoteError{Kind: p.kind, Message: "unknown kind of message"})
	case d == defectEarly && p.kind == peer.Write && p.class == peer.Background && !p.spoiled:
		p.spoiled = true
		c.complete(p, nil, nil)
		c.after(earlyBy, func() { c.deliver(p) })
	case d == defectHollow && p.kind == peer.Write && !p.spoiled && !p.toPrimary():
		p.spoiled = true
		c.complete(p, nil, nil)
		c.after(earlyBy, func() { c.deliver(p) })
	case d == defectBounds && p.kind == peer.ClearBound:
		later := causal.Epoch(unixMilli(c.now)+time.Hour.Milliseconds()) << 20
		c.complete(p, wire.AppendUint64(nil, uint64(later)), nil)
	case p.kind == peer.ClearExchange && (d == defectDeaf || d == defectBounds && p.to.node.index == 0):
		c.complete(p, append(wire.AppendFlag(nil, true), p.body...), nil)
	default:
		return false
	}
	return true
}

// misdirect changes what the coordinator of an op is asked for, if the run is to break a rule in
// that way.
func (c *cluster) misdirect(o *op) {
	switch u := o.request.Update; {
	case c.opts.defect == defectLasting && o.isOfEnding() && o.action == actionExpire:
		u.Expiry += (100 * time.Hour).Milliseconds()
	case c.opts.defect == defectFleeting && o.action == actionPersist:
		*u = register.Update{Kind: register.Expire, Condition: register.IfLess, Expiry: unixMilli(c.now + 100*time.Hour)}
	case c.opts.defect == defectIDs && o.isOfStream() && o.action == actionAdd:
		change := o.changeOfStream()
		change.Number, change.Seed = change.Number/1000*1000, 0
		u.Data = change.Append(nil)
	case c.opts.defect == defectTrims && o.action == actionTrim:
		u.Data = (&collection.Command{Op: collection.StreamTrim, Args: [][]byte{collection.Trim{}.Append(nil)}}).Append(nil)
	}
}

// earlyBy is how long before a write it is acknowledged.
const earlyBy = 300 * time.Millisecond

// misclass is the class of a request as its node sees it. A background write that seems
// to be of the foreground is acknowledged before it is synced.
func (c *cluster) misclass(p *packet) peer.Class {
	switch {
	case c.opts.defect == defectMemory && p.kind == peer.Write:
		return peer.Foreground
	case c.opts.defect == defectDeaf || c.opts.defect == defectBounds: // and nobody looks at the mark
		return peer.Background
	}
	return p.class
}

// trust is what membership asks and tells about this node's disk.
func (l *life) trust() membership.Trust {
	if l.node.in.opts.defect == defectTrust {
		return credulous{l.recovery}
	}
	return watched{l.recovery, l.node}
}

// watched notes that a node has noticed what became of its disk.
type watched struct {
	membership.Trust
	node *node
}

func (w watched) Outdated(start ring.Incarnation) error {
	w.node.outdated.Store(false)
	return w.Trust.Outdated(start)
}

// credulous takes every disk for the newest.
type credulous struct{ membership.Trust }

func (credulous) Outdated(ring.Incarnation) error { return nil }

// hastyTick is how often a reaper looks that waits for nothing.
const hastyTick = 100 * time.Millisecond

// reap is the work of the reaper.
func (l *life) reap(ctx context.Context) error {
	if l.node.in.opts.defect != defectReaper {
		return l.reaper.Run(ctx)
	}
	// It asks nobody, and waits for nothing.
	tick := time.NewTicker(l.node.odd(hastyTick, 3))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		for i := range l.node.in.opts.Partitions {
			p := ring.Partition(i)
			page, err := l.store.Tombstones().Page(engine.DeadBefore(p, l.node.wall()), 1000)
			if err != nil {
				return err
			}
			if _, err := l.store.Tombstones().Reap(page.Refs); err != nil {
				return err
			}
		}
	}
}

// sources is what the mover copies from.
func (l *life) sources() handoff.Exchanger {
	if l.node.in.opts.defect == defectSources {
		return noSources{l.exchanger}
	}
	return l.exchanger
}

// noSources takes every copy for equal to the node's own.
type noSources struct{ handoff.Exchanger }

func (noSources) Differing(context.Context, ring.NodeID, []ring.Partition) (differing, unknown []ring.Partition, err error) {
	return nil, nil, nil
}

// toPrimary reports whether a packet is to a primary of the key that it writes, by the ring of
// its sender.
func (p *packet) toPrimary() bool {
	d := wire.NewReader(p.body)
	message.ReadHead(&d)
	return p.from.ring().IsPrimary(p.to.node.id, message.ReadWrite(&d).Partition)
}

// forget lets a node forget who may not have heard of a change of the ring, if the run is to
// break a rule in that way.
func forget(l *life) {
	switch view := l.ring(); l.node.in.opts.defect {
	case defectFormer:
		l.state.Confirm(view.LayoutNumber())
	case defectLeft:
		for _, m := range view.Left() {
			l.state.Confirm(0, m.ID)
		}
	}
}
