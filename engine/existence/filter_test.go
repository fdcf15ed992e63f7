package existence

import (
	"encoding/binary"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cespare/xxhash/v2"

	"github.com/quorate/quorate/cluster/core/ring"
)

// hashOfNumber is the hash of the key with a number, as the engine hashes keys.
func hashOfNumber(n int) uint64 {
	return xxhash.Sum64(binary.BigEndian.AppendUint64(nil, uint64(n)))
}

// built returns a filter that was built for some keys and has them.
func built(keys int) *Filter {
	f := New(1 << 30)
	b := f.NewBuild(0)
	b.Begin()
	b.Publish()
	for n := range keys {
		f.Add(ring.Partition(n%256), hashOfNumber(n))
	}
	return f
}

// falsePositives returns how many of 100,000 keys that are not in the filter it takes for
// stored ones.
func falsePositives(f *Filter, first int) (n int) {
	for i := first; i < first+100_000; i++ {
		if f.MayContain(ring.Partition(i%256), hashOfNumber(i)) {
			n++
		}
	}
	return n
}

// The numbers are those of these very keys. What they say of the design: a filter that is
// full takes one absent key in a hundred for a stored one, one at twice its capacity one in
// eight, and one at a quarter, as after a build, next to none.
func TestFilter_AbsentKeys_FewAreTakenForStored(t *testing.T) {
	capacity := int(capacityOf(leastBytes / blockBytes))
	for _, test := range []struct {
		keys, least, most int
	}{
		{capacity / 4, 0, 20},
		{capacity / 2, 20, 80},
		{capacity, 800, 1_100},
		{2 * capacity, 11_000, 13_000},
	} {
		f := built(test.keys)
		if n := falsePositives(f, test.keys); n < test.least || n > test.most {
			t.Errorf("%d keys: %d of 100000 absent keys are taken for stored, want %d to %d", test.keys, n, test.least, test.most)
		}
	}
}

// Keys of one partition, and one key in many partitions, spread as well as any.
func TestFilter_OnePartitionOrOneKey_SpreadsAsWell(t *testing.T) {
	const keys = 50_000
	for name, place := range map[string]func(int) (ring.Partition, uint64){
		"one partition":       func(n int) (ring.Partition, uint64) { return 7, hashOfNumber(n) },
		"one stripe":          func(n int) (ring.Partition, uint64) { return 7, hashOfNumber(n) >> 10 },
		"few lower hash bits": func(n int) (ring.Partition, uint64) { return 7, uint64(n) },
		"few upper hash bits": func(n int) (ring.Partition, uint64) { return 7, uint64(n) << 40 },
	} {
		f := built(0)
		for n := range keys {
			f.Add(place(n))
		}
		wrong := 0
		for n := keys; n < 2*keys; n++ {
			if f.MayContain(place(n)) {
				wrong++
			}
		}
		if wrong > 100 {
			t.Errorf("%s: %d of %d absent keys are taken for stored", name, wrong, keys)
		}
	}
	f := built(0)
	for p := range ring.Partition(256) {
		f.Add(p, 42)
	}
	if f.Stats().Keys != 256 {
		t.Errorf("a key in 256 partitions counts as %d keys", f.Stats().Keys)
	}
}

func TestFilter_BeforeTheFirstBuild_EveryKeyMayBeStored(t *testing.T) {
	f := New(1 << 20)
	b := f.NewBuild(10)
	for _, step := range []func(){func() {}, b.Begin, func() { b.Add(1, 2) }} {
		step()
		if !f.MayContain(1, 1) || !f.Due(0) {
			t.Fatal("a filter that was never built knows what is absent")
		}
	}
	f.Add(1, 3)
	f.FalsePositive()
	if s := f.Stats(); s.Keys != 0 || s.FalsePositives != 0 || s.Bytes != leastBytes {
		t.Errorf("while the first build fills: %+v", s)
	}
	b.Publish()
	f.FalsePositive()
	if f.MayContain(1, 1) || !f.MayContain(1, 2) || !f.MayContain(1, 3) {
		t.Error("the first build has other keys than were added")
	}
	if s := f.Stats(); s.Keys != 2 || s.FalsePositives != 1 || s.Bytes != leastBytes {
		t.Errorf("after the first build: %+v", s)
	}
}

func TestFilter_Discard_TheOldTableGoesOn(t *testing.T) {
	f := built(0)
	b := f.NewBuild(0)
	b.Begin()
	f.Add(1, 1)
	b.Discard()
	f.Add(1, 2)
	if !f.MayContain(1, 1) || !f.MayContain(1, 2) || f.MayContain(1, 3) {
		t.Error("after a build that was given up, keys are lost, or nothing is absent")
	}
	if got := f.Stats().Bytes; got != leastBytes {
		t.Errorf("%d bytes are held after a build that was given up, want %d", got, leastBytes)
	}
}

