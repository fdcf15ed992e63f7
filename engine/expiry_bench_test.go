package engine

import (
	"bytes"
	"context"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
)

// BenchmarkSweep has 200,000 keys of 100 bytes expire at once, and sweeps and strips them. Beside
// it one client sets keys; set-p99-us is how long its sets took, and idle-p99-us how long they
// take without the sweep.
func BenchmarkSweep(b *testing.B) {
	const keys, batch = 200_000, 100
	clock := newTestClock()
	s := open(b, Options{Dir: b.TempDir(), Self: testNode, Durability: Interval, Now: clock.now, StripAfter: time.Second})
	var used, took time.Duration
	var idle, busy []time.Duration
	for round := 0; b.Loop(); round++ {
		b.StopTimer()
		v := data(string(bytes.Repeat([]byte("v"), 100)))
		v.Expiry = clock.at.UnixMilli() + 1000
		for i := 0; i < keys; i += batch {
			recs := make([]*Record, batch)
			for k := range recs {
				n := round*keys + i + k
				recs[k] = &Record{Partition: ring.Partition(n % 256), Key: benchKey(nil, n), Edit: &put{s: s, value: v}}
			}
			finish(b, s, recs)
		}
		clock.advance(time.Minute)
		idle = append(idle, setsDuring(b, s, func() { time.Sleep(time.Second) })...)
		before, began := processorTime(b), time.Now()
		b.StartTimer()
		busy = append(busy, setsDuring(b, s, func() {
			if n, err := s.sweeper.sweep(b.Context(), s.db.now()); n != keys || err != nil {
				b.Errorf("%d of %d expired: %v", n, keys, err)
			}
		})...)
		used, took = used+processorTime(b)-before, took+time.Since(began)
	}
	b.ReportMetric(float64(used.Microseconds())/float64(b.N*keys), "cpu-us/key")
	b.ReportMetric(float64(b.N*keys)/took.Seconds(), "keys/s")
	b.ReportMetric(percentile(idle), "idle-p99-us")
	b.ReportMetric(percentile(busy), "set-p99-us")
}

// setsDuring sets keys one after another, a thousand a second at most, while f runs. It
// returns how long each took.
func setsDuring(b *testing.B, s *Store, f func()) (took []time.Duration) {
	ctx, stop := context.WithCancel(b.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		r := &Record{Edit: &put{s: s, value: data("v")}}
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for i := 0; ctx.Err() == nil; i++ {
			r.Partition, r.Key = ring.Partition(i%256), benchKey(r.Key, 1<<40+i%10000)
			began := time.Now()
			finish(b, s, []*Record{r})
			took = append(took, time.Since(began))
			<-tick.C
		}
	}()
	f()
	stop()
	<-done
	return took
}

func percentile(took []time.Duration) float64 {
	slices.Sort(took)
	return float64(took[len(took)*99/100].Microseconds())
}

// processorTime returns how long this process has used processors.
func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
