package engine

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
)

// BenchmarkRebuild opens a store of a million keys that was not closed, as after kill -9, and
// reads keys while its trees are rebuilt and its existence filter is built, a thousand a second.
func BenchmarkRebuild(b *testing.B) {
	const keys, batch = 1_000_000, 1000
	o := Options{Dir: b.TempDir(), Self: testNode, Durability: Interval}
	s := open(b, o)
	encoded := foreign(7, 1, 1, data(string(bytes.Repeat([]byte("v"), 100))))
	for i := 0; i < keys; i += batch {
		recs := make([]*Record, batch)
		for k := range recs {
			recs[k] = &Record{Partition: ring.Partition((i + k) % 256), Key: benchKey(nil, i+k), Merge: encoded}
		}
		finish(b, s, recs)
	}
	if err := s.db.pebble.Flush(); err != nil {
		b.Fatal(err)
	}
	var took []time.Duration
	var rebuilt time.Duration
	for b.Loop() {
		b.StopTimer()
		s.Crash()
		s = open(b, o)
		done := make(chan error, 1)
		b.StartTimer()
		go func() { done <- s.rebuild.run(b.Context()) }()
		began, tick, i := time.Now(), time.NewTicker(time.Millisecond), 0
		for running := true; running; i++ {
			select {
			case err := <-done:
				if err != nil {
					b.Fatal(err)
				}
				running = false
			case <-tick.C:
				n := i * 7919 % keys
				at := time.Now()
				if _, ok, err := s.Get(ring.Partition(n%256), benchKey(nil, n), nil); !ok || err != nil {
					b.Fatal(ok, err)
				}
				took = append(took, time.Since(at))
			}
		}
		tick.Stop()
		rebuilt += time.Since(began)
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "get-p99-us")
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "get-p50-us")
	b.ReportMetric(rebuilt.Seconds()/float64(b.N), "s/rebuild")
}
