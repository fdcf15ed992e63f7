package causal

import (
	"fmt"
	"testing"
)

func BenchmarkContext(b *testing.B) {
	for _, actors := range []int{1, 3, 10} {
		v := vectorOf(actors)
		b.Run(fmt.Sprintf("append/actors=%d", actors), func(b *testing.B) {
			b.ReportAllocs()
			var token []byte
			for b.Loop() {
				token = ContextTokensOf(key).Append(token[:0], Context{Vector: v})
			}
		})
		b.Run(fmt.Sprintf("parse/actors=%d", actors), func(b *testing.B) {
			b.ReportAllocs()
			token := ContextTokensOf(key).Append(nil, Context{Vector: v})
			for b.Loop() {
				if _, err := parseVector(key, token); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkClock(b *testing.B) {
	b.ReportAllocs()
	c := NewClock(func() int64 { return 1_763_000_000_000 })
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			c.Now()
		}
	})
}

// vectorOf returns a typical vector of as many writers as named.
func vectorOf(actors int) (v Vector) {
	for i := range actors {
		a := Actor{NodeID(0x9e3779b97f4a7c15 * uint64(i+1)), 1_763_000_000_000 << 20}
		v = v.With(Dot{a, Counter(i + 1)}, TimestampOf(1_763_000_000_000))
	}
	return v
}
