package coverage

import (
	"fmt"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/engine"
)

// write stores a value of a key.
func (r *Reader) write(tb rapid.TB, key string) {
	dot := causal.Dot{Actor: causal.Actor{Node: 7, Epoch: 1}, Counter: 1}
	o := object.Put(object.Object{}, causal.Context{}, dot, causal.TimestampOf(time.Now().UnixMilli()), object.Value{Data: []byte("v")})
	if _, err := r.cfg.Store.Apply([]*engine.Record{{Key: []byte(key), Merge: o.Append(nil)}}); err != nil {
		tb.Fatal(err)
	}
}

// underway is a scan that a client is in the middle of.
type underway struct {
	cursor uint64
	node   int // that it asks
	begun  bool
	before map[string]bool // keys that were there when it began
	found  map[string]int
}

// unreachable is a channel through which nobody can be asked.
type unreachable struct{ Channel }

func (unreachable) Available(ring.NodeID) bool { return false }

// beside returns a reader that reads what r does and has a number of its own, as one of
// another node has.
func beside(r *Reader) *Reader {
	cfg := r.cfg
	state := ring.NewState("cluster", 4, ring.Quorums{N: 1, R: 1, W: 1}, ring.Member{ID: cfg.Self, Name: "A", Instance: "A"})
	if err := state.Join(ring.Member{Name: "0", Instance: "0"}); err != nil { // before A in the order of names
		panic(err)
	}
	view := ring.NewRing(state)
	cfg.Ring, cfg.Channel = func() *ring.Ring { return view }, unreachable{}
	return New(cfg)
}

// TestScanKeys_ScansSideBySide_MissNoKeyThatWasThere runs scans side by side, some of
// which are given up, while keys are written. Their clients go from node to node. What one
// scan has read ahead is no good for a scan that began later.
func TestScanKeys_ScansSideBySide_MissNoKeyThatWasThere(t *testing.T) {
	r := alone(t, vfs.NewMem())
	other := beside(r)
	rapid.Check(t, func(rt *rapid.T) {
		if _, err := r.cfg.Store.Partitions().DropIf(0, r.cfg.Store.Merkle().Root(0)); err != nil {
			rt.Fatal(err)
		}
		r.ahead, other.ahead = newReadAhead(), newReadAhead()
		readers := []*Reader{r, other}
		present := make(map[string]bool)
		write := func(n int) {
			for range n {
				key := fmt.Sprint("k", len(present))
				r.write(rt, key)
				present[key] = true
			}
		}
		write(rapid.IntRange(0, 300).Draw(rt, "keys"))
		scans := make([]underway, 3)
		count := rapid.SampledFrom([]int{2, 10})
		for range rapid.IntRange(50, 300).Draw(rt, "steps") {
			s := &scans[rapid.IntRange(0, len(scans)-1).Draw(rt, "scan")]
			if rapid.IntRange(0, 30).Draw(rt, "what") == 0 {
				*s = underway{} // given up
			}
			if !s.begun {
				*s = underway{begun: true, before: make(map[string]bool), found: make(map[string]int)}
				for key := range present {
					s.before[key] = true
				}
			}
			if rapid.IntRange(0, 7).Draw(rt, "hop") == 0 {
				s.node = 1 - s.node
			}
			keys, next, err := readers[s.node].ScanKeys(t.Context(), s.cursor, count.Draw(rt, "count"))
			if err != nil {
				rt.Fatal(err)
			}
			for _, key := range keys {
				s.found[string(key)]++
			}
			if s.cursor = next; next == 0 {
				for key := range s.before {
					if s.found[key] != 1 {
						rt.Fatalf("key %s was there all the time, and is listed %d times", key, s.found[key])
					}
				}
				*s = underway{}
			}
			if rapid.Bool().Draw(rt, "write") {
				write(1)
			}
		}
	})
}

