package ring

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"
)

func seatsOf(k int) []seat {
	var s []seat
	for i := range k {
		s = append(s, seat{id: IDOf(fmt.Sprintf("node%d", i))})
	}
	slices.SortFunc(s, seat.compare)
	return s
}

type measure struct {
	tokMin, tokMax, heldMin, heldMax    int
	tokenMoves, gains, otherGains, viol int
}

func compareLayouts(from, to *layout) (m measure) {
	tok, held := map[NodeID]int{}, map[NodeID]int{}
	was := map[NodeID]bool{}
	for _, s := range from.seats {
		was[s.id] = true
	}
	q := len(to.owners)
	for p, o := range to.owners {
		tok[o]++
		if from.owners[p] != o {
			m.tokenMoves++
		}
		for _, id := range to.prefs.primaries(p) {
			held[id]++
			if !slices.Contains(from.prefs.primaries(p), id) {
				m.gains++
				if was[id] {
					m.otherGains++
				}
			}
		}
		for d := 1; d < to.prefs.n; d++ {
			if to.owners[(p+d)%q] == o {
				m.viol++
			}
		}
	}
	m.tokMin, m.heldMin = 1<<30, 1<<30
	for _, s := range to.seats {
		m.tokMin, m.tokMax = min(m.tokMin, tok[s.id]), max(m.tokMax, tok[s.id])
		m.heldMin, m.heldMax = min(m.heldMin, held[s.id]), max(m.heldMax, held[s.id])
	}
	return m
}

func TestExplore(t *testing.T) {
	if os.Getenv("EXPLORE") == "" {
		t.Skip()
	}
	for _, c := range []struct{ q, s, n int }{{256, 12, 3}, {256, 12, 1}, {256, 12, 2}, {256, 12, 4}, {256, 12, 5}, {256, 12, 6}, {256, 14, 7}, {64, 10, 3}, {4096, 100, 3}, {4096, 12, 3}} {
		fmt.Printf("== q=%d n=%d\n", c.q, c.n)
		all := seatsOf(c.s)
		l := newLayout(1, c.n, all[:1], found(all[:1], c.n, c.q))
		rnd := []int{}
		_ = rnd
		order := []seat{}
		for i := range c.s {
			order = append(order, seat{id: IDOf(fmt.Sprintf("node%d", i))})
		}
		l = newLayout(1, c.n, order[:1], found(order[:1], c.n, c.q))
		var total time.Duration
		worst := 1.0
		for s := 2; s <= c.s; s++ {
			wanted := slices.Clone(order[:s])
			slices.SortFunc(wanted, seat.compare)
			t0 := time.Now()
			owners := claim(l, wanted, c.n)
			total += time.Since(t0)
			to := newLayout(uint64(s), c.n, wanted, owners)
			m := compareLayouts(l, to)
			r := float64(m.heldMax) / float64(m.heldMin)
			worst = max(worst, r)
			if s <= 14 || s%10 == 0 {
				fmt.Printf("S=%3d tokens %d/%d held %d/%d (%.3f) token moves %d (min %d) gains %d (min %d) others %d viol %d\n", s, m.tokMax, m.tokMin, m.heldMax, m.heldMin, r, m.tokenMoves, c.q/s, m.gains, min(c.n, s)*c.q/s, m.otherGains, m.viol)
			}
			l = to
		}
		fmt.Println("worst", worst, "time", total)
		for s := c.s - 1; s >= 1 && c.s <= 20; s-- {
			wanted := slices.Clone(order[c.s-s:])
			slices.SortFunc(wanted, seat.compare)
			to := newLayout(uint64(s), c.n, wanted, claim(l, wanted, c.n))
			m := compareLayouts(l, to)
			r := float64(m.heldMax) / float64(m.heldMin)
			fmt.Printf("leave S=%3d tokens %d/%d held %d/%d (%.3f) token moves %d (min %d) gains %d (min %d) viol %d\n", s, m.tokMax, m.tokMin, m.heldMax, m.heldMin, r, m.tokenMoves, c.q/(s+1), m.gains, c.n*c.q/(s+1), m.viol)
			l = to
		}
		for s := 2; s <= c.s && c.s <= 20; s++ {
			wanted := append(slices.Clone(order[c.s-1:]), seatsOf(s-1)...)
			for i := range s - 1 {
				wanted[i+1] = seat{id: IDOf(fmt.Sprintf("re%d", i))}
			}
			slices.SortFunc(wanted, seat.compare)
			to := newLayout(uint64(s), c.n, wanted, claim(l, wanted, c.n))
			m := compareLayouts(l, to)
			r := float64(m.heldMax) / float64(m.heldMin)
			fmt.Printf("rejoin S=%3d tokens %d/%d held %d/%d (%.3f) token moves %d (min %d) gains %d (min %d) others %d viol %d\n", s, m.tokMax, m.tokMin, m.heldMax, m.heldMin, r, m.tokenMoves, c.q/(s), m.gains, c.n*c.q/(s), m.otherGains, m.viol)
			l = to
		}
	}
}
