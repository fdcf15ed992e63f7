package engine

import (
	"github.com/quorate/quorate/cluster/core/object"

	"fmt"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

func TestSweep_Expired_LeaveTheLiveCountAndStay(t *testing.T) {
	clock := newTestClock()
	o := testOptions(vfs.NewMem())
	o.Now = clock.now
	s := open(t, o)
	for i := range 600 {
		v := data("v")
		v.Expiry = clock.at.Add(time.Duration(i) * time.Second).UnixMilli()
		write(t, s, 4, fmt.Sprint(i), v)
	}
	check := func(want int64) {
		t.Helper()
		if _, err := s.sweeper.sweep(t.Context(), s.db.now()); err != nil {
			t.Fatal(err)
		}
		if live, total := s.Partitions().Keys(4); live != want || total != 600 {
			t.Fatalf("%d live of %d, want %d of 600", live, total, want)
		}
		audit(t, s)
	}
	check(599)
	clock.advance(299 * time.Second)
	check(300)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, o)
	check(300)
	write(t, s, 4, "0", data("alive again"))
	check(301)
	clock.advance(time.Hour)
	check(1)
	if s.writer.expiry.earliest[4].Load() <= s.db.now() {
		t.Error("the sweep will look again at a partition in which nothing expires")
	}
}

func TestDead_OldOnesInOrder_UntilReaped(t *testing.T) {
	clock := newTestClock()
	o := testOptions(vfs.NewMem())
	o.Now, o.StripAfter = clock.now, time.Minute
	s := open(t, o)
	start := clock.at
	for i := range 10 {
		v := object.Value{Tombstone: true}
		if i%2 == 1 {
			v = object.Value{Data: []byte("v"), Expiry: clock.at.UnixMilli()}
		}
		write(t, s, 4, fmt.Sprint(i), v)
		clock.advance(time.Second)
	}
	write(t, s, 4, "alive", data("v"))
	clock.advance(o.StripAfter)
	if _, err := s.sweeper.sweep(t.Context(), s.db.now()); err != nil {
		t.Fatal(err)
	}
	dead := func(before time.Time) (refs []Ref) {
		t.Helper()
		for rest := DeadBefore(4, before); !rest.Empty(); {
			page, err := s.Tombstones().Page(rest, 1)
			if err != nil {
				t.Fatal(err)
			}
			refs, rest = append(refs, page.Refs...), page.Rest
		}
		return refs
	}
	if n := len(dead(start)); n != 0 {
		t.Errorf("%d dead before the first died", n)
	}
	refs := dead(start.Add(4500 * time.Millisecond))
	if len(refs) != 5 || string(refs[0].Key) != "0" || string(refs[4].Key) != "4" {
		t.Fatalf("dead: %+v", refs)
	}
	write(t, s, 4, "2", data("back"))
	alive, _, err := s.Get(4, []byte("alive"), nil)
	if err != nil {
		t.Fatal(err)
	}
	refs = append(refs, refs[0], Ref{Partition: 4, Key: []byte("alive"), Digest: object.SeedOf([]byte("alive")).Digest(alive)})
	if n, err := s.Tombstones().Reap(refs); n != 4 || err != nil {
		t.Fatalf("reaped %d: %v; what came back or lives must stay", n, err)
	}
	wantValues(t, s, 4, "2", "back")
	wantValues(t, s, 4, "alive", "v")
	if live, total := s.Partitions().Keys(4); live != 2 || total != 7 {
		t.Errorf("%d live of %d", live, total)
	}
	audit(t, s)
}

// TestReap_KeyReturns_StartsANewEpoch keeps a reaped key's dots from being
// minted again.
func TestReap_KeyReturns_StartsANewEpoch(t *testing.T) {
	s := openMem(t)
	before := &put{s: s, value: object.Value{Tombstone: true}}
	r := &Record{Key: []byte("k"), Edit: before}
	apply(t, s, r)
	if n, err := s.Tombstones().Reap([]Ref{{Key: r.Key, Digest: object.SeedOf(r.Key).Digest(r.Stored)}}); n != 1 || err != nil {
		t.Fatalf("reaped %d: %v", n, err)
	}
	after := &put{s: s, value: data("v")}
	apply(t, s, &Record{Key: []byte("k"), Edit: after})
	if after.dot.Actor.Epoch <= before.dot.Actor.Epoch {
		t.Fatalf("dot %v after %v", after.dot, before.dot)
	}
}
