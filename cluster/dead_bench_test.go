package cluster_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/replica"
	"github.com/quorate/quorate/cluster/testnodes"
	"github.com/quorate/quorate/engine"
)

// BenchmarkManyDead lists and counts the 100 keys that are left of a million, on three
// nodes over loopback, through one of them. All others were deleted one by one. For SCAN it
// tells the longest call too.
func BenchmarkManyDead(b *testing.B) {
	const batch, living = 1000, 100
	dead := 1_000_000
	if testing.Short() {
		dead = 20_000
	}
	w := testnodes.New(b)
	for _, name := range []string{"A", "B", "C"} {
		cfg := w.Config(name)
		cfg.Partitions = 256
		cfg.Store = engine.Options{Dir: b.TempDir(), FS: vfs.Default, Durability: engine.Interval}
		w.Start(cfg)
	}
	w.Settle()
	a := w.Node("A")
	write := func(from, to int, u *register.Update) {
		for i := from; i < to; {
			var reqs []*replica.Request
			for ; len(reqs) < batch && i < to; i++ {
				reqs = append(reqs, &replica.Request{Key: fmt.Append(nil, "key-", i), W: 3, Update: u})
			}
			a.Do(b.Context(), reqs)
			for _, q := range reqs {
				if q.Err != nil {
					b.Fatal(q.Err)
				}
			}
		}
	}
	write(0, dead+living, &register.Update{Kind: register.Set, Data: make([]byte, 100)})
	write(0, dead, &register.Update{Kind: register.Delete})

	scan := func(ctx context.Context, count int) (found int, longest time.Duration) {
		for cursor, first := uint64(0), true; first || cursor != 0; first = false {
			began := time.Now()
			page, next, err := a.ScanKeys(ctx, cursor, count)
			if err != nil {
				b.Fatal(err)
			}
			found, cursor, longest = found+len(page), next, max(longest, time.Since(began))
		}
		return found, longest
	}
	for name, count := range map[string]int{"SCAN": 10, "KEYS": 10_000} {
		b.Run(name, func(b *testing.B) {
			most := time.Duration(0)
			for b.Loop() {
				found, longest := scan(b.Context(), count)
				if found != living {
					b.Fatalf("%d keys, want %d", found, living)
				}
				most = max(most, longest)
			}
			b.ReportMetric(float64(most.Microseconds())/1000, "ms/longest-call")
		})
	}
	b.Run("RANDOMKEY", func(b *testing.B) {
		for b.Loop() {
			if key, err := a.Coverage().RandomKey(b.Context()); key == nil || err != nil {
				b.Fatalf("%q, %v", key, err)
			}
		}
	})
	b.Run("DBSIZE", func(b *testing.B) {
		for b.Loop() {
			if n, err := a.Coverage().DBSize(b.Context()); n != living || err != nil {
				b.Fatalf("%d keys, %v; want %d", n, err, living)
			}
		}
	})
}
