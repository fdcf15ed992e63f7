package engine

import (
	"bytes"
	"encoding/binary"
	"math"
	"testing"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
)

func openBench(b *testing.B) *Store {
	return open(b, Options{Dir: b.TempDir(), Self: testNode, Durability: Interval})
}

func benchKey(dst []byte, i int) []byte {
	return binary.BigEndian.AppendUint64(append(dst[:0], "key:"...), uint64(i)*0x9e3779b97f4a7c15)
}

func finish(b *testing.B, s *Store, recs []*Record) {
	c, err := s.Apply(recs)
	if err == nil {
		err = c.Wait()
	}
	if err != nil {
		b.Fatal(err)
	}
}

// BenchmarkApplyReplica merges the object of another node: a key that is new,
// and one of 10000 that are overwritten.
func BenchmarkApplyReplica(b *testing.B) {
	value := data(string(bytes.Repeat([]byte("v"), 100)))
	b.Run("new", func(b *testing.B) {
		s := openBench(b)
		encoded := foreign(7, 1, 1, value)
		r := &Record{Merge: encoded}
		recs := []*Record{r}
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			r.Key = benchKey(r.Key, i)
			r.Partition = ring.Partition(i % 256)
			finish(b, s, recs)
		}
	})
	b.Run("overwrite", func(b *testing.B) {
		s := openBench(b)
		const keys = 10000
		o := object.Object{}
		var versions [][]byte
		for n := range causal.Counter(300) {
			o = object.Put(o, o.Context(), causal.Dot{Actor: causal.Actor{Node: 7, Epoch: 1}, Counter: n + 1}, causal.Timestamp(n+1), value)
			versions = append(versions, o.Append(nil))
		}
		r := &Record{}
		recs := []*Record{r}
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			r.Key = benchKey(r.Key, i%keys)
			r.Partition = ring.Partition(i % 256)
			r.Merge = versions[min(i/keys, len(versions)-1)]
			finish(b, s, recs)
		}
	})
}

func BenchmarkApplyCoordinator(b *testing.B) {
	for _, size := range []int{1, 16} {
		b.Run(map[int]string{1: "single", 16: "batch16"}[size], func(b *testing.B) {
			s := openBench(b)
			value := data(string(bytes.Repeat([]byte("v"), 100)))
			recs := make([]*Record, size)
			for i := range recs {
				recs[i] = &Record{Edit: &put{s: s, value: value}}
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				for j, r := range recs {
					n := (i*size + j) % 100000
					r.Key, r.Partition = benchKey(r.Key, n), ring.Partition(n%256)
				}
				finish(b, s, recs)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*size), "ns/record")
		})
	}
}

func BenchmarkApplyCoordinatorParallel(b *testing.B) {
	s := openBench(b)
	value := data(string(bytes.Repeat([]byte("v"), 100)))
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		e := &put{s: s, value: value}
		r := &Record{Edit: e}
		recs := []*Record{r}
		for i := 0; pb.Next(); i++ {
			r.Key, r.Partition = benchKey(r.Key, i%100000), ring.Partition(i%256)
			finish(b, s, recs)
		}
	})
}

func BenchmarkGet(b *testing.B) {
	s := openBench(b)
	const keys = 100000
	encoded := foreign(7, 1, 1, data(string(bytes.Repeat([]byte("v"), 100))))
	for i := range keys {
		finish(b, s, []*Record{{Partition: ring.Partition(i % 256), Key: benchKey(nil, i), Merge: encoded}})
	}
	for _, flushed := range []bool{false, true} {
		where := "memtable"
		if flushed {
			where = "table"
			if err := s.db.pebble.Flush(); err != nil {
				b.Fatal(err)
			}
		}
		for _, c := range []struct {
			name         string
			first, count int
		}{{"hit", 0, keys}, {"miss", keys, math.MaxInt}} { // no miss comes twice, so that no cache knows it
			b.Run(where+"/"+c.name, func(b *testing.B) {
				var key, dst []byte
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					n := c.first + i%c.count
					key = benchKey(key, n)
					encoded, ok, err := s.Get(ring.Partition(n%256), key, dst[:0])
					if err != nil || ok != (c.first == 0) {
						b.Fatal(ok, err)
					}
					dst = encoded
				}
			})
		}
	}
}

func BenchmarkMerkleRoots(b *testing.B) {
	s := openBench(b)
	encoded := foreign(7, 1, 1, data("v"))
	for i := range 10000 {
		finish(b, s, []*Record{{Partition: ring.Partition(i % 256), Key: benchKey(nil, i), Merge: encoded}})
	}
	var roots []uint64
	b.ReportAllocs()
	for b.Loop() {
		roots = s.Merkle().Roots(roots[:0])
	}
}

// BenchmarkUpgrade opens a store of version 1 in which 100,000 objects are dead.
func BenchmarkUpgrade(b *testing.B) {
	const dead, batch = 100_000, 100
	s := openBench(b)
	for i := 0; i < dead; i += batch {
		recs := make([]*Record, batch)
		for k := range recs {
			recs[k] = &Record{Partition: ring.Partition(i / batch % 256), Key: benchKey(nil, i+k), Merge: foreign(7, 1, causal.TimestampOf(1), deletion)}
		}
		finish(b, s, recs)
	}
	for b.Loop() {
		b.StopTimer()
		downgrade(b, s)
		b.StartTimer()
		if err := s.db.upgrade(identity{Format: formatV1}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/dead, "ns/object")
}

// BenchmarkSetDelete writes keys and deletes them again, as two updates each.
func BenchmarkSetDelete(b *testing.B) {
	s := openBench(b)
	value := data(string(bytes.Repeat([]byte("v"), 100)))
	r := &Record{}
	recs := []*Record{r}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		r.Key, r.Partition = benchKey(r.Key, i%10000), ring.Partition(i%256)
		for _, v := range []object.Value{value, {Tombstone: true}} {
			r.Edit = &put{s: s, value: v}
			finish(b, s, recs)
		}
	}
}
