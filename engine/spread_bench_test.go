package engine

import (
	"fmt"
	"testing"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/object"
)

// BenchmarkApplyElement changes one field of a hash that has so many, of 100 bytes each.
func BenchmarkApplyElement(b *testing.B) {
	for _, fields := range []int{10, 100, 512, 1000, 10_000, 100_000} {
		for form, from := range map[string]int{"whole": -1, "spread": 1} {
			b.Run(fmt.Sprintf("%s/%d", form, fields), func(b *testing.B) {
				s := open(b, Options{Dir: b.TempDir(), Self: testNode, Durability: Interval, SpreadElements: from})
				number := causal.Counter(0)
				value := make([]byte, 100)
				edit := func(first, n int) *change {
					number++
					c := &change{part: true, edit: object.Edit{Dot: causal.Dot{Actor: causal.Actor{Node: 3, Epoch: 1}, Counter: number}, Time: causal.Timestamp(number), Now: 1}}
					for i := range n {
						c.edit.Changes = append(c.edit.Changes, object.Change{Kind: object.Field, Name: fmt.Append(nil, "field:", first+i), Data: value})
					}
					return c
				}
				r := &Record{Key: []byte("key"), Edit: edit(0, fields)}
				finish(b, s, []*Record{r})
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					r.Edit = edit(i*7919%fields, 1)
					finish(b, s, []*Record{r})
				}
			})
		}
	}
}

// BenchmarkApplyAtEnd pushes an item of 100 bytes to the head of a list that has so many, or pops one, and
// pushes another one to its tail: a queue, which keeps its length.
func BenchmarkApplyAtEnd(b *testing.B) {
	for _, items := range []int{10, 1000, 10_000, 100_000} {
		for form, from := range map[string]int{"whole": -1, "spread": 128} {
			for use, commands := range map[string][]collection.Command{
				"push":  {{Op: collection.ListPush, Args: [][]byte{make([]byte, 100)}}},
				"queue": {{Op: collection.ListPop, Number: 1}, {Op: collection.ListPush, Flags: collection.AtTail, Args: [][]byte{make([]byte, 100)}}},
			} {
				b.Run(fmt.Sprintf("%s/%s/%d", use, form, items), func(b *testing.B) {
					s := open(b, Options{Dir: b.TempDir(), Self: testNode, Durability: Interval, SpreadElements: from})
					number := causal.Counter(0)
					edit := func(c collection.Command) *listEdit {
						number++
						c.Seed = uint64(number)
						return &listEdit{command: c, short: new(int), change: &change{part: true, edit: object.Edit{
							Dot: causal.Dot{Actor: causal.Actor{Node: 3, Epoch: 1}, Counter: number}, Time: causal.Timestamp(number), Now: 1,
						}}}
					}
					first := collection.Command{Op: collection.ListPush}
					for range items {
						first.Args = append(first.Args, make([]byte, 100))
					}
					r := &Record{Key: []byte("key"), Edit: edit(first)}
					finish(b, s, []*Record{r})
					b.ReportAllocs()
					for b.Loop() {
						for _, c := range commands {
							r.Edit = edit(c)
							finish(b, s, []*Record{r})
						}
					}
				})
			}
		}
	}
}

// BenchmarkApplyDraw pops a member of a set that has so many, drawn at random, and adds another
// one.
func BenchmarkApplyDraw(b *testing.B) {
	for _, members := range []int{10, 1000, 10_000, 100_000} {
		for form, from := range map[string]int{"whole": -1, "spread": 128} {
			b.Run(fmt.Sprintf("%s/%d", form, members), func(b *testing.B) {
				s := open(b, Options{Dir: b.TempDir(), Self: testNode, Durability: Interval, SpreadElements: from})
				number := causal.Counter(0)
				do := func(c collection.Command) {
					number++
					c.Seed = uint64(number)
					finish(b, s, []*Record{{Key: []byte("key"), Edit: &listEdit{command: c, short: new(int), change: &change{part: true, edit: object.Edit{
						Dot: causal.Dot{Actor: causal.Actor{Node: 3, Epoch: 1}, Counter: number}, Time: causal.Timestamp(number), Now: 1,
					}}}}})
				}
				all := collection.Command{Op: collection.SetAdd}
				for i := range members {
					all.Args = append(all.Args, fmt.Append(nil, "member:", i))
				}
				do(all)
				b.ReportAllocs()
				for i := members; b.Loop(); i++ {
					do(collection.Command{Op: collection.SetPop, Number: 1})
					do(collection.Command{Op: collection.SetAdd, Args: [][]byte{fmt.Append(nil, "member:", i)}})
				}
			})
		}
	}
}

