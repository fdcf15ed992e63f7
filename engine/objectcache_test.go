package engine

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
)

// TestObjectCache_AnyUse_KnowsNothingFalse compares the cache with a map of what
// it was told: it may have forgotten, but not be wrong, nor grow beyond its bound.
func TestObjectCache_AnyUse_KnowsNothingFalse(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		const partitions = 2
		size := rapid.Int64Range(1, 16<<10).Draw(rt, "bytes")
		c := newObjectCache(size, partitions)
		type told struct {
			object []byte
			digest object.Digest
		}
		truth := map[string]told{}
		draw := func(rt *rapid.T) (p ring.Partition, hash uint64, key []byte) {
			i := rapid.IntRange(0, 20).Draw(rt, "key")
			key = fmt.Appendf(nil, "key-%d%s", i, bytes.Repeat([]byte("x"), i*i))
			hash = hashOf(key)
			if i%3 == 0 {
				hash = 42 // collisions
			}
			return ring.Partition(i % partitions), hash, key
		}
		rt.Repeat(map[string]func(*rapid.T){
			"put": func(rt *rapid.T) {
				p, hash, key := draw(rt)
				n := told{digest: object.Digest(rapid.Uint64().Draw(rt, "digest"))}
				if rapid.Bool().Draw(rt, "exists") {
					n.object = rapid.SliceOfN(rapid.Byte(), 1, 400).Draw(rt, "object")
				}
				c.put(p, hash, key, n.object, n.digest)
				truth[place(p, key)] = n
			},
			"forget": func(rt *rapid.T) {
				p, hash, key := draw(rt)
				c.forget(p, hash, key)
				delete(truth, place(p, key))
			},
			"drop": func(rt *rapid.T) {
				p := ring.Partition(rapid.IntRange(0, partitions-1).Draw(rt, "partition"))
				c.forgetPartition(p)
				for at := range truth {
					if at[0] == byte('0'+p) {
						delete(truth, at)
					}
				}
			},
			"get": func(rt *rapid.T) {
				p, hash, key := draw(rt)
				encoded, digest, known := c.get(p, hash, key, []byte("before"))
				want, ok := truth[place(p, key)]
				switch known {
				case knownObject:
					if !ok || string(encoded) != "before"+string(want.object) || digest != want.digest || want.object == nil {
						rt.Fatalf("%s: cached %q %x, was told %v %q %x", key, encoded, digest, ok, want.object, want.digest)
					}
				case knownAbsent:
					if !ok || want.object != nil || string(encoded) != "before" {
						rt.Fatalf("%s: cached as absent, was told %v %q", key, ok, want.object)
					}
				case unknown:
					if string(encoded) != "before" {
						rt.Fatalf("%s: unknown, but %q", key, encoded)
					}
				}
			},
			"": func(rt *rapid.T) {
				if _, _, held := c.stats(); held > size {
					rt.Fatalf("holds %d of %d bytes", held, size)
				}
			},
		})
	})
}

// TestObjectCache_HotAmongCold_Stays holds that what is met again and again is
// not washed out by keys that come once.
func TestObjectCache_HotAmongCold_Stays(t *testing.T) {
	const size = 1 << 20
	c := newObjectCache(size, 1)
	encoded := bytes.Repeat([]byte("v"), 200)
	hot := []byte("hot")
	c.put(0, hashOf(hot), hot, encoded, 1)
	for i := range 100_000 {
		cold := binary.BigEndian.AppendUint32(nil, uint32(i))
		c.put(0, hashOf(cold), cold, encoded, 2)
		if _, _, known := c.get(0, hashOf(hot), hot, nil); known != knownObject {
			t.Fatalf("the hot key is gone after %d others", i+1)
		}
	}
	if hits, misses, held := c.stats(); hits != 100_000 || misses != 0 || held > size || held < size/2 {
		t.Fatalf("%d hits, %d misses, %d bytes of %d", hits, misses, held, size)
	}
}

// TestStore_Get_CacheIsNeverBehind has readers beside writers of the same keys,
// a cache that is too small for them, and partitions that are dropped: a reader
// never finds less than what was written before it began.
func TestStore_Get_CacheIsNeverBehind(t *testing.T) {
	o := testOptions(vfs.NewMem())
	o.ObjectCacheBytes, o.Durability = 4<<10, Interval
	s := open(t, o)
	const keys, rounds, kept, dropped = 8, 300, ring.Partition(1), ring.Partition(2)
	name := func(i int) []byte { return fmt.Appendf(nil, "key-%d", i) }
	ctx, stop := context.WithCancel(t.Context())
	var writers, others sync.WaitGroup
	for i := range keys {
		writers.Go(func() {
			for n := range rounds {
				for _, p := range []ring.Partition{kept, dropped} {
					write(t, s, p, string(name(i)), data(fmt.Sprintf("%0*d", 10+n%50, n)))
				}
				got, found, err := s.Get(kept, name(i), nil)
				if err != nil || !found || counterOf(t, got) != causal.Counter(n+1) {
					t.Errorf("key %d after write %d: found %v, %v", i, n+1, found, err)
					return
				}
			}
		})
		others.Go(func() {
			var last causal.Counter
			for ctx.Err() == nil {
				got, found, err := s.Get(kept, name(i), nil)
				if err != nil {
					t.Error(err)
					return
				}
				if !found {
					continue
				}
				if n := counterOf(t, got); n < last {
					t.Errorf("key %d went back from %d to %d", i, last, n)
					return
				} else {
					last = n
				}
			}
		})
	}
	others.Go(func() {
		for ctx.Err() == nil {
			if err := s.DropPartition(dropped); err != nil {
				t.Error(err)
				return
			}
		}
	})
	writers.Wait()
	stop()
	others.Wait()
	if err := s.DropPartition(dropped); err != nil {
		t.Fatal(err)
	}
	for i := range keys {
		if _, found, err := s.Get(dropped, name(i), nil); found || err != nil {
			t.Fatalf("key %d of the dropped partition: found %v, %v", i, found, err)
		}
	}
	audit(t, s)
}

func counterOf(t *testing.T, encoded []byte) (n causal.Counter) {
	o, err := object.Decode(encoded)
	if err != nil {
		t.Error(err)
	}
	for _, e := range o.Clock {
		n += e.Counter
	}
	return n
}
