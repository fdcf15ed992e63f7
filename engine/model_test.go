package engine

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
)

// model is a naive store: a map, and everything that was ever minted.
type model struct {
	objects map[string]object.Object
	minted  map[string]map[causal.Dot]string // key -> dot -> value
	past    map[string][][]byte              // key -> what other replicas may hold of it
}

const (
	modelPartitions = 2
	modelKeys       = 4
)

func modelKey(i int) (ring.Partition, []byte) {
	return ring.Partition(i % modelPartitions), fmt.Appendf(nil, "key-%d", i)
}

func place(p ring.Partition, key []byte) string { return fmt.Sprintf("%d/%s", p, key) }

// TestStore_AnyHistory_MatchesModel runs random histories, clean stops and
// crashes included, against a map, and audits the statistics after each step.
func TestStore_AnyHistory_MatchesModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		clock := newTestClock()
		fs := vfs.NewCrashableMem()
		o := testOptions(fs)
		o.Partitions, o.Now, o.StripAfter = modelPartitions, clock.now, 10*time.Second
		o.ObjectCacheBytes = rapid.SampledFrom([]int64{-1, 2 << 10, 8 << 10, 0}).Draw(rt, "object cache")
		o.SplitBytes = rapid.SampledFrom([]int{-1, 1, 50}).Draw(rt, "objects are split from")
		o.partBytes = 30
		s := openForRapid(rt, o)
		defer func() { _ = s.Close() }()
		m := model{objects: map[string]object.Object{}, minted: map[string]map[causal.Dot]string{}, past: map[string][][]byte{}}
		others := causal.Counter(0)

		value := func() object.Value {
			v := data(rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "value"))
			switch rapid.IntRange(0, 4).Draw(rt, "kind") {
			case 0:
				return object.Value{Tombstone: true}
			case 1:
				v.Expiry = clock.at.Add(time.Duration(rapid.IntRange(-5, 20).Draw(rt, "ttl")) * time.Second).UnixMilli()
			}
			return v
		}
		rt.Repeat(map[string]func(*rapid.T){
			"apply": func(rt *rapid.T) {
				var recs []*Record
				for range rapid.IntRange(1, 8).Draw(rt, "records") {
					p, key := modelKey(rapid.IntRange(0, modelKeys-1).Draw(rt, "key"))
					r := &Record{Partition: p, Key: key, Blind: rapid.Bool().Draw(rt, "blind record")}
					past := m.past[place(p, key)]
					switch rapid.IntRange(0, 3).Draw(rt, "merge") {
					case 0:
						if len(past) > 0 {
							r.Merge = rapid.SampledFrom(past).Draw(rt, "past")
						}
					case 1:
						others++
						r.Merge = foreign(7, others, causal.TimestampOf(clock.at.UnixMilli()), value())
					}
					if r.Merge == nil || rapid.Bool().Draw(rt, "edit") {
						r.Edit = &put{s: s, value: value(), blind: rapid.Bool().Draw(rt, "blind")}
					}
					recs = append(recs, r)
				}
				applyToBoth(rt, s, &m, recs)
			},
			"sweep": func(rt *rapid.T) {
				clock.advance(time.Duration(rapid.IntRange(0, 15).Draw(rt, "seconds")) * time.Second)
				if _, err := s.sweeper.sweep(context.Background(), s.db.now()); err != nil {
					rt.Fatal(err)
				}
				m.strip(clock.at.Add(-o.StripAfter).UnixMilli())
			},
			"reap": func(rt *rapid.T) {
				p := ring.Partition(rapid.IntRange(0, modelPartitions-1).Draw(rt, "partition"))
				page, err := s.Tombstones().Page(DeadBefore(p, clock.now()), modelKeys)
				if err != nil || !page.Rest.Empty() {
					rt.Fatalf("page %+v: %v", page, err)
				}
				for _, r := range page.Refs {
					delete(m.objects, place(p, r.Key))
					delete(m.past, place(p, r.Key)) // all replicas reap
				}
				if n, err := s.Tombstones().Reap(page.Refs); err != nil || n != len(page.Refs) {
					rt.Fatalf("reaped %d of %d: %v", n, len(page.Refs), err)
				}
			},
			"drop": func(rt *rapid.T) {
				p := ring.Partition(rapid.IntRange(0, modelPartitions-1).Draw(rt, "partition"))
				if err := dropPartition(s, p); err != nil {
					rt.Fatal(err)
				}
				for i := range modelKeys {
					if q, key := modelKey(i); p == q {
						delete(m.objects, place(q, key))
					}
				}
			},
			"build the existence filter": func(rt *rapid.T) {
				if err := s.existence.build(context.Background()); err != nil {
					rt.Fatal(err)
				}
			},
			"restart": func(rt *rapid.T) {
				if err := s.Close(); err != nil {
					rt.Fatal(err)
				}
				s = openForRapid(rt, o)
				if !s.Merkle().Ready() {
					rt.Fatal("trees are not ready after a clean stop")
				}
			},
			"crash": func(rt *rapid.T) {
				// A lazy deletion may be undone by a crash, as is documented;
				// sync it, to keep the model simple.
				if err := s.State().Save("sync", nil); err != nil {
					rt.Fatal(err)
				}
				if rapid.Bool().Draw(rt, "power cut") {
					fs = fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 50, RNG: rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 0))})
					o.FS = fs
				}
				s.Crash()
				s = openForRapid(rt, o)
				if err := s.rebuild.run(context.Background()); err != nil || !s.Merkle().Ready() {
					rt.Fatalf("rebuild: ready %v, %v", s.Merkle().Ready(), err)
				}
			},
			"": func(rt *rapid.T) {
				audit(rt, s)
				m.compare(rt, s)
			},
		})
	})
}

