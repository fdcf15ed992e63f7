package replica

import "github.com/quorate/quorate/engine"

// A large collection changes by deltas, and its copies do not travel for each of them:
//
//   - A write of some elements asks fallbacks only if the primaries are too few for its quorum
//     ([coordination.Write.SpareFallbacks]). What a fallback keeps is whole.
//   - Deltas of one collection may overtake each other on their way. A primary that refuses one is sent
//     it again, by when those before it have arrived, mostly.
//   - A primary that has missed a change gets no hint of it from another primary. It is sent the delta
//     again for a while (redelivery.go). After that the two compare their copies, when they can reach
//     each other (Config.Missed).
//
// Otherwise one node that is down or slow would make each change of a million elements cost as much
// as all of them.

// mostTries bounds how often a delta of a large collection is sent again to one that refuses it, before
// the client is answered.
const mostTries = 3

// isOfLarge reports whether what a node has missed is a change of a large collection of which both
// this node and that one are primaries. No hint is kept of it.
func isOfLarge(c *Coordinator, h *lateHint) bool {
	view := c.cfg.Ring()
	if !h.current && int64(len(h.object)) < c.cfg.LargeBytes || h.node == c.cfg.Self || view.InTransition() ||
		!view.IsPrimary(c.cfg.Self, h.partition) || !view.IsPrimary(h.node, h.partition) {
		return false
	}
	own, err := c.cfg.Store.FindPart(h.partition, h.key, engine.HeadAlone, nil)
	return err == nil && own.Part && own.Rest.Bytes >= c.cfg.LargeBytes
}
