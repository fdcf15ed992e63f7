package cluster_test

import (
	"fmt"
	"testing"

	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/replica"
	"github.com/quorate/quorate/cluster/testnodes"
)

// BenchmarkScanKeys scans all keys of three nodes over loopback, through one of them.
func BenchmarkScanKeys(b *testing.B) {
	const keys = 100_000
	w := testnodes.New(b)
	for _, name := range []string{"A", "B", "C"} {
		cfg := w.Config(name)
		cfg.Partitions = 256
		w.Start(cfg)
	}
	w.Settle()
	a := w.Node("A")
	for i := 0; i < keys; {
		var reqs []*replica.Request
		for ; len(reqs) < 1000; i++ {
			reqs = append(reqs, &replica.Request{Key: fmt.Append(nil, "key-", i), W: 3, Update: &register.Update{Kind: register.Set, Data: make([]byte, 100)}})
		}
		a.Do(b.Context(), reqs)
		for _, q := range reqs {
			if q.Err != nil {
				b.Fatal(q.Err)
			}
		}
	}
	for _, count := range []int{10, 100, 1000} {
		b.Run(fmt.Sprint("count_", count), func(b *testing.B) {
			calls, found := 0, 0
			for b.Loop() {
				for cursor, first := uint64(0), true; first || cursor != 0; first = false {
					page, next, err := a.ScanKeys(b.Context(), cursor, count)
					if err != nil {
						b.Fatal(err)
					}
					calls, found, cursor = calls+1, found+len(page), next
				}
			}
			if found != keys*b.N {
				b.Fatalf("found %d keys in %d scans", found, b.N)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(found), "ns/key")
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(calls), "ns/call")
		})
	}
}
