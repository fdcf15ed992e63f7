package topology

import (
	"fmt"
	"net"
	"slices"
	"strconv"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/server/command"
)

// topology tells which members serve which slots, as this node sees it at one moment. It
// is for cluster-aware clients: the first node of a slot is its coordinator, to which
// they send requests, and the next ones would follow it. A client that uses it reaches a
// key in one hop (Dynamo, section 6.4). A client that does not needs one hop more, and
// gets no error.
//
// Members that do not answer serve no slots here, so that clients avoid them when they
// ask again.
type topology struct {
	ring   *ring.Ring
	self   ring.NodeID
	alive  map[ring.NodeID]bool
	ranges []slotRange // of all slots, in order; neighbours differ
}

// slotRange is a run of slots that the same nodes serve.
type slotRange struct {
	first, last ring.Slot
	nodes       []ring.NodeID // that answer, the coordinator first
	down        []ring.NodeID // primaries that do not
	byFallback  bool          // no primary answers: the coordinator is a fallback
}

func newTopology(store command.Cluster) *topology {
	t := &topology{ring: store.Ring(), self: store.ID(), alive: make(map[ring.NodeID]bool)}
	for _, m := range t.ring.Members() {
		t.alive[m.ID] = store.Alive(m.ID)
	}
	q := t.ring.Partitions()
	for p := range q {
		r := t.serving(ring.Partition(p))
		r.first, r.last = ring.SlotRange(ring.Partition(p), q)
		if len(t.ranges) > 0 {
			before := &t.ranges[len(t.ranges)-1]
			if slices.Equal(before.nodes, r.nodes) && slices.Equal(before.down, r.down) {
				before.last = r.last
				continue
			}
		}
		t.ranges = append(t.ranges, r)
	}
	return t
}

// serving returns the nodes that serve a partition, without the range of its slots.
func (t *topology) serving(p ring.Partition) (r slotRange) {
	for _, id := range t.ring.Primaries(p) {
		if t.alive[id] {
			r.nodes = append(r.nodes, id)
		} else {
			r.down = append(r.down, id)
		}
	}
	if len(r.nodes) > 0 {
		return r
	}
	r.byFallback = true
	walk := t.ring.Walk(p)
	if i := slices.IndexFunc(walk, func(id ring.NodeID) bool { return t.alive[id] }); i >= 0 {
		r.nodes = walk[i : i+1]
	} else {
		r.nodes = []ring.NodeID{t.self} // no member of the walk answers
	}
	return r
}

// rows returns the ranges as CLUSTER SLOTS lists them. Some clients (redis-py 4) take a
// node's role from the first row that names it, and fail when the only node that they
// took for a master dies. So each coordinator first has a row of its own, with one slot
// and no other node.
func (t *topology) rows() []slotRange {
	var introductions, rest []slotRange
	known := make(map[ring.NodeID]bool)
	for _, r := range t.ranges {
		if coordinator := r.nodes[0]; !known[coordinator] && len(r.nodes) > 1 {
			known[coordinator] = true
			introductions = append(introductions, slotRange{first: r.first, last: r.first, nodes: r.nodes[:1]})
			if r.first++; r.first > r.last {
				continue
			}
		}
		rest = append(rest, r)
	}
	return append(introductions, rest...)
}

// slots counts the slots for which holds is true.
func (t *topology) slots(holds func(*slotRange) bool) (n int) {
	for i := range t.ranges {
		if r := &t.ranges[i]; holds(r) {
			n += int(r.last) - int(r.first) + 1
		}
	}
	return n
}

// coordinators counts the members that are first for some slot.
func (t *topology) coordinators() int {
	first := make(map[ring.NodeID]bool)
	for i := range t.ranges {
		first[t.ranges[i].nodes[0]] = true
	}
	return len(first)
}

// line describes a member as CLUSTER NODES does.
func (t *topology) line(m *ring.Member) string {
	flags, link := "master", "connected"
	if m.ID == t.self {
		flags = "myself,master"
	}
	if !t.alive[m.ID] {
		flags, link = flags+",fail", "disconnected"
	}
	host, port := clientAddr(m)
	_, bus, _ := net.SplitHostPort(m.PeerAddr)
	line := fmt.Sprintf("%s %s:%d@%s %s - 0 0 %d %s", clusterID(m.ID), host, port, bus, flags, t.ring.LayoutNumber(), link)
	for i := range t.ranges {
		switch r := &t.ranges[i]; {
		case r.nodes[0] != m.ID:
		case r.first == r.last:
			line += fmt.Sprintf(" %d", r.first)
		default:
			line += fmt.Sprintf(" %d-%d", r.first, r.last)
		}
	}
	return line
}

// clusterID is a node's name in Redis Cluster's form: 40 hex digits, of which the
// first 16 are the node's id everywhere else.
func clusterID(id ring.NodeID) string { return fmt.Sprintf("%016x%024x", uint64(id), 0) }

// clientAddr is where a member's clients connect.
func clientAddr(m *ring.Member) (host string, port int64) {
	host, text, _ := net.SplitHostPort(m.ClientAddr)
	port, _ = strconv.ParseInt(text, 10, 32)
	return host, port
}