// BenchmarkApplyKeyExpiry gives a hash of fields of 100 bytes another expiry.
func BenchmarkApplyKeyExpiry(b *testing.B) {
	for _, fields := range []int{10_000, 100_000} {
		for form, from := range map[string]int{"whole": -1, "spread": 1} {
			b.Run(fmt.Sprintf("%s/%d", form, fields), func(b *testing.B) {
				s := open(b, Options{Dir: b.TempDir(), Self: testNode, Durability: Interval, SpreadElements: from})
				number := causal.Counter(0)
				edit := func(changes ...object.Change) *change {
					number++
					far := s.db.now() + 10*partMargin.Milliseconds() + int64(number)
					return &change{part: true, expiry: far, edit: object.Edit{
						Dot:     causal.Dot{Actor: causal.Actor{Node: 3, Epoch: 1}, Counter: number},
						Time:    causal.Timestamp(number),
						Now:     1,
						Changes: append(changes, object.Change{Kind: object.KeyExpiry, Expiry: far}),
					}}
				}
				var all []object.Change
				for i := range fields {
					all = append(all, object.Change{Kind: object.Field, Name: fmt.Append(nil, "field:", i), Data: make([]byte, 100)})
				}
				finish(b, s, []*Record{{Key: []byte("key"), Edit: edit(all...)}})
				b.ReportAllocs()
				for b.Loop() {
					finish(b, s, []*Record{{Key: []byte("key"), Edit: edit()}})
				}
			})
		}
	}
}

// BenchmarkFindElements reads a hash of fields of 100 bytes: all of it, one field, one that is drawn at
// random, or none, as HLEN does.
func BenchmarkFindElements(b *testing.B) {
	for _, fields := range []int{512, 10_000, 100_000} {
		for form, from := range map[string]int{"whole": -1, "spread": 1} {
			s := open(b, Options{Dir: b.TempDir(), Self: testNode, Durability: Interval, SpreadElements: from, ObjectCacheBytes: -1})
			c := &change{edit: object.Edit{Dot: causal.Dot{Actor: causal.Actor{Node: 3, Epoch: 1}, Counter: 1}, Time: 1, Now: 1}}
			for i := range fields {
				c.edit.Changes = append(c.edit.Changes, object.Change{Kind: object.Field, Name: fmt.Append(nil, "field:", i), Data: make([]byte, 100)})
			}
			finish(b, s, []*Record{{Key: []byte("key"), Edit: c}})
			b.Run(fmt.Sprintf("all/%s/%d", form, fields), func(b *testing.B) {
				b.ReportAllocs()
				var room []byte
				for b.Loop() {
					room, _, _ = s.Get(0, []byte("key"), room[:0])
				}
			})
			for some, selected := range map[string]object.Selection{
				"one":  {Names: []object.Name{{Kind: object.Field, Name: []byte("field:7")}}},
				"head": {},
				"draw": {Draws: object.Draws{Kind: object.Field, List: []object.Draw{{Seed: 1, Count: 1}}}},
			} {
				b.Run(fmt.Sprintf("%s/%s/%d", some, form, fields), func(b *testing.B) {
					b.ReportAllocs()
					var room []byte
					sought := func() (object.Selection, bool) { return selected, true }
					for b.Loop() {
						f, _ := s.FindPart(0, []byte("key"), sought, room[:0])
						room = f.Encoded
					}
				})
			}
		}
	}
}

// BenchmarkMergeWhole merges a copy of a set of 300,000 members of 16 bytes that has one more, as a
// comparison does.
func BenchmarkMergeWhole(b *testing.B) {
	const members = 300_000
	s := open(b, Options{Dir: b.TempDir(), Self: testNode, Durability: Interval, SpreadElements: 128})
	add := func(o object.Object, node causal.NodeID, first, n int) (next object.Object) {
		actor := causal.Actor{Node: node, Epoch: 1}
		e := object.Edit{Seen: o.Context(), Dot: causal.Dot{Actor: actor, Counter: o.Clock.Counter(actor) + 1}, Time: o.Clock.Latest() + 1, Now: 1}
		for i := range n {
			e.Changes = append(e.Changes, object.Change{Kind: object.Member, Name: fmt.Appendf(nil, "member:%09d", first+i)})
		}
		next.BecomeEdited(o, &e)
		return next
	}
	o := add(object.Object{}, 3, 0, members)
	r := &Record{Key: []byte("key"), Merge: o.Append(nil)}
	finish(b, s, []*Record{r})
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		b.StopTimer()
		o = add(o, 4, members+i, 1)
		r.Merge = o.Append(nil)
		b.StartTimer()
		finish(b, s, []*Record{r})
	}
}
