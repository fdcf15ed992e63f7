package replica

import (
	"strconv"
	"testing"

	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/peer"
)

// A removal reaches its coordinator alone. A later one takes a range from which the first one took an
// element. A node that acknowledges the second has nothing of the range, although it has not been sent the
// first.
func TestChangeElements_RangeIsRemoved_NothingOfItIsLeft(t *testing.T) {
	score := func(n int) string { return string(object.AppendScore(nil, float64(n))) }
	for _, c := range []struct {
		name     string
		fill     func(i int) []string
		with     collection.Command
		first    collection.Command // it removes the element 3, or those up to it
		named    []string
		second   collection.Command
		argument string
		least    int // what the second one leaves
	}{
		{
			name: "LTRIM", fill: func(i int) []string { return []string{strconv.Itoa(i)} }, with: collection.Command{Op: collection.ListPush, Flags: collection.AtTail},
			first: collection.Command{Op: collection.ListPop, Number: 4}, second: collection.Command{Op: collection.ListTrim, Number: 2}, argument: "-1", least: 6,
		},
		{
			name: "LREM", fill: func(i int) []string { return []string{strconv.Itoa(i / 6)} }, with: collection.Command{Op: collection.ListPush, Flags: collection.AtTail},
			first: collection.Command{Op: collection.ListPop, Number: 4}, second: collection.Command{Op: collection.ListRemove}, argument: "0", least: 1,
		},
		{
			name: "ZREMRANGEBYSCORE", fill: func(i int) []string { return []string{strconv.Itoa(i), score(i)} }, with: collection.Command{Op: collection.ScoredAdd},
			first: collection.Command{Op: collection.ScoredRemove}, named: []string{"3"}, second: collection.Command{Op: collection.ScoredCut},
			argument: string(collection.AppendRange(nil, collection.Scores{Max: collection.ScoreBound{Score: 5}})), least: 6,
		},
		{
			name: "ZREMRANGEBYRANK", fill: func(i int) []string { return []string{strconv.Itoa(i), score(i)} }, with: collection.Command{Op: collection.ScoredAdd},
			first: collection.Command{Op: collection.ScoredPop, Number: 4}, second: collection.Command{Op: collection.ScoredCut},
			argument: string(collection.AppendRange(nil, collection.Ranks{Stop: 1})), least: 6,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, usual, long, "A", "B", "C")
			var args []string
			for i := range 200 {
				args = append(args, c.fill(i)...)
			}
			w.at(0).must(listChange(w.key, c.with, args...))
			w.settled()
			reaches := func(most int) {
				w.decide(func(to int, kind peer.Kind) fate {
					if to > most && (kind == peer.Delta || kind == peer.Write) {
						return stalls
					}
					return arrives
				})
			}
			reaches(0)
			first := listChange(w.key, c.first, c.named...)
			first.W = 1
			w.at(0).must(first)
			reaches(1)
			w.at(0).must(listChange(w.key, c.second, c.argument))
			w.decide(nil)
			w.setDown(0)
			left := w.at(1).must(get(w.key)).Object.Elements
			for i := range left {
				n, err := strconv.Atoi(string(left[i].Data))
				if left[i].Kind == object.Scored {
					n, err = strconv.Atoi(string(left[i].Name))
				}
				if err != nil || n < c.least {
					t.Errorf("%d is left: %v", n, err)
				}
			}
		})
	}
}
