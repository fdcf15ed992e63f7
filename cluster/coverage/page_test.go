package coverage

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/engine"
)

// alone returns a reader of one node that holds objects with one value each, in partition 0.
func alone(tb testing.TB, fs vfs.FS, values ...object.Value) *Reader {
	tb.Helper()
	id := ring.IDOf("A")
	store, err := engine.Open(engine.Options{Dir: tb.TempDir(), FS: fs, Partitions: 4, Self: id, Durability: engine.Interval})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = store.Close() })
	now := ring.NewRing(ring.NewState("cluster", 4, ring.Quorums{N: 1, R: 1, W: 1}, ring.Member{ID: id, Name: "A", Instance: "A"}))
	var recs []*engine.Record
	for i, v := range values {
		dot := causal.Dot{Actor: causal.Actor{Node: 7, Epoch: 1}, Counter: causal.Counter(i + 1)}
		o := object.Put(object.Object{}, causal.Context{}, dot, causal.TimestampOf(time.Now().UnixMilli()), v)
		recs = append(recs, &engine.Record{Key: binary.BigEndian.AppendUint32(nil, uint32(i)), Merge: o.Append(nil)})
		if len(recs) == 1000 || i == len(values)-1 {
			if _, err := store.Apply(recs); err != nil {
				tb.Fatal(err)
			}
			recs = nil
		}
	}
	return New(Config{
		Self: id, Store: store, Now: time.Now,
		Ring:   func() *ring.Ring { return now },
		Policy: func() register.Policy { return register.LWW },
	})
}

// TestScanHere_NothingExists_PageEndsAllTheSame: a page costs what it may cost, whatever
// is dead.
func TestScanHere_NothingExists_PageEndsAllTheSame(t *testing.T) {
	values := make([]object.Value, pageObjects+1000)
	for i := range values {
		values[i] = object.Value{Data: []byte("v"), Expiry: time.Now().Add(time.Hour).UnixMilli()}
	}
	r := alone(t, vfs.NewMem(), values...)
	r.cfg.Now = func() time.Time { return time.Now().Add(2 * time.Hour) } // all expired, none swept
	first, err := r.scanHere(0, 0, 10)
	if err != nil || !first.more || len(first.keys) != 0 || first.cost(10) != pageObjects {
		t.Fatalf("%d keys, more %v, cost %d, %v", len(first.keys), first.more, first.cost(10), err)
	}
	second, err := r.scanHere(0, first.next, 10)
	if err != nil || second.more || len(second.keys) != 0 {
		t.Fatalf("%d keys, more %v, %v", len(second.keys), second.more, err)
	}
}

func TestScanHere_LargeValues_PageEndsAfterSomeBytes(t *testing.T) {
	values := make([]object.Value, 12)
	for i := range values {
		values[i] = object.Value{Data: make([]byte, 1<<20)}
	}
	r := alone(t, vfs.NewMem(), values...)
	found := 0
	for from, more := uint32(0), true; more; {
		pg, err := r.scanHere(0, from, 10)
		if err != nil || len(pg.keys) > 1+pageBytes>>20 {
			t.Fatalf("%d keys of 1 MiB, %v", len(pg.keys), err)
		}
		found, from, more = found+len(pg.keys), pg.next, pg.more
	}
	if found != len(values) {
		t.Errorf("%d of %d keys", found, len(values))
	}
}

// BenchmarkPage reads pages of ten keys from a partition in which some keys exist and many
// more are deleted.
func BenchmarkPage(b *testing.B) {
	for _, dead := range []int{0, 100_000} {
		b.Run(map[int]string{0: "allAlive", 100_000: "manyDead"}[dead], func(b *testing.B) {
			values := make([]object.Value, 1000+dead)
			for i := range values {
				values[i] = object.Value{Data: make([]byte, 100)}
				if i >= 1000 {
					values[i] = object.Value{Tombstone: true}
				}
			}
			r := alone(b, vfs.Default, values...)
			b.ReportAllocs()
			from, calls, found := uint32(0), 0, 0
			for b.Loop() {
				pg, err := r.scanHere(0, from, 10)
				if err != nil {
					b.Fatal(err)
				}
				calls, found, from = calls+1, found+len(pg.keys), pg.next
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(max(found, 1)), "ns/key")
		})
	}
}

// Where R + W is not above N, one replica more or several are asked, so that one of them
// has each acknowledged write.
func TestCovering_AnyQuorums_MeetEachWrite(t *testing.T) {
	for _, test := range []struct {
		q              ring.Quorums
		wanted, needed int
	}{
		{ring.Quorums{N: 3, R: 2, W: 2}, 2, 2},
		{ring.Quorums{N: 3, R: 1, W: 3}, 1, 1},
		{ring.Quorums{N: 3, R: 1, W: 1}, 3, 1},
		{ring.Quorums{N: 3, R: 1, W: 2}, 2, 1},
		{ring.Quorums{N: 3, R: 3, W: 1}, 3, 3},
	} {
		var members []ring.Member
		for _, name := range []string{"A", "B", "C"} {
			members = append(members, ring.Member{ID: ring.IDOf(name), Name: name, Instance: name})
		}
		wanted, needed := covering(ring.NewRing(ring.NewState("cluster", 4, test.q, members...)))
		if wanted != test.wanted || needed != test.needed {
			t.Errorf("%+v: %d are asked and %d must answer, want %d and %d", test.q, wanted, needed, test.wanted, test.needed)
		}
	}
}
