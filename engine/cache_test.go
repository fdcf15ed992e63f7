package engine

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
)

// A reader that misses the cache while a key is being written finds no newer version on the
// disk than the one that readers after it find in the cache.
func TestStore_Find_WriterHasTheKey_NextReaderDoesNotGoBack(t *testing.T) {
	s := openMem(t)
	const p = ring.Partition(1)
	key, hash := []byte("key"), hashOf([]byte("key"))
	before := write(t, s, p, "key", data("before")).Stored
	write(t, s, p, "key", data("after"))
	if !s.writer.stripes.tryLockKey(hash) { // as the writer of "after", which is on the disk and not in the cache yet
		t.Fatal("the key is locked")
	}
	defer s.writer.stripes.unlockKey(hash)
	s.objects.Put(p, hash, key, before, object.SeedOf(key).Digest(before))
	missed, digest, found, err := s.findStored(p, hash, key, []byte("kept"), wholeObject)
	if err != nil || !found || digest != object.SeedOf(key).Digest(before) || string(missed) != "kept"+string(before) {
		t.Errorf("a reader that missed the cache found %q (%v, digest %x), %v; the next one finds %q", missed, found, digest, err, before)
	}
	s.objects.Forget(p, hash, key)
	if missed, _, _, _ := s.findStored(p, hash, key, nil, wholeObject); string(missed) == string(before) {
		t.Error("where the cache knows nothing, the reader did not find what is on the disk")
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
			if err := dropPartition(s, dropped); err != nil {
				t.Error(err)
				return
			}
		}
	})
	writers.Wait()
	stop()
	others.Wait()
	if err := dropPartition(s, dropped); err != nil {
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
