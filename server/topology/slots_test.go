package topology

import (
	"slices"
	"strings"
	"testing"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/server/command"
)

// cluster of a test: the ring of its members, some of them down.
type seen struct {
	command.Cluster
	ring *ring.Ring
	down []string
}

func (s *seen) ID() ring.NodeID  { return s.ring.Members()[0].ID }
func (s *seen) Ring() *ring.Ring { return s.ring }
func (s *seen) Alive(id ring.NodeID) bool {
	return !slices.Contains(s.down, s.ring.Name(id))
}

func newSeen(t *testing.T, names string, down ...string) *seen {
	t.Helper()
	var members []ring.Member
	for _, name := range strings.Fields(names) {
		members = append(members, ring.Member{ID: ring.IDOf(name), Name: name, ClientAddr: name + ".example:6379", PeerAddr: name + ".example:7946"})
	}
	return &seen{ring: ring.NewRing(ring.NewState("test", 64, ring.Quorums{N: 3, R: 2, W: 2}, members...)), down: down}
}

// Every slot is served, by those who would serve it: its first reachable primary
// before the others, and a fallback only when no primary is left.
func TestTopology_ListsWhoServesEachSlot(t *testing.T) {
	for _, c := range []struct {
		names string
		down  []string
	}{
		{names: "A"}, {names: "A B"}, {names: "A B C D E"}, {names: "A B C D E", down: []string{"B"}},
		{names: "A B C D E", down: []string{"B", "C", "D"}}, {names: "A B C D E F G", down: []string{"B", "C", "D", "E", "F", "G"}},
	} {
		s := newSeen(t, c.names, c.down...)
		topo := newTopology(s)
		next := 0
		for i, r := range topo.ranges {
			if int(r.first) != next || r.last < r.first {
				t.Fatalf("%s without %s: range %d is %d-%d, want it to begin at %d", c.names, c.down, i, r.first, r.last, next)
			}
			next = int(r.last) + 1
			if i > 0 && slices.Equal(topo.ranges[i-1].nodes, r.nodes) && slices.Equal(topo.ranges[i-1].down, r.down) {
				t.Errorf("%s without %s: ranges %d and %d are one", c.names, c.down, i-1, i)
			}
			for slot := r.first; slot <= r.last; slot++ {
				p := ring.PartitionOf(slot, 64)
				isDown := func(id ring.NodeID) bool { return !s.Alive(id) }
				want := slices.DeleteFunc(slices.Clone(s.ring.Primaries(p)), isDown)
				if r.byFallback != (len(want) == 0) {
					t.Fatalf("%s without %s: slot %d: fallback %t", c.names, c.down, slot, r.byFallback)
				}
				if len(want) == 0 {
					want = slices.DeleteFunc(slices.Clone(s.ring.Walk(p)), isDown)[:1]
				}
				if !slices.Equal(r.nodes, want) {
					t.Fatalf("%s without %s: slot %d is served by %v, want %v", c.names, c.down, slot, r.nodes, want)
				}
			}
		}
		if next != ring.Slots {
			t.Fatalf("%s without %s: %d slots", c.names, c.down, next)
		}
	}
}

func TestTopology_Line_MarksTheDeadAndGivesAwayTheirSlots(t *testing.T) {
	s := newSeen(t, "A B C", "B")
	topo := newTopology(s)
	slots := 0
	for _, m := range s.ring.Members() {
		fields := strings.Fields(topo.line(&m))
		if len(fields) < 8 || len(fields[0]) != 40 || fields[1] != m.Name+".example:6379@7946" {
			t.Fatalf("%q", fields)
		}
		want := map[string]string{"A": "myself,master connected", "B": "master,fail disconnected", "C": "master connected"}[m.Name]
		if got := fields[2] + " " + fields[7]; got != want {
			t.Errorf("%s: %q, want %q", m.Name, got, want)
		}
		slots += len(fields) - 8
		if m.Name == "B" && len(fields) > 8 {
			t.Errorf("the dead B has slots: %q", fields)
		}
	}
	if slots != len(topo.ranges) {
		t.Errorf("%d ranges in the lines, want %d", slots, len(topo.ranges))
	}
}

// The rows of CLUSTER SLOTS cover each slot once, and name every coordinator as
// one before they name it as a replica.
func TestTopology_Rows_IntroduceCoordinators(t *testing.T) {
	for _, down := range [][]string{nil, {"B"}, {"B", "C", "D", "E"}} {
		topo := newTopology(newSeen(t, "A B C D E", down...))
		covered := make(map[ring.Slot]int)
		introduced := make(map[ring.NodeID]bool)
		for _, r := range topo.rows() {
			introduced[r.nodes[0]] = true
			for _, id := range r.nodes[1:] {
				if !introduced[id] {
					t.Errorf("without %s: %s is named as a replica first", down, topo.ring.Name(id))
				}
			}
			for slot := r.first; slot <= r.last; slot++ {
				covered[slot]++
			}
		}
		if len(introduced) != topo.coordinators() || len(covered) != ring.Slots {
			t.Errorf("without %s: %d coordinators, %d slots", down, len(introduced), len(covered))
		}
		for slot, times := range covered {
			if times != 1 {
				t.Fatalf("without %s: slot %d is listed %d times", down, slot, times)
			}
		}
	}
}
