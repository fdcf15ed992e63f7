package existence

import (
	"fmt"
	"testing"

	"github.com/quorate/quorate/cluster/core/ring"
)

// BenchmarkFilter looks at keys in no order, so that a large filter is not in the caches of
// the processor.
func BenchmarkFilter(b *testing.B) {
	for _, keys := range []int{50_000, 10_000_000} {
		f := New(1 << 30)
		build := f.NewBuild(int64(keys))
		build.Begin()
		build.Publish()
		for n := range keys {
			f.Add(ring.Partition(n%256), hashOfNumber(n))
		}
		hashes := make([]uint64, 1<<16)
		for i := range hashes {
			hashes[i] = hashOfNumber(keys + i)
		}
		b.Run(fmt.Sprintf("absent/%d", keys), func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				f.MayContain(ring.Partition(i%256), hashes[i%len(hashes)])
			}
		})
		b.Run(fmt.Sprintf("stored/%d", keys), func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				f.MayContain(ring.Partition(i%256), hashOfNumber(i%keys))
			}
		})
		b.Run(fmt.Sprintf("add/%d", keys), func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				f.Add(ring.Partition(i%256), hashOfNumber(i))
			}
		})
	}
}
