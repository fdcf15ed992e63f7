package engine

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
)

// blobBench writes values of one size over a set of keys, several times over, as the
// memtables and levels of a node see it, and returns the store.
func blobBench(b *testing.B, size, keys, writes int) *Store {
	b.Helper()
	s := open(b, Options{Dir: b.TempDir(), Self: testNode, Durability: Interval, ObjectCacheBytes: -1, CacheBytes: 32 << 20, MemtableBytes: 8 << 20})
	rng := rand.New(rand.NewPCG(1, uint64(size)))
	value := make([]byte, size)
	for i := range value {
		value[i] = byte(rng.Uint32())
	}
	for n := range writes {
		k := n
		if n >= keys {
			k = rng.IntN(keys)
		}
		o := object.Put(object.Object{}, causal.Context{}, causal.Dot{Actor: causal.Actor{Node: 7, Epoch: 1}, Counter: causal.Counter(n + 1)}, causal.Timestamp(n+1), object.Value{Data: value})
		finish(b, s, []*Record{{Partition: ring.Partition(k % 256), Key: benchKey(nil, k), Merge: o.Append(nil)}})
	}
	return s
}

// written returns the bytes that this process has handed to the disk.
func written(b *testing.B) (n int64) {
	raw, err := os.ReadFile("/proc/self/io")
	if err != nil {
		b.Skip("no /proc/self/io here")
	}
	for line := range strings.Lines(string(raw)) {
		if _, err := fmt.Sscanf(line, "write_bytes: %d", &n); err == nil {
			return n
		}
	}
	b.Fatalf("no write_bytes in %q", raw)
	return 0
}

// BenchmarkWriteLarge writes values of 1 MiB over 1000 keys, and tells how many bytes go to
// the disk for one byte of a value.
func BenchmarkWriteLarge(b *testing.B) {
	const size, writes = 1 << 20, 2000
	b.ReportAllocs()
	for b.Loop() {
		before := written(b)
		s := blobBench(b, size, 1000, writes)
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(written(b)-before)/(size*writes), "written/B")
	}
	b.SetBytes(size * writes)
}

// BenchmarkScanLarge reads every value of a store once, by partition, after each was
// written four times.
func BenchmarkScanLarge(b *testing.B) {
	for _, size := range []int{4 << 10, 16 << 10} {
		b.Run(strconv.Itoa(size>>10)+"KiB", func(b *testing.B) {
			keys := (160 << 20) / size
			s := blobBench(b, size, keys, 4*keys)
			b.SetBytes(160 << 20)
			b.ReportAllocs()
			for b.Loop() {
				n := 0
				for p := range ring.Partition(256) {
					for _, err := range s.Scan(p, 0) {
						if err != nil {
							b.Fatal(err)
						}
						n++
					}
				}
				if n != keys {
					b.Fatalf("%d of %d keys", n, keys)
				}
			}
		})
	}
}
