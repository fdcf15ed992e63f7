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
			if given[s.Zone]++; given[s.Zone] == round && len(list) < l.n {
				list = append(list, s.ID)
			}
		}
	}
	for _, s := range met {
		if !slices.Contains(list, s.ID) {
			list = append(list, s.ID)
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
			seats = append(seats, seat{ID: IDOf(fmt.Sprint(i)), Zone: z})
		}
		slices.SortFunc(seats, seat.Compare)
		owners := make([]NodeID, 16)
		for p := range owners {
			owners[p] = rapid.SampledFrom(seats).Draw(t, "owner").ID
		}
		l := newLayout(1, n, seats, owners)
		for p := range owners {
			if got, want := l.prefs.walk(p), naiveWalk(l, p); !slices.Equal(got, want) {
				t.Fatalf("partition %d: walk %x, want %x", p, got, want)
			}
		}
	})
}
