package command

import (
	"fmt"
	"testing"

	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/object"
)

// Of elements that were drawn once each, a draw with repetitions makes what one of all elements makes: each
// has the same chance at each place, and the next one repeats it with the chance of any other.
func TestRepeated_IsAsADrawOfAll(t *testing.T) {
	const all, count, rounds = 5, 3, 20_000
	names := make([][]byte, all)
	for i := range names {
		names[i] = fmt.Append(nil, i)
	}
	var repeats [count]int
	counts := map[string]int{}
	for seed := range uint64(rounds) {
		var once collection.View
		for _, at := range (object.Draw{Seed: seed, Count: count}).Among(all, func(i int) []byte { return names[i] }) {
			once = append(once, &object.Element{Name: names[at]})
		}
		drawn := repeated(once, all, count)
		if len(drawn) != count {
			t.Fatalf("%d elements, want %d", len(drawn), count)
		}
		for i, e := range drawn {
			counts[fmt.Sprintf("%s at %d", e.Name, i)]++
			if i > 0 && e == drawn[i-1] {
				repeats[i]++
			}
		}
	}
	about := func(n int) bool { return n > rounds/all*9/10 && n < rounds/all*11/10 }
	for i := 1; i < count; i++ {
		if !about(repeats[i]) {
			t.Errorf("the element at %d repeats the one before %d times, want about %d", i, repeats[i], rounds/all)
		}
	}
	for place, n := range counts {
		if !about(n) {
			t.Errorf("%s was drawn %d times, want about %d", place, n, rounds/all)
		}
	}
	if len(counts) != all*count {
		t.Errorf("%d elements and places, want %d", len(counts), all*count)
	}
	if drawn := repeated(collection.View{{Name: names[0]}}, 1, 10); len(drawn) != 10 {
		t.Errorf("of one element %d are drawn", len(drawn))
	}
}
