package replica

import "github.com/quorate/quorate/cluster/core/object"

// A large collection changes by deltas, and its copies do not travel for each of them:
//
//   - A write of some elements asks fallbacks only if the primaries are too few for its quorum
//     ([coordination.Write.SpareFallbacks]). What a fallback keeps is whole.
//   - Deltas of one collection may overtake each other on their way. A primary that refuses one is sent
//     it again, by when those before it have arrived, mostly.
//   - A primary that has missed a change gets no hint of it from another primary. The two compare
//     their copies when they can reach each other again (Config.Missed).
//
// Otherwise one node that is down or slow would make each change of a million elements cost as much
// as all of them.

// mostTries bounds how often a delta of a large collection is sent again to one that refuses it, before
// the client is answered.
const mostTries = 3

// leftToComparison reports whether no hint is kept of what a node has missed, because it is a change
// of a large collection of which both this node and that one are primaries. Then it lets the copies
// be compared.
func leftToComparison(c *Coordinator, h *lateHint) bool {
	view := c.cfg.Ring()
	if !h.current && int64(len(h.object)) < c.cfg.LargeBytes || h.node == c.cfg.Self || view.InTransition() ||
		!view.IsPrimary(c.cfg.Self, h.partition) || !view.IsPrimary(h.node, h.partition) {
		return false
	}
	headAlone := func() (object.Selection, bool) { return object.Selection{}, true }
	if own, err := c.cfg.Store.FindPart(h.partition, h.key, headAlone, nil); err != nil || !own.Part || own.Rest.Bytes < c.cfg.LargeBytes {
		return false
	}
	c.count.LeftToComparison.Add(1)
	c.cfg.Missed(h.node)
	return true
}
