package cluster

import (
	"cmp"
	"fmt"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/handoff"
	"github.com/quorate/quorate/cluster/membership"
	"github.com/quorate/quorate/engine"
)

// diskTrust is what the membership asks and tells about the node's data.
type diskTrust struct{ n *Node }

// Unrepaired reports whether the node may lack what it has acknowledged.
func (d diskTrust) Unrepaired() bool { return d.n.store.DiskLoss().Unrepaired() }

// Outdated notes that the disk is older than the node, so that the others fill it. A copy
// from before the tombstone grace cannot be filled: it holds values whose deletion
// nobody remembers.
func (d diskTrust) Outdated(start ring.Incarnation) error {
	n := d.n
	last, err := handoff.LastInSync(n.store.State())
	if err != nil {
		return err
	}
	if handoff.LongAway(last, n.cfg.Now(), cmp.Or(n.cfg.TombstoneGrace, DefaultTombstoneGrace)) {
		return fmt.Errorf("last in sync at %v: %w", last, membership.ErrOutdated)
	}
	n.store.Outgrow(start)
	return d.mark(engine.Outdated)
}

// Lost notes that the disk has nothing of what the node is to hold.
func (d diskTrust) Lost() error { return d.mark(engine.Lost) }

// Outgrow keeps what was made in an earlier start from being counted on.
func (d diskTrust) Outgrow(start ring.Incarnation) { d.n.store.Outgrow(start) }

func (d diskTrust) mark(doubt engine.Doubt) error {
	err := d.n.store.DiskLoss().Mark(doubt)
	d.n.doubt()
	return err
}

// doubt makes the node wait until it is filled.
func (n *Node) doubt() {
	select {
	case n.doubted <- struct{}{}:
	default:
	}
}

// claimed tells the bootstrap that a member of a cluster takes this node for one of its
// members.
func (n *Node) claimed(name, cluster string) {
	select {
	case n.named <- membership.Caller{Name: name, Cluster: cluster}:
	default:
	}
}
