package replica

import (
	"slices"
	"time"

	"github.com/quorate/quorate/cluster/core/quorum"
	"github.com/quorate/quorate/cluster/core/ring"
)

// While the ring changes, nodes read by different rings. So a write also goes to the others:
// those that are primaries by the ring before or after the change alone ([ring.Ring.Others]), and
// those by a ring that came while the update was under way.
//
// Who the others are is asked after the update was applied to this node's copy. A node that
// gains the key compares its copy with this one after this node has said that it knows the
// change. If it had not said so yet when it asked, the comparison finds the update. If it had,
// the node that gains is one of the others.

// mostWalk bounds a walk, so that there are places for the others: the primaries by two more
// rings.
const mostWalk = quorum.MaxNodes - 2*quorum.MaxReplicas

// findOthers notes who besides the primaries gets the write of an op that was applied here.
func findOthers(o *op) {
	latest := o.f.c.cfg.Ring()
	o.others = latest.Others(o.p)
	if latest == o.f.ring && len(o.others) == 0 {
		return
	}
	all := slices.Concat(latest.Primaries(o.p), o.others)
	all = slices.DeleteFunc(all, func(id ring.NodeID) bool { return slices.Contains(o.walk[:o.n], id) })
	o.others = all[:min(len(all), quorum.MaxNodes-len(o.walk))]
}

// upOfOthers returns those of the others that can be asked now.
func upOfOthers(o *op) (up quorum.Nodes) {
	for i, id := range o.others {
		if id != o.f.c.cfg.Self && o.canAsk(id) {
			up = up.With(len(o.walk) + i)
		}
	}
	return up
}

// writeWait returns how long the nodes that a write waits for may take. Those that count for
// no quorum may take as long as any node that is asked to read.
func writeWait(o *op) time.Duration {
	tally, waiting := o.write.Tally(), o.write.Others()
	if waiting == 0 || !tally.Won() {
		return o.longestStoreWait(tally.Waiting())
	}
	wait := o.longestWait(0)
	for i, id := range o.others {
		if waiting.Has(len(o.walk) + i) {
			wait = max(wait, o.f.c.cfg.Channel.WaitTime(id))
		}
	}
	return wait
}

// wantsHint reports whether a node that has missed a write is to get it later. One that was
// a primary before the last change of the ring is not.
func wantsHint(view *ring.Ring, p ring.Partition, id ring.NodeID) bool {
	return view.IsPrimary(id, p) || view.IsReceiving(id, p)
}
