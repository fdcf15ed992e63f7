package admin

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/quorate/quorate/cluster"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/membership"
)

// GossipView is what GET /api/gossip answers: who knows what of whom.
type GossipView struct {
	IntervalMillis int64        `json:"gossip_interval_ms"` // between two rounds
	Nodes          []GossipNode `json:"nodes"`
	Changes        []RingChange `json:"changes"` // of the ring, the newest first
}

// GossipNode is how one node sees the others.
type GossipNode struct {
	Node        string  `json:"node"`
	Answered    bool    `json:"answered"` // its port did, in time; else nothing is known
	RingVersion uint64  `json:"ring_version"`
	RingDigest  string  `json:"ring_digest"`
	Health      int     `json:"health"` // of its own part in gossip: 0 is well
	Sees        []Sight `json:"sees"`
}

// Sight is how one node's gossip sees another.
type Sight struct {
	Node        string  `json:"node"`
	State       string  `json:"state"`       // alive, suspect, dead, unknown
	Incarnation *uint32 `json:"incarnation"` // null: not heard of yet
	SinceMillis int64   `json:"since_ms"`    // when it was first seen so, unix time; 0: never
}

// RingChange is how one state of the ring spread.
type RingChange struct {
	Version uint64 `json:"version"`
	Digest  string `json:"digest"`
	Seen    []Seen `json:"seen"` // in the order of time
}

// Seen is when a node came to have a state of the ring.
type Seen struct {
	Node     string `json:"node"`
	AtMillis int64  `json:"at_ms"`
}

// Gossiper tells how gossip goes, as a node sees it.
type Gossiper interface {
	// Sight tells how gossip sees a member.
	Sight(id ring.NodeID) membership.Sight
	// GossipInterval is the time between two rounds.
	GossipInterval() time.Duration
	// GossipHealth is 0 when the node's own part goes well.
	GossipHealth() int
	// RingChanges are the newest states of the ring that the node had, the
	// oldest of them first.
	RingChanges() []cluster.RingChange
}

// maxChanges is how many changes of the ring are shown.
const maxChanges = 20

func (s *Server) getGossip(ctx context.Context, c *call) (any, error) {
	own := gossipOf(c.node)
	if c.local() {
		return own, nil
	}
	here := &standing{self: c.node.Name(), ring: c.node.Ring()}
	ctx, cancel := context.WithTimeout(ctx, fanoutTimeout)
	defer cancel()
	all, _ := askAll[GossipView](ctx, s.ports, here.others(), http.MethodGet, same("/api/gossip?local=1"), nil)
	all[here.self] = own
	out := GossipView{IntervalMillis: own.IntervalMillis, Nodes: []GossipNode{}}
	changes := make(map[string]*RingChange)
	for _, m := range here.ring.Members() {
		g, ok := all[m.Name]
		if !ok || len(g.Nodes) != 1 {
			out.Nodes = append(out.Nodes, GossipNode{Node: m.Name, Sees: []Sight{}})
			continue
		}
		out.Nodes = append(out.Nodes, g.Nodes[0])
		for _, change := range g.Changes {
			if known := changes[change.Digest]; known != nil {
				known.Seen = append(known.Seen, change.Seen...)
			} else {
				changes[change.Digest] = &change
			}
		}
	}
	out.Changes = newestChanges(changes)
	return out, nil
}

func newestChanges(changes map[string]*RingChange) []RingChange {
	list := []RingChange{}
	for _, change := range changes {
		slices.SortFunc(change.Seen, func(a, b Seen) int { return cmp.Or(cmp.Compare(a.AtMillis, b.AtMillis), cmp.Compare(a.Node, b.Node)) })
		list = append(list, *change)
	}
	slices.SortFunc(list, func(a, b RingChange) int {
		return cmp.Or(cmp.Compare(b.Version, a.Version), cmp.Compare(b.Seen[0].AtMillis, a.Seen[0].AtMillis), cmp.Compare(a.Digest, b.Digest))
	})
	return list[:min(len(list), maxChanges)]
}

// gossipOf is what one node knows by itself.
func gossipOf(node Node) GossipView {
	now := node.Ring()
	g := GossipNode{Node: node.Name(), Answered: true, RingVersion: now.Version(), RingDigest: hash(now.Digest()), Health: node.GossipHealth(), Sees: []Sight{}}
	for _, m := range now.Members() {
		if m.Name == node.Name() {
			continue
		}
		sight := node.Sight(m.ID)
		seen := Sight{Node: m.Name, State: string(sight.State)}
		if !sight.Since.IsZero() {
			seen.SinceMillis = sight.Since.UnixMilli()
		}
		if sight.Incarnation > 0 {
			seen.Incarnation = &sight.Incarnation
		}
		g.Sees = append(g.Sees, seen)
	}
	v := GossipView{IntervalMillis: node.GossipInterval().Milliseconds(), Nodes: []GossipNode{g}, Changes: []RingChange{}}
	for _, change := range slices.Backward(node.RingChanges()) {
		v.Changes = append(v.Changes, RingChange{
			Version: change.Version, Digest: hash(change.Digest), Seen: []Seen{{node.Name(), change.Time.UnixMilli()}},
		})
	}
	return v
}
