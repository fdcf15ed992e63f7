package antientropy

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/cluster/testcluster"
	"github.com/quorate/quorate/engine"
)

func TestExchanger_Sync_InSync_CostsOneMessage(t *testing.T) {
	w := newWorld(t, 4, 2, "A", "B")
	w.FillNodes(1000, 10, "A", "B")
	for p := range ring.Partition(4) {
		stats, err := w.node("A").x.Sync(t.Context(), ring.IDOf("B"), p)
		if err != nil {
			t.Fatal(err)
		}
		if stats.Messages != 1 || stats.NodesCompared != 1 || stats.LeavesCompared != 0 || stats.Bytes > 64 {
			t.Fatalf("in sync, it cost %+v", stats)
		}
	}
	before := w.Calls()
	differing, unknown, err := w.node("A").x.Differing(t.Context(), ring.IDOf("B"), []ring.Partition{0, 1, 2, 3})
	if err != nil || len(differing)+len(unknown) != 0 || w.Calls()-before != 1 {
		t.Fatalf("differing %v, unknown %v, err %v, %d messages", differing, unknown, err, w.Calls()-before)
	}
}

func TestExchanger_Sync_FewDifferences_CostsInProportion(t *testing.T) {
	w := newWorld(t, 1, 2, "A", "B")
	w.FillNodes(manyKeys, 8, "A", "B")
	a, b := w.node("A"), w.node("B")
	const each = 10
	for i := range each {
		a.Set(fmt.Sprintf("only-a:%d", i), "x")
		b.Set(fmt.Sprintf("only-b:%d", i), "x")
		b.Set(fmt.Sprintf("key:%d", i), "newer at b")
		a.Set(fmt.Sprintf("key:%d", 1000+i), "newer at a")
		a.Set(fmt.Sprintf("key:%d", 2000+i), "concurrent")
		b.Set(fmt.Sprintf("key:%d", 2000+i), "concurrently")
	}
	const d = 5 * each
	stats, err := a.x.Sync(t.Context(), b.ID, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", stats)
	if stats.KeysExchanged != d {
		t.Errorf("%d keys differed, %d were exchanged", d, stats.KeysExchanged)
	}
	if stats.LeavesCompared > d {
		t.Errorf("%d leaves compared for %d keys", stats.LeavesCompared, d)
	}
	if limit := int64(1 + d*fanout*leafLevel); stats.NodesCompared > limit {
		t.Errorf("%d nodes compared, more than %d", stats.NodesCompared, limit)
	}
	// Levels, one listing, one fetch, one push of ours, one push of what was merged.
	if stats.Messages > leafLevel+1+4 {
		t.Errorf("%d messages", stats.Messages)
	}
	requireSame(t, a, b)
	if stats, err = b.x.Sync(t.Context(), a.ID, 0); err != nil || stats.Messages != 1 {
		t.Errorf("after it: %+v, %v", stats, err)
	}
}

// TestExchanger_Sync_Random_EndsInTheMerge compares with the naive model: key by key, the
// merge of both copies.
func TestExchanger_Sync_Random_EndsInTheMerge(t *testing.T) {
	random := seeded(t)
	for range 20 {
		w := newWorld(t, 1, 2, "A", "B")
		a, b := w.node("A"), w.node("B")
		for range random.IntN(400) {
			key := fmt.Sprintf("k%d", random.IntN(100))
			from, to := a, b
			if random.IntN(2) == 0 {
				from, to = b, a
			}
			var encoded []byte
			if random.IntN(5) == 0 {
				encoded = from.Delete(key)
			} else {
				encoded = from.Set(key, fmt.Sprint(random.Uint32()))
			}
			if random.IntN(2) == 0 {
				to.Merge(key, encoded)
			}
		}
		want := merged(t, a.Contents(), b.Contents())
		if _, err := a.x.Sync(t.Context(), b.ID, 0); err != nil {
			t.Fatal(err)
		}
		requireContents(t, a, want)
		requireContents(t, b, want)
	}
}

func merged(t *testing.T, a, b map[string]string) map[string]string {
	all := maps.Clone(a)
	for key, theirs := range b {
		ours, both := a[key]
		if !both {
			all[key] = theirs
			continue
		}
		x, err := object.Decode([]byte(ours))
		if err != nil {
			t.Fatal(err)
		}
		y, err := object.Decode([]byte(theirs))
		if err != nil {
			t.Fatal(err)
		}
		o, _ := object.Merge(x, y)
		all[key] = string(o.Append(nil))
	}
	return all
}

func requireContents(t *testing.T, n *node, want map[string]string) {
	t.Helper()
	if got := n.Contents(); !maps.Equal(got, want) {
		t.Fatalf("%s has %d keys, or other objects; want %d", n.Name, len(got), len(want))
	}
}

func TestExchanger_Sync_EmptyOnOneSide_CopiesByPages(t *testing.T) {
	for _, test := range []struct {
		full  string
		taken int64 // keys that were news to B
	}{{"A", 500}, {"B", 0}} {
		w := newWorld(t, 1, 2, "A", "B")
		w.FillNodes(500, 10_000, test.full)
		a, b := w.node("A"), w.node("B")
		stats, err := a.x.Sync(t.Context(), b.ID, 0)
		if err != nil {
			t.Fatal(err)
		}
		if stats.KeysExchanged != 500 || stats.KeysTaken != test.taken || stats.Messages < 6 || stats.Messages > 9 {
			t.Errorf("%s has all: %+v: want the root and about 5 pages", test.full, stats)
		}
		requireSame(t, a, b)
	}
}

// TestExchanger_Sync_LongKeys_ListsByPages has listings and batches of several pages, with
// keys of either side alone between them.
func TestExchanger_Sync_LongKeys_ListsByPages(t *testing.T) {
	w := newWorld(t, 1, 2, "A", "B")
	a, b := w.node("A"), w.node("B")
	random := seeded(t)
	long := string(bytes.Repeat([]byte("l"), 3000))
	for i := range 1500 {
		key := fmt.Sprintf("%s%d", long, i)
		encoded := a
		switch random.IntN(4) {
		case 0:
			encoded = b
			fallthrough
		case 1:
			encoded.Set(key, long)
		default:
			b.Merge(key, a.Set(key, "same"))
		}
	}
	b.Set("", "the empty key is a key")
	want := merged(t, a.Contents(), b.Contents())
	stats, err := a.x.Sync(t.Context(), b.ID, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", stats)
	requireContents(t, a, want)
	requireContents(t, b, want)
}

func TestExchanger_Offer_ChangesNothingHere(t *testing.T) {
	w := newWorld(t, 1, 2, "A", "B")
	w.FillNodes(2000, 8, "A", "B")
	a, b := w.node("A"), w.node("B")
	for i := range 5 {
		a.Set(fmt.Sprintf("only-a:%d", i), "x")
		b.Set(fmt.Sprintf("only-b:%d", i), "x")
		b.Set(fmt.Sprintf("key:%d", i), "newer at b")
		a.Set(fmt.Sprintf("key:%d", 10+i), "newer at a")
	}
	before, want := a.Contents(), merged(t, a.Contents(), b.Contents())
	stats, err := a.x.Offer(t.Context(), b.ID, 0)
	if err != nil {
		t.Fatal(err)
	}
	if stats.KeysTaken != 10 {
		t.Errorf("%d keys were news to the peer, want 10", stats.KeysTaken)
	}
	requireContents(t, a, before)
	requireContents(t, b, want)
	if stats, err = a.x.Offer(t.Context(), b.ID, 0); err != nil || stats.KeysTaken != 0 {
		t.Errorf("offered again: %+v, %v", stats, err)
	}
}

// unreadyTrees are Merkle trees that are still being rebuilt.
type unreadyTrees struct{ merkleTrees }

func (unreadyTrees) PartitionReady(ring.Partition) bool { return false }

// damagedStore is a store in which one key's object reads as garbage.
type damagedStore struct {
	objectStore
	key string
}

func (f *damagedStore) Scan(p ring.Partition, from uint32) iter.Seq2[engine.Entry, error] {
	return func(yield func(engine.Entry, error) bool) {
		for e, err := range f.objectStore.Scan(p, from) {
			if string(e.Key) == f.key {
				e.Object = []byte("garbage")
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

func TestExchanger_Sync_TreeBeingRebuilt_IsNotReady(t *testing.T) {
	for _, side := range []string{"A", "B"} {
		w := newWorld(t, 1, 2, "A", "B")
		w.FillNodes(3000, 8, "A", "B")
		a, b := w.node("A"), w.node("B")
		a.Set("only-a", "x")
		b.Set("only-b", "x")
		n := w.node(side)
		n.x.trees = unreadyTrees{n.x.trees}
		if _, err := a.x.Sync(t.Context(), b.ID, 0); !errors.Is(err, ErrNotReady) {
			t.Fatalf("sync with the tree of %s unready: %v", side, err)
		}
		if _, unknown, err := a.x.Differing(t.Context(), b.ID, []ring.Partition{0}); err != nil || len(unknown) != 1 {
			t.Fatalf("unknown %v, err %v", unknown, err)
		}
		stats, err := a.x.Transfer(t.Context(), b.ID, 0)
		if err != nil || stats.KeysExchanged != 2 {
			t.Fatalf("transfer without trees: %+v, %v", stats, err)
		}
		requireSame(t, a, b)
	}
}

func TestExchanger_Sync_DamagedObject_DoesNotHoldUpTheOthers(t *testing.T) {
	w := newWorld(t, 1, 2, "A", "B")
	w.FillNodes(500, 8, "B")
	a, b := w.node("A"), w.node("B")
	b.x.objects = &damagedStore{objectStore: b.x.objects, key: "key:7"}
	stats, err := a.x.Sync(t.Context(), b.ID, 0)
	if !errors.Is(err, ErrKeysFailed) || stats.KeysFailed != 1 {
		t.Fatalf("%+v, %v", stats, err)
	}
	want := b.Contents()
	delete(want, "key:7")
	requireContents(t, a, want)
}

func TestExchanger_PushOfAKeyOfAnotherPartition_IsRefused(t *testing.T) {
	w := newWorld(t, 16, 2, "A", "B")
	encoded := w.node("A").Set("k", "v")
	p := w.Ring().PartitionOf([]byte("k"))
	request := stored{key: []byte("k"), object: encoded}.append(appendHeader(nil, (p+1)%16))
	if _, err := w.node("B").x.respond(peer.PushObjects, request); !errors.Is(err, ErrBadMessage) {
		t.Fatal(err)
	}
	if len(w.node("B").Contents()) != 0 {
		t.Fatal("it was stored")
	}
}

// Who pushes may drop what it has offered: it is on the disk when that is answered, in
// either durability mode. So are copies that were there already, and not synced yet.
func TestExchanger_Push_Interval_IsOnTheDiskWhenAnswered(t *testing.T) {
	w := newWorld(t, 16, 1, "A")
	encoded := w.node("A").Set("k", "v")
	p := w.Ring().PartitionOf([]byte("k"))
	for name, before := range map[string]bool{"new": false, "in memory before": true} {
		t.Run(name, func(t *testing.T) {
			o := engine.Options{Dir: "data", FS: vfs.NewCrashableMem(), Partitions: 16, Self: 7, Name: "B", Durability: engine.Interval}
			store, err := engine.Open(o) // its Run, which syncs once a second, does not run
			if err != nil {
				t.Fatal(err)
			}
			defer store.Crash()
			if before {
				if _, err := store.Apply([]*engine.Record{{Partition: p, Key: []byte("k"), Merge: encoded}}); err != nil {
					t.Fatal(err)
				}
			}
			x := NewExchanger(Config{Self: 7, Store: store, Ring: w.Ring})
			if _, err := x.respond(peer.PushObjects, stored{key: []byte("k"), object: encoded}.append(appendHeader(nil, p))); err != nil {
				t.Fatal(err)
			}
			o.FS = o.FS.(*vfs.MemFS).CrashClone(vfs.CrashCloneCfg{}) // a power cut
			again, err := engine.Open(o)
			if err != nil {
				t.Fatal(err)
			}
			defer again.Crash()
			if _, found, err := again.Get(p, []byte("k"), nil); !found || err != nil {
				t.Errorf("after a power cut it is there: %v, %v", found, err)
			}
		})
	}
}

func TestExchanger_Sync_CutOffAnywhere_IsHealedByTheNext(t *testing.T) {
	random := seeded(t)
	for range 10 {
		w := newWorld(t, 1, 2, "A", "B")
		a, b := w.node("A"), w.node("B")
		w.FillNodes(50, 30_000, "A")
		b.Set("key:3", "concurrent")
		b.Set("only-b", "x")
		want := merged(t, a.Contents(), b.Contents())
		left := random.IntN(10)
		w.Intercept(func(*testcluster.Node, ring.NodeID, peer.Kind) error {
			if left--; left < 0 {
				return peer.ErrUnavailable
			}
			return nil
		})
		for try := 1; ; try++ {
			_, err := a.x.Sync(t.Context(), b.ID, 0)
			if err == nil {
				break
			}
			if !errors.Is(err, peer.ErrUnavailable) || try > 50 {
				t.Fatal(err)
			}
			left = random.IntN(10 + try)
		}
		requireContents(t, a, want)
		requireContents(t, b, want)
	}
}

func TestEntriesOf_AnyLeavesFromAnywhere_IsTheNaiveFilter(t *testing.T) {
	w := newWorld(t, 1, 1, "A")
	w.FillNodes(3000, 1, "A")
	store := w.node("A").Store
	random := seeded(t)
	for range 50 {
		var leaves leafSet
		for range 1 + random.IntN(40) {
			level := 1 + random.IntN(leafLevel)
			leaves.addSubtree(level, random.IntN(1<<(2*level)))
		}
		at := cursor{hash: random.Uint32() >> random.IntN(33)}
		if random.IntN(2) == 0 {
			key := fmt.Appendf(nil, "key:%d", random.IntN(3000))
			at = cursor{hash: engine.Hash32(key), key: key, past: true}
		}
		var want, got []string
		for e := range store.Scan(0, 0) {
			if leaves.has(int(e.Hash>>leafShift)) && at.before(e.Hash, e.Key) {
				want = append(want, string(e.Key))
			}
		}
		for e, err := range entriesOf(store, 0, &leaves, at) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, string(e.Key))
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("got %d entries, want %d", len(got), len(want))
		}
	}
	if all := everyLeaf(); all.count() != leafCount || all.next(0) != 0 || all.runEnd(0) != leafCount {
		t.Fatal("everyLeaf is not")
	}
	if (&leafSet{}).next(0) != leafCount || uint32(math.MaxUint32)>>leafShift != leafCount-1 {
		t.Fatal("bounds")
	}
}
