package ring

import (
	"fmt"
	"math/rand"
	"slices"
	"testing"

	"github.com/quorate/quorate/cluster/core/ring/placement"
)

// measured is what a change from one layout to another costs, and how even the
// outcome is.
type measured struct {
	tokens, held           [2]int // least and most of any member
	moved                  int    // tokens that changed hands
	movedBetweenOld        int    // of them, those that went to a member from before
	gains, gainsOfOld      int    // copies to be made; by members from before
	heldBefore, tokensGone int    // of those who are gone
}

func measure(from, to *layout) (m measured) {
	tokens, held := map[NodeID]int{}, map[NodeID]int{}
	for p, owner := range to.owners {
		tokens[owner]++
		if was := from.owners[p]; was != owner {
			m.moved++
			if _, old := from.seat(owner); old {
				m.movedBetweenOld++
			}
			if _, stays := to.seat(was); !stays {
				m.tokensGone++
			}
		}
		now := from.prefs.primaries(p)
		for _, id := range to.prefs.primaries(p) {
			held[id]++
			if !slices.Contains(now, id) {
				m.gains++
				if _, old := from.seat(id); old {
					m.gainsOfOld++
				}
			}
		}
		for _, id := range now {
			if _, stays := to.seat(id); !stays {
				m.heldBefore++
			}
		}
	}
	m.tokens, m.held = [2]int{len(to.owners), 0}, [2]int{len(to.owners), 0}
	for _, s := range to.seats {
		m.tokens = [2]int{min(m.tokens[0], tokens[s.ID]), max(m.tokens[1], tokens[s.ID])}
		m.held = [2]int{min(m.held[0], held[s.ID]), max(m.held[1], held[s.ID])}
	}
	return m
}

func (m measured) ratio() float64 { return float64(m.held[1]) / float64(m.held[0]) }

// history grows and shrinks a ring by claims alone.
type history struct {
	q, n   int
	layout *layout
	made   int
}

func newHistory(n, q int) *history {
	h := &history{q: q, n: n}
	seats := []seat{h.seat("")}
	h.layout = newLayout(1, n, seats, placement.Found(seats, placement.Size{N: n, Partitions: q}))
	return h
}

func (h *history) seat(zone string) seat {
	h.made++
	return seat{ID: IDOf(fmt.Sprintf("node-%d", h.made)), Zone: zone}
}

func (h *history) become(seats []seat) measured {
	slices.SortFunc(seats, seat.Compare)
	from := h.layout
	h.layout = newLayout(from.number+1, h.n, seats, placement.Claim(from.owned(), seats, h.n))
	return measure(from, h.layout)
}

func (h *history) join(zone string) measured {
	return h.become(append(slices.Clone(h.layout.seats), h.seat(zone)))
}

func (h *history) leave(i int) measured {
	return h.become(slices.Delete(slices.Clone(h.layout.seats), i, i+1))
}

// checkJoin holds one join to what claim promises where no zones are used.
func (h *history) checkJoin(t *testing.T, m measured) {
	t.Helper()
	s := len(h.layout.seats)
	least := min(h.n, s) * h.q / s
	at := fmt.Sprintf("q %d, n %d, join to %d members: %+v", h.q, h.n, s, m)
	if m.tokens[0] < h.q/s || m.tokens[1] > (h.q+s-1)/s {
		t.Errorf("%s: tokens are not even", at)
	}
	if m.moved != h.q/s || m.movedBetweenOld > 0 {
		t.Errorf("%s: want %d tokens moved, all to the joiner", at, h.q/s)
	}
	// N*Q/S copies are made anew; nobody but the joiner makes any. (With N over 5,
	// and hardly more members than that, there may be no such place for a token.)
	if m.gainsOfOld > max(0, h.n-5) || m.gains > least+least/20+h.n {
		t.Errorf("%s: want about %d copies made, all by the joiner", at, least)
	}
	h.checkHeld(t, m)
}

// checkHeld demands max/min <= 1.10 wherever whole tokens allow it: with few of
// them, one more or less weighs heavier.
func (h *history) checkHeld(t *testing.T, m measured) {
	t.Helper()
	s := len(h.layout.seats)
	allowed := max(1.10, 1.03*float64((h.q+s-1)/s)/float64(h.q/s))
	if m.ratio() > allowed {
		t.Errorf("q %d, n %d, %d members: partitions held %d to %d, max/min %.3f > %.3f",
			h.q, h.n, s, m.held[0], m.held[1], m.ratio(), allowed)
	}
}

func TestClaim_JoinsOneByOne_StayEvenAndMoveOneSth(t *testing.T) {
	sizes := []struct{ q, members int }{{64, 8}, {256, 20}, {1024, 12}, {4096, 100}}
	if testing.Short() {
		sizes = sizes[:2]
	}
	for _, c := range sizes {
		for n := 1; n <= 7; n++ {
			if c.q > 1024 && n != 3 && n != 5 {
				continue
			}
			h := newHistory(n, c.q)
			for len(h.layout.seats) < c.members {
				h.checkJoin(t, h.join(""))
			}
		}
	}
}

func TestClaim_FiveNodes_AsDocumented(t *testing.T) {
	h := newHistory(3, 256)
	var m measured
	for range 4 {
		m = h.join("")
	}
	if m.tokens != [2]int{51, 52} || m.held[0] < 150 || m.held[1] > 157 || m.moved != 51 {
		t.Errorf("five nodes: %+v", m)
	}
}