// TestScanKeys_SmallCount_AsksReplicasForManyKeysAtOnce counts the pages that are read.
func TestScanKeys_SmallCount_AsksReplicasForManyKeysAtOnce(t *testing.T) {
	r := alone(t, vfs.NewMem())
	const keys = 5000
	for i := range keys {
		r.write(t, fmt.Sprint("k", i))
	}
	pages := 0
	r.cfg.Policy = func() register.Policy { pages++; return register.LWW } // read once for each
	scan := func(count int) (calls int) {
		found := make(map[string]bool)
		for cursor := uint64(0); calls == 0 || cursor != 0; calls++ {
			keys, next, err := r.ScanKeys(t.Context(), cursor, count)
			if err != nil {
				t.Fatal(err)
			}
			if len(keys) > count+moreKeys+1 {
				t.Errorf("%d keys at once, want about %d", len(keys), count)
			}
			for _, key := range keys {
				found[string(key)] = true
			}
			cursor = next
		}
		if len(found) != keys {
			t.Errorf("count %d: %d of %d keys", count, len(found), keys)
		}
		return calls
	}
	if calls := scan(10); calls < keys/(10+moreKeys) || pages > 30 {
		t.Errorf("%d calls, %d pages", calls, pages)
	}
	if len(r.ahead.mu.kept) != 0 || r.ahead.mu.bytes != 0 {
		t.Errorf("after the scan %d cursors with %d bytes are left", len(r.ahead.mu.kept), r.ahead.mu.bytes)
	}
}

// TestReadAhead_ManyScansAreGivenUp_MemoryIsBounded begins many scans and ends none.
func TestReadAhead_ManyScansAreGivenUp_MemoryIsBounded(t *testing.T) {
	a := newReadAhead()
	most := 0
	for i := range 10 * aheadScans {
		k := kept{size: 10, read: time.Now(), page: page{keys: []listed{{hash: 1 << 30, key: make([]byte, 1000*(i%100))}}}}
		if _, ok := a.put(0, 0, k); !ok {
			t.Fatal("no room between two keys that are far apart")
		}
		most = max(most, a.mu.bytes)
	}
	if len(a.mu.kept) > aheadScans || most > aheadBytes || most < aheadBytes/2 {
		t.Errorf("%d scans, %d bytes at most", len(a.mu.kept), most)
	}
	before := len(a.mu.kept)
	a.put(0, 0, kept{size: 10, read: time.Now(), page: page{keys: []listed{{hash: 1 << 30, key: make([]byte, aheadBytes)}}}})
	if len(a.mu.kept) != before {
		t.Error("a key larger than all that may be kept drives out the others")
	}
}

// TestReadAhead_OldOrForeign_IsNotUsed: what was read long ago, or under another number of
// this node, is read again.
func TestReadAhead_OldOrForeign_IsNotUsed(t *testing.T) {
	for _, test := range []struct {
		name   string
		age    time.Duration
		number uint32
		want   bool
	}{{"fresh", 0, 3, true}, {"old", aheadLifetime, 3, false}, {"of another view", 0, 4, false}} {
		a := newReadAhead()
		k := kept{size: 10, read: time.Now().Add(-test.age), number: 3, page: page{keys: []listed{{hash: 1 << 30}}}}
		cursor, _ := a.put(0, 0, k)
		if _, ok := a.take(cursor, test.number); ok != test.want {
			t.Errorf("%s: used %v, want %v", test.name, ok, test.want)
		}
		if _, ok := a.take(cursor, 3); ok {
			t.Errorf("%s: it is used twice", test.name)
		}
	}
}

func TestBetween_LeadsToTheNextKeyAndTellsNodesApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		last := rapid.Uint32().Draw(t, "last")
		next := last + rapid.OneOf(rapid.Uint32Range(0, 20_000), rapid.Uint32()).Draw(t, "gap")
		if next < last {
			last, next = next, last
		}
		number := rapid.Uint32Range(0, 1<<numberBits-1).Draw(t, "number")
		seen := make(map[uint32]bool)
		for n := range uint32(leastHashes) {
			hash, ok := between(last, next, number, n)
			if !ok {
				if next-last >= (leastHashes+1)<<numberBits {
					t.Fatalf("nothing between %d and %d", last, next)
				}
				return
			}
			if hash <= last || hash > next || hash%(1<<numberBits) != number || seen[hash] {
				t.Fatalf("%d between %d and %d, number %d, seen %v", hash, last, next, number, seen)
			}
			seen[hash] = true
		}
	})
}

func TestNumberOf_MembersOfOneView_Differ(t *testing.T) {
	view, ids := threeNodes()
	seen := make(map[uint32]ring.NodeID)
	for _, id := range ids {
		n := numberOf(view, id)
		if other, ok := seen[n]; ok {
			t.Errorf("%d and %d have the number %d", id, other, n)
		}
		seen[n] = id
	}
}
