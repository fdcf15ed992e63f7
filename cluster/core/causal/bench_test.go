package causal

import (
	"fmt"
	"testing"
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
	return Put(o, o.Clock, Dot{e.Actor, e.Counter + 1}, o.Clock.Latest()+1, o.Siblings[0].Value)
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
		other := Put(Object{}, nil, Dot{Actor{1, 1}, 1}, 1, o.Siblings[0].Value)
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

func BenchmarkDigestOf(b *testing.B) {
	benchmark(b, func(b *testing.B, o Object) {
		encoded := o.Append(nil)
		b.SetBytes(int64(len(encoded)))
		for b.Loop() {
			DigestOf(key, encoded)
		}
	})
}

func BenchmarkContext(b *testing.B) {
	for _, actors := range []int{1, 3, 10} {
		v := oneOf(actors, nil).Clock
		b.Run(fmt.Sprintf("append/actors=%d", actors), func(b *testing.B) {
			b.ReportAllocs()
			var token []byte
			for b.Loop() {
				token = AppendContext(token[:0], key, v)
			}
		})
		b.Run(fmt.Sprintf("parse/actors=%d", actors), func(b *testing.B) {
			b.ReportAllocs()
			token := AppendContext(nil, key, v)
			for b.Loop() {
				if _, err := ParseContext(key, token); err != nil {
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