func TestClaim_RandomJoinsAndLeaves_StayEven(t *testing.T) {
	changes := 120
	if testing.Short() {
		changes = 20
	}
	for n := 1; n <= 7; n++ {
		random := rand.New(rand.NewSource(int64(n)))
		h := newHistory(n, 256)
		for range changes {
			s := len(h.layout.seats)
			if s < 2 || s < 14 && random.Intn(2) == 0 {
				h.checkJoin(t, h.join(""))
				continue
			}
			m := h.leave(random.Intn(s))
			h.checkHeld(t, m)
			if m.moved != m.tokensGone {
				t.Errorf("n %d, leave to %d members: %d tokens moved, %d were the leaver's", n, s-1, m.moved, m.tokensGone)
			}
			if limit := m.heldBefore + m.heldBefore/10 + n; m.gains > limit {
				t.Errorf("n %d, leave to %d members: %d copies made of %d lost", n, s-1, m.gains, m.heldBefore)
			}
		}
	}
}

func TestClaim_Replacement_TouchesNobodyElse(t *testing.T) {
	h := newHistory(3, 256)
	for range 6 {
		h.join("")
	}
	seats := slices.Clone(h.layout.seats)
	gone := seats[2].ID
	seats[2] = h.seat("")
	m := h.become(seats)
	if m.moved != m.tokensGone || m.gainsOfOld > 0 || m.gains != m.heldBefore {
		t.Errorf("replacement of %x: %+v", gone, m)
	}
}

func TestClaim_ManyAtOnce_StaysEven(t *testing.T) {
	h := newHistory(3, 256)
	grown := slices.Clone(h.layout.seats)
	for range 8 {
		grown = append(grown, h.seat(""))
	}
	h.checkHeld(t, h.become(grown))
	h.checkHeld(t, h.become(slices.Clone(h.layout.seats[:5])))
	mixed := append(slices.Clone(h.layout.seats[2:]), h.seat(""), h.seat(""), h.seat(""))
	h.checkHeld(t, h.become(mixed))
}

func TestClaim_AfterARaiseOfN_TheNextJoinEvensOut(t *testing.T) {
	h := newHistory(2, 256)
	for range 7 {
		h.join("")
	}
	h.n = 4
	h.become(slices.Clone(h.layout.seats))
	for range 3 {
		h.checkHeld(t, h.join(""))
	}
}

func TestClaim_EqualZones_EvenAndDistinct(t *testing.T) {
	h := newHistory(3, 256)
	zones := []string{"a", "b", "c"}
	h.layout = newLayout(1, 3, []seat{{ID: h.layout.seats[0].ID, Zone: "a"}}, h.layout.owners)
	for i := 1; i < 12; i++ {
		m := h.join(zones[i%3])
		if i%3 == 2 {
			h.checkHeld(t, m)
		}
	}
	zoneOf := map[NodeID]string{}
	for _, s := range h.layout.seats {
		zoneOf[s.ID] = s.Zone
	}
	for p := range h.q {
		met := map[string]bool{}
		for _, id := range h.layout.prefs.primaries(p) {
			met[zoneOf[id]] = true
		}
		if len(met) != 3 {
			t.Fatalf("partition %d: primaries in %d zones", p, len(met))
		}
	}
}

func TestClaim_MoreMembersThanTokens(t *testing.T) {
	h := newHistory(3, 4)
	for range 8 {
		h.join("")
	}
	for p := range h.q {
		if list := h.layout.prefs.walk(p); len(list) != 9 {
			t.Fatalf("partition %d: a walk of %d members, want 9", p, len(list))
		}
	}
	for len(h.layout.seats) > 1 {
		h.leave(0)
	}
}

func TestFound_FoundersOwnEvenly(t *testing.T) {
	for n := 1; n <= 7; n++ {
		for s := 1; s <= 12; s++ {
			h := &history{n: n, q: 256}
			var seats []seat
			for range s {
				seats = append(seats, h.seat(""))
			}
			slices.SortFunc(seats, seat.Compare)
			h.layout = newLayout(1, n, seats, placement.Found(seats, placement.Size{N: n, Partitions: h.q}))
			m := measure(h.layout, h.layout)
			if m.tokens[0] < h.q/s || m.tokens[1] > (h.q+s-1)/s {
				t.Errorf("n %d, %d founders: tokens %v", n, s, m.tokens)
			}
			h.checkHeld(t, m)
		}
	}
}

// Nodes of different builds share a ring: the same members get the same tokens in
// every build.
func TestClaim_Owners_AreThoseOfEveryBuild(t *testing.T) {
	for _, c := range []struct {
		n, q  int
		zones []string
		want  uint64
	}{
		{3, 256, []string{""}, 0x86ba86460c7be187},
		{3, 256, []string{"a", "b", "c"}, 0xeb7777f36411e60c},
		{5, 64, []string{"a", "b"}, 0x97e5200addffe4bd},
	} {
		h := newHistory(c.n, c.q)
		for i := range 12 {
			h.join(c.zones[i%len(c.zones)])
		}
		h.leave(2)
		h.leave(5)
		h.join(c.zones[0])
		if h.layout.hash != c.want {
			t.Errorf("n %d, q %d, zones %q: owners with hash %#x, want %#x", c.n, c.q, c.zones, h.layout.hash, c.want)
		}
	}
}

func BenchmarkClaim_HundredthJoinOf4096(b *testing.B) {
	h := newHistory(3, 4096)
	for len(h.layout.seats) < 99 {
		h.join("")
	}
	wanted := append(slices.Clone(h.layout.seats), h.seat(""))
	slices.SortFunc(wanted, seat.Compare)
	b.ReportAllocs()
	for b.Loop() {
		placement.Claim(h.layout.owned(), wanted, 3)
	}
}
