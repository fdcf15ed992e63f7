package cluster_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/coverage"
	"github.com/quorate/quorate/cluster/peer/fault"
	"github.com/quorate/quorate/cluster/replica"
	"github.com/quorate/quorate/cluster/testnodes"
	"github.com/quorate/quorate/engine"
)

// TestScanKeys_FewKeys_PageWalksAsFarAsItsCount scans a cluster that is nearly
// empty: what a page costs is bounded by the keys that it asks for, found or not.
func TestScanKeys_FewKeys_PageWalksAsFarAsItsCount(t *testing.T) {
	w := testnodes.New(t)
	cfg := w.Config("A")
	cfg.Partitions = 256
	a := w.Start(cfg)
	want := make([]string, 20)
	for i := range want {
		want[i] = fmt.Sprintf("key-%02d", i)
		a.MustSet(want[i], "v")
	}
	for _, test := range []struct{ count, pages int }{
		{10, 4}, {64, 4}, {100, 3}, {256, 1}, {10_000, 1},
	} {
		var got []string
		cursor, pages := uint64(0), 0
		for ; pages < 10 && (pages == 0 || cursor != 0); pages++ {
			keys, next, err := a.ScanKeys(t.Context(), cursor, test.count)
			if err != nil {
				t.Fatal(err)
			}
			for _, key := range keys {
				got = append(got, string(key))
			}
			cursor = next
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("count %d: got %v, want %v", test.count, got, want)
		}
		if pages != test.pages {
			t.Errorf("count %d: %d pages, want %d", test.count, pages, test.pages)
		}
	}
}

// TestKeys_NodeIsBeingRefilled_ItsLackOfKeysProvesNothing: with R=1 a node that lost its
// disk could answer alone for its own partitions.
func TestKeys_NodeIsBeingRefilled_ItsLackOfKeysProvesNothing(t *testing.T) {
	w := testnodes.New(t)
	w.Links = new(fault.Links)
	first := w.Config("A")
	first.N, first.R, first.W = 3, 1, 3
	w.Start(first)
	w.Grow("B", "C")
	const keys = 50
	for i := range keys {
		w.Node("A").MustSet(fmt.Sprint("k", i), "v")
	}
	cfg := w.Crash("B")
	w.SetLinks(
		fault.Link{From: cfg.AdvertisePeerAddr, To: w.Node("A").Config.AdvertisePeerAddr, Cut: true},
		fault.Link{From: cfg.AdvertisePeerAddr, To: w.Node("C").Config.AdvertisePeerAddr, Cut: true},
	)
	cfg.Store.LoseData, cfg.RequestTimeout = true, 300*time.Millisecond
	b := w.Start(cfg)
	if found, _, err := b.ScanKeys(t.Context(), 0, 1000); err == nil {
		t.Errorf("a node that lost its disk lists %d of %d keys", len(found), keys)
	}
	if n, err := b.DBSize(t.Context()); err == nil {
		t.Errorf("a node that lost its disk counts %d of %d keys", n, keys)
	}
	if err := b.Flush(t.Context()); err == nil {
		t.Error("a node that lost its disk has deleted all keys, as it says")
	}
	w.SetLinks()
	w.Eventually("all keys to be listed", func() bool {
		found, _, err := b.ScanKeys(t.Context(), 0, 1000)
		return err == nil && len(found) == keys
	})
	if n, err := b.DBSize(t.Context()); n != keys || err != nil {
		t.Errorf("%d keys, %v", n, err)
	}
}

