package objectcache

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/cespare/xxhash/v2"
	"pgregory.net/rapid"

	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
)

// TestCache_AnyUse_KnowsNothingFalse compares the cache with a map of what
// it was told: it may have forgotten, but not be wrong, nor grow beyond its bound.
func TestCache_AnyUse_KnowsNothingFalse(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		const partitions = 2
		size := rapid.Int64Range(1, 16<<10).Draw(rt, "bytes")
		c := New(size, partitions)
		type told struct {
			object []byte
			digest object.Digest
		}
		truth := map[string]told{}
		draw := func(rt *rapid.T) (p ring.Partition, hash uint64, key []byte) {
			i := rapid.IntRange(0, 20).Draw(rt, "key")
			key = fmt.Appendf(nil, "key-%d%s", i, bytes.Repeat([]byte("x"), i*i))
			hash = xxhash.Sum64(key)
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
				c.Put(p, hash, key, n.object, n.digest)
				truth[place(p, key)] = n
			},
			"forget": func(rt *rapid.T) {
				p, hash, key := draw(rt)
				c.Forget(p, hash, key)
				delete(truth, place(p, key))
			},
			"drop": func(rt *rapid.T) {
				p := ring.Partition(rapid.IntRange(0, partitions-1).Draw(rt, "partition"))
				c.ForgetPartition(p)
				for at := range truth {
					if at[0] == byte('0'+p) {
						delete(truth, at)
					}
				}
			},
			"get": func(rt *rapid.T) {
				p, hash, key := draw(rt)
				encoded, digest, known := c.Get(p, hash, key, []byte("before"))
				want, ok := truth[place(p, key)]
				switch known {
				case Present:
					if !ok || string(encoded) != "before"+string(want.object) || digest != want.digest || want.object == nil {
						rt.Fatalf("%s: cached %q %x, was told %v %q %x", key, encoded, digest, ok, want.object, want.digest)
					}
				case Absent:
					if !ok || want.object != nil || string(encoded) != "before" {
						rt.Fatalf("%s: cached as absent, was told %v %q", key, ok, want.object)
					}
				case Unknown:
					if string(encoded) != "before" {
						rt.Fatalf("%s: Unknown, but %q", key, encoded)
					}
				}
			},
			"prefetch": func(rt *rapid.T) { // changes nothing
				hashes := make([]uint64, rapid.IntRange(0, 4).Draw(rt, "keys"))
				for i := range hashes {
					_, hashes[i], _ = draw(rt)
				}
				c.Prefetch(hashes)
			},
			"": func(rt *rapid.T) {
				if _, _, held := c.Stats(); held > size {
					rt.Fatalf("holds %d of %d bytes", held, size)
				}
			},
		})
	})
}

// TestCache_HotAmongCold_Stays holds that what is met again and again is
// not washed out by keys that come once.
func TestCache_HotAmongCold_Stays(t *testing.T) {
	const size = 1 << 20
	c := New(size, 1)
	encoded := bytes.Repeat([]byte("v"), 200)
	hot := []byte("hot")
	c.Put(0, xxhash.Sum64(hot), hot, encoded, 1)
	for i := range 100_000 {
		cold := binary.BigEndian.AppendUint32(nil, uint32(i))
		c.Put(0, xxhash.Sum64(cold), cold, encoded, 2)
		if _, _, known := c.Get(0, xxhash.Sum64(hot), hot, nil); known != Present {
			t.Fatalf("the hot key is gone after %d others", i+1)
		}
	}
	if hits, misses, held := c.Stats(); hits != 100_000 || misses != 0 || held > size || held < size/2 {
		t.Fatalf("%d hits, %d misses, %d bytes of %d", hits, misses, held, size)
	}
}

func place(p ring.Partition, key []byte) string { return fmt.Sprintf("%d/%s", p, key) }

// TestCache_Grown_LiesInTheSlab holds that a generation that is well filled has moved, that
// the parts of two shards are apart, and that nothing was lost on the way.
func TestCache_Grown_LiesInTheSlab(t *testing.T) {
	const size = 8 << 20
	c := New(size, 1)
	encoded := bytes.Repeat([]byte("v"), 200)
	const keys = 8_000 // half of a generation of all shards
	key := func(i int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(i)) }
	for i := range keys {
		c.Put(0, xxhash.Sum64(key(i)), key(i), append(encoded, key(i)...), object.Digest(i))
	}
	for i := range c.shards {
		if g := &c.shards[i].young; !g.inSlab || g.bytes() > int64(c.limit) {
			t.Fatalf("shard %d: in the slab: %v, %d bytes of %d", i, g.inSlab, g.bytes(), c.limit)
		}
	}
	for i := range keys {
		got, digest, known := c.Get(0, xxhash.Sum64(key(i)), key(i), nil)
		if known != Present || digest != object.Digest(i) || !bytes.Equal(got[len(encoded):], key(i)) {
			t.Fatalf("key %d: %v, digest %d, %d bytes", i, known, digest, len(got))
		}
	}
	if held := c.shards[0].old.slab.data; held != nil {
		t.Errorf("the old generations, which are empty, hold %d bytes", len(held))
	}
}
