package antientropy

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/engine"
)

// BenchmarkReaper has three nodes, each of which holds every tombstone, reap all that there
// are, with pauses and messages but without sockets. keys/s is how many tombstones every node
// gets rid of in a second of work: the five minutes between the questions are not in it.
func BenchmarkReaper(b *testing.B) {
	const keys, batch = 200_000, 1000
	for b.Loop() {
		b.StopTimer()
		w := newWorld(b, 64, 3, "A", "B", "C")
		dot := causal.Dot{Actor: causal.Actor{Node: 99, Epoch: 1}, Counter: 1}
		for i := 0; i < keys; i += batch {
			var records []engine.Record
			for n := range batch {
				key := fmt.Append(nil, "deleted:", i+n)
				o := object.Put(object.Object{}, causal.Context{}, dot, causal.TimestampOf(w.Now().UnixMilli()+int64(i/batch)), object.Value{Tombstone: true})
				records = append(records, engine.Record{Partition: w.Ring().PartitionOf(key), Key: key, Merge: o.Append(nil)})
			}
			for _, n := range w.nodes {
				var recs []*engine.Record
				for _, r := range records {
					recs = append(recs, &r)
				}
				n.Apply(recs...)
			}
		}
		w.Pass(11 * 24 * time.Hour)
		var reapers []*Reaper
		for _, n := range w.nodes {
			reapers = append(reapers, NewReaper(ReapConfig{
				Self: n.ID, Ring: w.Ring, Exchanger: n.x, Available: n.Available, Now: w.Now, Monotonic: w.Now,
			}))
		}
		before := processorTime(b)
		b.StartTimer()
		for range 2 {
			for _, r := range reapers {
				r.round(b.Context())
			}
			w.Pass(6 * time.Minute)
		}
		b.StopTimer()
		reaped := int64(0)
		for _, r := range reapers {
			reaped += r.Status().Reaped
		}
		if reaped != keys {
			b.Fatalf("%d of %d tombstones were reaped: %+v", reaped, keys, reapers[0].Status())
		}
		b.ReportMetric(float64((processorTime(b)-before).Microseconds())/keys/3, "cpu-us/key/node")
		b.StartTimer()
	}
	b.ReportMetric(float64(b.N)*keys/b.Elapsed().Seconds(), "keys/s")
}

// processorTime returns how long this process has used processors.
func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