// TestDBSize_AfterAcknowledgedUpdates_CountsThemThroughAnyNode: two of three replicas have
// an update when it is acknowledged.
func TestDBSize_AfterAcknowledgedUpdates_CountsThemThroughAnyNode(t *testing.T) {
	w := testnodes.New(t)
	w.Grow("A", "B", "C", "D")
	nodes := []*testnodes.Node{w.Node("A"), w.Node("B"), w.Node("C"), w.Node("D")}
	for round := range 10 {
		const keys = 100
		reqs := make([]*replica.Request, keys)
		for i := range reqs {
			reqs[i] = &replica.Request{Key: fmt.Append(nil, "k", i), Update: &register.Update{Kind: register.Set, Data: []byte("v")}}
		}
		nodes[round%4].Do(t.Context(), reqs)
		if n, err := nodes[(round+1)%4].DBSize(t.Context()); n != keys || err != nil {
			t.Errorf("after %d SETs: %d keys, %v", keys, n, err)
		}
		if err := nodes[(round+2)%4].Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n, err := nodes[(round+3)%4].DBSize(t.Context()); n != 0 || err != nil {
			t.Errorf("after FLUSHALL: %d keys, %v", n, err)
		}
		if found, _, err := nodes[round%4].ScanKeys(t.Context(), 0, 1000); len(found) > 0 || err != nil {
			t.Errorf("after FLUSHALL: keys %q, %v", found, err)
		}
	}
}

func TestCountKeys_KeysThatExpire_AreCounted(t *testing.T) {
	w := testnodes.New(t)
	w.Grow("A", "B")
	end := time.Now().Add(time.Hour).Truncate(time.Second).UnixMilli()
	var reqs []*replica.Request
	for i := range 10 {
		u := &register.Update{Kind: register.Set, Data: []byte("v")}
		if i < 4 {
			u.Expiry = end + int64(i%2)*2000
		}
		reqs = append(reqs, &replica.Request{Key: fmt.Append(nil, "k", i), W: 2, Update: u})
	}
	w.Node("A").Do(t.Context(), reqs)
	got, err := w.Node("B").CountKeys(t.Context())
	if want := (coverage.KeyCounts{Keys: 10, Expiring: 4, MeanExpiry: end + 1000}); got != want || err != nil {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
}

// TestKeys_NewestSiblingIsADeletion_KeyIsNotThere: for GET the key does not exist, so it
// does not for commands on all keys.
func TestKeys_NewestSiblingIsADeletion_KeyIsNotThere(t *testing.T) {
	w := testnodes.New(t)
	w.Grow("A", "B", "C")
	a := w.Node("A")
	a.MustSet("k", "old")
	r := &replica.Request{Key: []byte("k")}
	a.Do(t.Context(), []*replica.Request{r})
	hidden := r.Object.Clone()
	a.Do(t.Context(), []*replica.Request{{Key: []byte("k"), W: 3, Update: &register.Update{Kind: register.Delete}}})
	r = &replica.Request{Key: []byte("k")}
	a.Do(t.Context(), []*replica.Request{r})
	// The value comes back as a concurrent one: another writer made it.
	beside := object.Put(object.Object{}, causal.Context{}, causal.Dot{Actor: causal.Actor{Node: 99, Epoch: 1}, Counter: 1}, hidden.Siblings[0].Time, hidden.Siblings[0].Value)
	merged, _ := object.Merge(r.Object.Clone(), beside)
	for _, n := range w.All() {
		record := &engine.Record{Partition: n.Ring().PartitionOf([]byte("k")), Key: []byte("k"), Merge: merged.Append(nil)}
		if _, err := n.Store().Apply([]*engine.Record{record}); err != nil || record.Err != nil {
			t.Fatal(err, record.Err)
		}
	}
	list := func() (keys int, counted int64) {
		found, _, err := a.ScanKeys(t.Context(), 0, 1000)
		n, err2 := a.DBSize(t.Context())
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		return len(found), n
	}
	if keys, n := list(); keys != 0 || n != 0 {
		t.Errorf("%d keys are listed and %d counted, want none", keys, n)
	}
	a.MustSet("k", "new")
	if keys, n := list(); keys != 1 || n != 1 {
		t.Errorf("written again: %d keys are listed and %d counted, want 1", keys, n)
	}
}
