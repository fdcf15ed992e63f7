package object

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// namesOfDraw returns some different names, in order.
func namesOfDraw(n int) (names [][]byte) {
	for i := range n {
		names = append(names, fmt.Appendf(nil, "member:%04d", i))
	}
	return names
}

// A draw among the names that were drawn, and some others, is that among all.
func TestDraw_AmongThoseThatWereDrawn_IsAmongAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := namesOfDraw(rapid.IntRange(0, 60).Draw(t, "names"))
		var draws Draws
		for range rapid.IntRange(1, 3).Draw(t, "draws") {
			d := Draw{Seed: rapid.Uint64().Draw(t, "seed"), Count: rapid.IntRange(-1, 20).Draw(t, "count")}
			draws.join(Draws{Kind: Member, List: []Draw{d}}, 0)
		}
		drawing := draws.Begin()
		for _, n := range names {
			drawing.Offer(n)
		}
		some := (Selection{Names: drawing.Drawn()}).SortedNames()
		for _, d := range draws.List {
			var got, want []string
			for _, i := range d.Among(len(names), func(i int) []byte { return names[i] }) {
				want = append(want, string(names[i]))
			}
			for _, i := range d.Among(len(some), func(i int) []byte { return some[i].Name }) {
				got = append(got, string(some[i].Name))
			}
			if !slices.Equal(got, want) || len(want) != min(max(d.Count, 0), len(names)) {
				t.Fatalf("%+v draws %q of what was drawn, and %q of %d names", d, got, want, len(names))
			}
		}
	})
}

// Each name has the same chance, whatever the names are like, and each place among those that are drawn.
func TestDraw_ManySeeds_AreFair(t *testing.T) {
	const seeds, count = 20_000, 3
	names := append(namesOfDraw(17), []byte(""), []byte("x"), bytes.Repeat([]byte("y"), 100))
	drawn := make([][count]int, len(names))
	for seed := range uint64(seeds) {
		for place, i := range (Draw{Seed: seed, Count: count}).Among(len(names), func(i int) []byte { return names[i] }) {
			drawn[i][place]++
		}
	}
	for i, places := range drawn {
		for place, n := range places {
			if want := seeds / len(names); n < want*8/10 || n > want*12/10 {
				t.Errorf("%q was drawn %d times as number %d, want about %d", names[i], n, place, want)
			}
		}
	}
}

// A change that draws after others draws as many more as they may have removed, unless these are too many.
func TestSelection_Then_DrawsMore(t *testing.T) {
	draw := func(count int) Selection {
		return Selection{Draws: Draws{Kind: Member, List: []Draw{{Seed: 1, Count: count}}}}
	}
	named := Selection{Names: []Name{{Member, []byte("a")}, {Member, []byte("b")}}}
	var counts []int
	all := (Selection{}).Then(draw(2)).Then(named).Then(draw(1)).Then(draw(-5)).Then(draw(3))
	for _, d := range all.Draws.List {
		counts = append(counts, d.Count)
	}
	if want := []int{2, 2 + 2 + 1, 5, 5 + 3}; !slices.Equal(counts, want) || !all.OfKind(Member) || all.OfKind(Field) {
		t.Errorf("%d names are drawn, want %d", counts, want)
	}
	for name, s := range map[string]Selection{
		"very many": (Selection{}).And(draw(mostDrawn + 1)),
		"together":  draw(mostDrawn - 2).And(draw(3)),
		"two kinds": draw(1).And(Selection{Draws: Draws{Kind: Field, List: []Draw{{Count: 1}}}}),
	} {
		if s.OfKind(Member) || s.Empty() {
			t.Errorf("%s: %+v", name, s)
		}
	}
	if s := (Selection{}).And(draw(mostDrawn)); !s.OfKind(Member) {
		t.Errorf("%+v", s)
	}
}
