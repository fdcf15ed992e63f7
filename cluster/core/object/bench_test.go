package object

import (
	"fmt"
	"testing"

	"github.com/quorate/quorate/cluster/core/causal"
)

func benchmark(b *testing.B, f func(b *testing.B, o Object)) {
	for _, actors := range []int{1, 3, 10} {
		for _, size := range []int{64, 4096} {
			b.Run(fmt.Sprintf("actors=%d/bytes=%d", actors, size), func(b *testing.B) {
				b.ReportAllocs()
				f(b, oneOf(actors, make([]byte, size)))
			})
		}
	}
}

// next is o after one more plain write.
func next(o Object) Object {
	e := o.Clock[0]
	return Put(o, o.Context(), causal.Dot{Actor: e.Actor, Counter: e.Counter + 1}, o.Clock.Latest()+1, o.Siblings[0].Value)
}

func BenchmarkPut(b *testing.B) {
	benchmark(b, func(b *testing.B, o Object) {
		for b.Loop() {
			next(o)
		}
	})
}

// BenchmarkMerge is a replica that is told of the next write.
func BenchmarkMerge(b *testing.B) {
	benchmark(b, func(b *testing.B, o Object) {
		n := next(o)
		for b.Loop() {
			if _, r := Merge(o, n); r != SameAsB {
				b.Fatal(r)
			}
		}
	})
}

func BenchmarkMerge_Concurrent(b *testing.B) {
	benchmark(b, func(b *testing.B, o Object) {
		other := Put(Object{}, causal.Context{}, causal.Dot{Actor: causal.Actor{Node: 1, Epoch: 1}, Counter: 1}, 1, o.Siblings[0].Value)
		for b.Loop() {
			if _, r := Merge(o, other); r != Neither {
				b.Fatal(r)
			}
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	benchmark(b, func(b *testing.B, o Object) {
		var buffer []byte
		for b.Loop() {
			buffer = o.Append(buffer[:0])
		}
		b.SetBytes(int64(len(buffer)))
	})
}

func BenchmarkDecode(b *testing.B) {
	benchmark(b, func(b *testing.B, o Object) {
		encoded := o.Append(nil)
		b.SetBytes(int64(len(encoded)))
		var into Object
		for b.Loop() {
			if err := into.DecodeFrom(encoded); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkDigest(b *testing.B) {
	benchmark(b, func(b *testing.B, o Object) {
		encoded := o.Append(nil)
		b.SetBytes(int64(len(encoded)))
		for b.Loop() {
			SeedOf([]byte("cart:42")).Digest(encoded)
		}
	})
}

// BenchmarkDelta_Follow is the delta of a change of some members of a large set.
func BenchmarkDelta_Follow(b *testing.B) {
	for _, members := range []int{1_000, 100_000} {
		for _, changed := range []int{1, 100} {
			b.Run(fmt.Sprintf("members=%d/changed=%d", members, changed), func(b *testing.B) {
				b.ReportAllocs()
				change := func(o Object, names int) (next Object, e *Edit) {
					e = &Edit{Seen: o.Context(), Dot: nextDotAt(&o, 0), Time: o.Clock.Latest() + 1}
					for i := range names {
						e.Changes = append(e.Changes, Change{Kind: Member, Name: fmt.Appendf(nil, "member %06d", i*members/names)})
					}
					next.BecomeEdited(o, e)
					return next, e
				}
				before, _ := change(Object{}, members)
				after, e := change(before, changed)
				for b.Loop() {
					if _, ok := (&Delta{}).Follow(Step{Before: &before, After: &after, Dot: e.Dot, Names: e.Names}); !ok {
						b.Fatal("no delta")
					}
				}
			})
		}
	}
}
