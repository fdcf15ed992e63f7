package admin

import (
	"cmp"
	"context"
	"slices"

	"github.com/quorate/quorate/admin/api"
	"github.com/quorate/quorate/admin/fanout"
	"github.com/quorate/quorate/cluster/peer"
)

// gossipHandlers serves how the nodes see each other.
type gossipHandlers struct{ *backend }

// maxChanges bounds the changes of the ring that are shown.
const maxChanges = 20

func (h *gossipHandlers) getGossip(ctx context.Context, c *call) (any, error) {
	own := gossipOf(c.node)
	if c.local() {
		return own, nil
	}
	here := snapshotOf(c.node)
	all, _ := fanout.All[api.Gossip](ctx, h.ports, here.Others(), fanout.Get("/api/gossip?local=1"))
	all[here.Self] = own
	out := api.Gossip{IntervalMillis: own.IntervalMillis, Nodes: []api.GossipNode{}}
	changes := make(map[uint64]*api.RingChange)
	for _, m := range here.Ring.Members() {
		g, ok := all[m.Name]
		if !ok || len(g.Nodes) != 1 {
			out.Nodes = append(out.Nodes, api.GossipNode{Node: m.Name, Sees: []api.Observation{}})
			continue
		}
		out.Nodes = append(out.Nodes, g.Nodes[0])
		addChanges(changes, g.Changes)
	}
	out.Changes = newestChanges(changes)
	return out, nil
}

// addChanges adds the changes that one node has seen to those of others, by version.
func addChanges(changes map[uint64]*api.RingChange, seen []api.RingChange) {
	for _, change := range seen {
		if known := changes[change.Version]; known != nil {
			known.Seen = append(known.Seen, change.Seen...)
		} else {
			changes[change.Version] = &change
		}
	}
}

// newestChanges returns the newest changes of the ring, each with the nodes in the order
// in which they learned of it.
func newestChanges(changes map[uint64]*api.RingChange) []api.RingChange {
	list := []api.RingChange{}
	for _, change := range changes {
		slices.SortFunc(change.Seen, func(a, b api.Seen) int {
			return cmp.Or(cmp.Compare(a.AtMillis, b.AtMillis), cmp.Compare(a.Node, b.Node))
		})
		list = append(list, *change)
	}
	slices.SortFunc(list, func(a, b api.RingChange) int { return cmp.Compare(b.Version, a.Version) })
	return list[:min(len(list), maxChanges)]
}

// gossipOf returns what one node knows by itself.
func gossipOf(node Node) api.Gossip {
	view := node.Ring()
	g := api.GossipNode{Node: node.Name(), Answered: true, RingVersion: view.Version(), RingDigest: hash(view.Digest()), Health: node.Gossip.Health(), Sees: []api.Observation{}}
	peers := node.Channel.Status()
	for _, m := range view.Members() {
		if m.Name == node.Name() {
			continue
		}
		observed := node.Gossip.Observe(m.ID)
		seen := api.Observation{Node: m.Name, State: string(observed.State), SinceMillis: millisOf(observed.Since), Streams: streamsOf(peers[m.ID])}
		g.Sees = append(g.Sees, seen)
	}
	v := api.Gossip{IntervalMillis: node.Gossip.Interval().Milliseconds(), Nodes: []api.GossipNode{g}, Changes: []api.RingChange{}}
	for _, change := range slices.Backward(node.RingChanges()) {
		v.Changes = append(v.Changes, api.RingChange{
			Version: change.Version, Digest: hash(change.Digest), Seen: []api.Seen{{Node: node.Name(), AtMillis: change.Time.UnixMilli()}},
		})
	}
	return v
}

func streamsOf(p peer.PeerStatus) api.Streams {
	v := api.Streams{
		Foreground: p.Foreground, Background: p.Background, Available: p.Available,
		QueuedBytes: p.Queued, Unanswered: p.Unanswered, WaitMillis: p.WaitTime.Milliseconds(), RoundTripMicros: p.RoundTrip.Microseconds(), LeastTripMicros: p.LeastTrip.Microseconds(), ErrorMillis: millisOf(p.FailedAt),
	}
	if p.LastError != nil {
		v.Error = p.LastError.Error()
	}
	return v
}