func TestFilter_Sizes_FollowTheKeysAndTheLimit(t *testing.T) {
	const mib = 1 << 20
	for _, test := range []struct {
		limit, keys, want int64
	}{
		{128 * mib, 0, leastBytes},
		{128 * mib, 52_000, leastBytes},
		{128 * mib, 53_000, 2 * leastBytes},
		{128 * mib, 105_000, 4 * leastBytes},
		{128 * mib, 10_000_000, 32 * mib},
		{128 * mib, 1_000_000_000, 128 * mib},
		{100 * mib, 1_000_000_000, 64 * mib},
		{0, 1_000_000_000, leastBytes},
	} {
		if got := New(test.limit).blocksFor(test.keys) * blockBytes; got != test.want {
			t.Errorf("limit %d, %d keys: a table of %d bytes, want %d", test.limit, test.keys, got, test.want)
		}
	}
}

func isSignalled(f *Filter) bool {
	select {
	case <-f.Full():
		return true
	default:
		return false
	}
}

func TestFilter_Full_IsSignalledAndDue(t *testing.T) {
	capacity := capacityOf(leastBytes / blockBytes)
	f := built(0)
	n := 0
	fill := func(keys int64) {
		for f.Stats().Keys < keys {
			if f.Stats().Keys%capacity > 0 && isSignalled(f) {
				t.Fatalf("signalled at %d keys", f.Stats().Keys)
			}
			f.Add(0, hashOfNumber(n))
			n++
		}
	}
	fill(capacity - 1)
	if f.Due(capacity - 1) {
		t.Error("due before it is full")
	}
	fill(capacity)
	if !isSignalled(f) || !f.Due(capacity) || !f.Due(10) {
		t.Error("full, and not signalled or not due")
	}
	fill(2 * capacity)
	if !isSignalled(f) {
		t.Error("not signalled again when as many keys were added again")
	}
	b := f.NewBuild(2 * capacity)
	b.Begin()
	b.Publish()
	if isSignalled(f) || f.Due(2*capacity) {
		t.Error("a new table is full")
	}
}

// A build that is overtaken by the keys that come meanwhile is due again at once.
func TestBuild_FullWhenPublished_IsSignalled(t *testing.T) {
	f := built(0)
	b := f.NewBuild(0)
	b.Begin()
	for n := 0; b.table.keys.Load() < b.table.capacity; n++ {
		f.Add(0, hashOfNumber(n))
	}
	_ = isSignalled(f) // by the old table
	b.Publish()
	if !isSignalled(f) {
		t.Error("nobody is told that the new table is full already")
	}
}

// At its limit a filter is due only where that gives up removed keys.
func TestFilter_FullAtItsLimit_IsDueForRemovedKeysOnly(t *testing.T) {
	f := New(leastBytes)
	b := f.NewBuild(0)
	b.Begin()
	b.Publish()
	for n := 0; f.Stats().Keys < b.table.capacity; n++ {
		f.Add(0, hashOfNumber(n))
	}
	if f.Due(b.table.capacity) || f.Due(b.table.capacity/2+1) {
		t.Error("due although another table would be as full")
	}
	if !f.Due(b.table.capacity / 2) {
		t.Error("not due although half of the keys were removed")
	}
}

// TestFilter_WritersBesideBuilds_NoFalseNegative has writers of new keys, builds one after
// another, and readers of what is stored, all at once.
func TestFilter_WritersBesideBuilds_NoFalseNegative(t *testing.T) {
	const writers, keys = 4, 4_000
	f := New(1 << 20)
	var stripes sync.RWMutex // held for reading by writers
	var stored [writers]atomic.Int64
	key := func(writer, n int) uint64 { return hashOfNumber(writer*keys + n) }
	check := func() {
		for w := range stored {
			for n := range int(stored[w].Load()) {
				if !f.MayContain(ring.Partition(w), key(w, n)) {
					t.Errorf("key %d of writer %d is stored and taken for absent", n, w)
					return
				}
			}
		}
	}
	var writing, others sync.WaitGroup
	var done atomic.Bool
	for w := range writers {
		writing.Go(func() {
			for n := range keys {
				stripes.RLock()
				f.Add(ring.Partition(w), key(w, n))
				stored[w].Store(int64(n) + 1)
				stripes.RUnlock()
			}
		})
	}
	others.Go(func() {
		for !done.Load() {
			check()
		}
	})
	others.Go(func() {
		for !done.Load() {
			b := f.NewBuild(0)
			var snapshot [writers]int64
			stripes.Lock()
			b.Begin()
			for w := range stored {
				snapshot[w] = stored[w].Load()
			}
			stripes.Unlock()
			for w, n := range snapshot {
				for n := range int(n) {
					b.Add(ring.Partition(w), key(w, n))
				}
			}
			b.Publish()
		}
	})
	writing.Wait()
	done.Store(true)
	others.Wait()
	check()
}
