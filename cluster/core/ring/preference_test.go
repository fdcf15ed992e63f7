package ring

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// naiveWalk is the preference list by its definition.
func naiveWalk(l *layout, p int) []NodeID {
	var met []seat
	for i := range l.owners {
		at, _ := l.seat(l.owners[(p+i)%len(l.owners)])
		if !slices.Contains(met, l.seats[at]) {
			met = append(met, l.seats[at])
		}
	}
	for _, s := range l.seats {
		if !slices.Contains(met, s) {
			met = append(met, s)
		}
	}
	var list []NodeID
	for round := 1; len(list) < min(l.n, len(l.seats)); round++ {
		given := map[string]int{}
		for _, s := range met {
			if given[s.zone]++; given[s.zone] == round && len(list) < l.n {
				list = append(list, s.id)
			}
		}
	}
	for _, s := range met {
		if !slices.Contains(list, s.id) {
			list = append(list, s.id)
		}
	}
	return list
}

func TestPreferences_AgreeWithTheirDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 5).Draw(t, "n")
		zones := rapid.SliceOfN(rapid.SampledFrom([]string{"", "x", "y", "z"}), 1, 9).Draw(t, "zones")
		var seats []seat
		for i, z := range zones {
			seats = append(seats, seat{IDOf(fmt.Sprint(i)), z})
		}
		slices.SortFunc(seats, seat.compare)
		owners := make([]NodeID, 16)
		for p := range owners {
			owners[p] = rapid.SampledFrom(seats).Draw(t, "owner").id
		}
		l := newLayout(1, n, seats, owners)
		for p := range owners {
			if got, want := l.prefs.walk(p), naiveWalk(l, p); !slices.Equal(got, want) {
				t.Fatalf("partition %d: walk %x, want %x", p, got, want)
			}
		}
	})
}

// The search of claim counts loads as it goes; they must be those of the lists.
func TestLoads_FollowEveryMove(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 5).Draw(t, "n")
		zones := rapid.SliceOfN(rapid.SampledFrom([]string{"", "x", "y", "z"}), 1, 9).Draw(t, "zones")
		nodes := make([]seat, len(zones))
		for i, z := range zones {
			nodes[i] = seat{NodeID(i + 1), z}
		}
		a := newArrangement(nodes, n, 16)
		for i := range nodes {
			a.admit(i)
		}
		node := rapid.IntRange(0, len(nodes)-1)
		for p := range 16 {
			a.give(p, node.Draw(t, "owner"))
		}
		l := newLoads(a, nil, nobody)
		for range 20 {
			l.move(rapid.IntRange(0, 15).Draw(t, "token"), node.Draw(t, "to"))
		}
		fresh := newLoads(a, nil, nobody)
		if !slices.Equal(l.held, fresh.held) || l.squares != fresh.squares || !slices.Equal(l.lists, fresh.lists) {
			t.Fatalf("held %v, counted afresh %v", l.held, fresh.held)
		}
	})
}