func openForRapid(rt *rapid.T, o Options) *Store {
	s, err := Open(o)
	if err != nil {
		rt.Fatalf("open: %v", err)
	}
	return s
}

// applyToBoth runs the records, then repeats on the model what they did.
func applyToBoth(rt *rapid.T, s *Store, m *model, recs []*Record) {
	c, err := s.Apply(recs)
	if err == nil {
		err = c.Wait()
	}
	if err != nil {
		rt.Fatal(err)
	}
	for _, r := range recs {
		if r.Err != nil {
			rt.Fatalf("%q: %v", r.Key, r.Err)
		}
		at := place(r.Partition, r.Key)
		o := m.objects[at]
		if r.Merge != nil {
			in, err := object.Decode(r.Merge)
			if err != nil {
				rt.Fatal(err)
			}
			o, _ = object.Merge(o, in)
		}
		if e, ok := r.Edit.(*put); ok {
			if m.minted[at] == nil {
				m.minted[at] = map[causal.Dot]string{}
			}
			if v, twice := m.minted[at][e.dot]; twice {
				rt.Fatalf("%s: dot %v minted again; it named %q", at, e.dot, v)
			}
			m.minted[at][e.dot] = string(e.value.Data)
			ctx := o.Context()
			if e.blind {
				ctx = causal.Context{Vector: e.ctx}
			}
			o = object.Put(o, ctx, e.dot, max(causal.TimestampOf(s.db.now()), o.Clock.Latest()+1), e.value)
		}
		if want := o.Append(nil); string(want) != string(r.Stored) {
			rt.Fatalf("%s: stored %x, want %x", at, r.Stored, want)
		}
		m.objects[at] = o
		m.past[at] = append(m.past[at], r.Stored)
	}
}

// strip repeats on the model what a sweep does.
func (m *model) strip(before int64) {
	for at, o := range m.objects {
		if dead, stripped := o.Strip(before); stripped {
			m.objects[at] = dead
			m.past[at] = append(m.past[at], dead.Append(nil))
		}
	}
}

func (m *model) compare(rt *rapid.T, s *Store) {
	found := 0
	for p := range ring.Partition(modelPartitions) {
		for e, err := range s.Scan(p, 0) {
			if err != nil {
				rt.Fatal(err)
			}
			found++
			want, ok := m.objects[place(p, e.Key)]
			if !ok || string(want.Append(nil)) != string(e.Object) {
				rt.Fatalf("%s differs from the model", place(p, e.Key))
			}
			got, ok, err := s.Get(p, e.Key, nil)
			if err != nil || !ok || string(got) != string(e.Object) {
				rt.Fatalf("get %s: %v %v", place(p, e.Key), ok, err)
			}
		}
	}
	if found != len(m.objects) {
		rt.Fatalf("%d objects stored, want %d", found, len(m.objects))
	}
}
