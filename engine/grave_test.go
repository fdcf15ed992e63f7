package engine

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
)

var deletion = object.Value{Tombstone: true}

// valuedKeys and allKeys list a partition.
func valuedKeys(tb testing.TB, s *Store) func(ring.Partition, uint32) []string {
	return func(p ring.Partition, from uint32) (keys []string) {
		for e, err := range s.ScanValued(p, from) {
			if err != nil {
				tb.Fatal(err)
			}
			keys = append(keys, string(e.Key))
		}
		return keys
	}
}

func allKeys(tb testing.TB, s *Store) func(ring.Partition, uint32) []string {
	return func(p ring.Partition, from uint32) (keys []string) {
		for e, err := range s.Scan(p, from) {
			if err != nil {
				tb.Fatal(err)
			}
			keys = append(keys, string(e.Key))
		}
		return keys
	}
}

func TestScanValued_PassesOverWhatIsDead(t *testing.T) {
	clock := newTestClock()
	o := testOptions(vfs.NewMem())
	o.Now, o.StripAfter, o.ObjectCacheBytes = clock.now, time.Minute, -1
	s := open(t, o)
	for i := range 100 {
		write(t, s, 4, fmt.Sprint(i), data("v"))
		if i%10 != 0 {
			write(t, s, 4, fmt.Sprint(i), deletion)
		}
	}
	mortal := data("v")
	mortal.Expiry = clock.at.Add(time.Second).UnixMilli()
	write(t, s, 4, "mortal", mortal)
	write(t, s, 4, "10", deletion)
	write(t, s, 4, "11", data("back"))
	if all, valued := len(allKeys(t, s)(4, 0)), len(valuedKeys(t, s)(4, 0)); all != 101 || valued != 11 {
		t.Errorf("%d objects, %d with a value; want 101, 11", all, valued)
	}
	wantValues(t, s, 4, "10", "†")
	wantValues(t, s, 4, "11", "back")
	wantValues(t, s, 4, "12", "†")
	clock.advance(time.Second + o.StripAfter)
	if _, err := s.sweeper.sweep(t.Context(), s.db.now()); err != nil {
		t.Fatal(err)
	}
	if all, valued := len(allKeys(t, s)(4, 0)), len(valuedKeys(t, s)(4, 0)); all != 101 || valued != 10 {
		t.Errorf("after the sweep %d objects, %d with a value; want 101, 10", all, valued)
	}
	audit(t, s)
}

// An expired value gives its bytes back, and not while another clock may say that it lives.
func TestSweep_ExpiredValue_GivesItsBytesBack(t *testing.T) {
	clock := newTestClock()
	o := testOptions(vfs.NewMem())
	o.Now, o.StripAfter = clock.now, time.Minute
	s := open(t, o)
	v := object.Value{Data: make([]byte, 10_000), Expiry: clock.at.Add(time.Second).UnixMilli()}
	full := write(t, s, 4, "k", v).Stored
	sweep := func() {
		t.Helper()
		if _, err := s.sweeper.sweep(t.Context(), s.db.now()); err != nil {
			t.Fatal(err)
		}
		audit(t, s)
	}
	stripped := func(want bool) {
		t.Helper()
		live, _ := s.Partitions().Keys(4)
		if bytes := s.Partitions().Bytes(4); live != 0 || want != (bytes < 100) {
			t.Fatalf("%d keys live, %d bytes", live, bytes)
		}
	}
	clock.advance(time.Second)
	sweep()
	stripped(false)
	clock.advance(time.Minute - time.Millisecond)
	sweep()
	stripped(false)
	clock.advance(time.Millisecond)
	sweep()
	stripped(true)
	// A copy with data comes from a replica that has not stripped yet.
	apply(t, s, &Record{Partition: 4, Key: []byte("k"), Merge: full})
	wantValues(t, s, 4, "k", string(v.Data))
	audit(t, s)
	sweep()
	stripped(true)
	write(t, s, 4, "k", data("new"))
	wantValues(t, s, 4, "k", "new")
	audit(t, s)
}

// Members of an older version do not read stripped values. Once all members do, no start
// asks again.
func TestSweep_StripsOnceAllMembersReadIt(t *testing.T) {
	clock := newTestClock()
	all, asked := false, 0
	o := testOptions(vfs.NewMem())
	o.Now, o.StripAfter = clock.now, time.Minute
	o.MayStrip = func() bool { asked++; return all }
	s := open(t, o)
	v := object.Value{Data: make([]byte, 10_000), Expiry: clock.at.UnixMilli()}
	write(t, s, 4, "k", v)
	clock.advance(time.Hour)
	sweep := func(stripped bool) {
		t.Helper()
		if _, err := s.sweeper.sweep(t.Context(), s.db.now()); err != nil {
			t.Fatal(err)
		}
		live, _ := s.Partitions().Keys(4)
		if bytes := s.Partitions().Bytes(4); live != 0 || stripped != (bytes < 100) {
			t.Fatalf("%d keys live, %d bytes", live, bytes)
		}
		audit(t, s)
	}
	sweep(false)
	all = true
	sweep(true)
	all, asked = false, 0
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, o)
	write(t, s, 4, "other", v)
	sweep(true)
	if asked != 0 {
		t.Errorf("asked %d times again", asked)
	}
}

// A key that is deleted and written again all the time has an object at every moment,
// whoever reads it, and one only.
func TestStore_ObjectMoves_IsFoundOnce(t *testing.T) {
	o := testOptions(vfs.NewMem())
	o.ObjectCacheBytes = -1
	s := open(t, o)
	write(t, s, 4, "k", data("v"))
	const around = 40
	for i := range around {
		write(t, s, 4, fmt.Sprint("other", i), data("v"))
	}
	ctx, stop := context.WithCancel(t.Context())
	var writers sync.WaitGroup
	writers.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			v := data("v")
			if i%2 == 0 {
				v = deletion
			}
			c, err := s.Apply([]*Record{{Partition: 4, Key: []byte("k"), Edit: &put{s: s, value: v}}})
			if err == nil {
				err = c.Wait()
			}
			if err != nil {
				t.Error(err)
				return
			}
		}
	})
	for range 500 {
		if _, found, err := s.Get(4, []byte("k"), nil); !found || err != nil {
			t.Errorf("found %v, %v", found, err)
			break
		}
		if keys := allKeys(t, s)(4, 0); len(keys) != around+1 {
			t.Errorf("%d objects in a scan, want %d: %v", len(keys), around+1, keys)
			break
		}
	}
	stop()
	writers.Wait()
	audit(t, s)
}

// downgrade makes the key space what version 1 left, with the dead objects among the others.
func downgrade(t testing.TB, s *Store) {
	t.Helper()
	b := s.db.pebble.NewBatch()
	defer b.Close()
	move := func(prefix, to byte) {
		from, until := prefixBounds(prefix)
		err := s.db.forEach(from, until, func(k, v []byte) error {
			if err := b.Delete(k, nil); err != nil {
				return err
			}
			return b.Set(append([]byte{to}, k[1:]...), v, nil)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	move(prefixGrave, prefixObject)
	move(prefixExpired, prefixDead)
	id := `{"format":1,"node":"659918","name":"A","partitions":16}`
	if err := b.Set(identityKey, []byte(id), nil); err != nil {
		t.Fatal(err)
	}
	if err := s.db.pebble.Apply(b, pebble.Sync); err != nil {
		t.Fatal(err)
	}
}

// TestUpgrade_FromVersion1_MovesWhatIsDead opens a store of version 1, also where an earlier
// start did not come to the end of its upgrade.
func TestUpgrade_FromVersion1_MovesWhatIsDead(t *testing.T) {
	for _, interrupted := range []bool{false, true} {
		t.Run(fmt.Sprintf("interrupted %v", interrupted), func(t *testing.T) {
			clock := newTestClock()
			o := testOptions(vfs.NewMem())
			o.Now, o.StripAfter = clock.now, time.Minute
			s := open(t, o)
			for i := range 60 {
				v := data("v")
				switch i % 3 {
				case 1:
					v = deletion
				case 2:
					v.Expiry = clock.at.Add(time.Duration(i) * time.Second).UnixMilli()
				}
				write(t, s, ring.Partition(i%4), fmt.Sprint(i), v)
			}
			clock.advance(30 * time.Second)
			if _, err := s.sweeper.sweep(t.Context(), s.db.now()); err != nil {
				t.Fatal(err)
			}
			roots := s.Merkle().Roots(nil)
			downgrade(t, s)
			if interrupted {
				if err := s.db.markUpgrade(upgrading); err != nil {
					t.Fatal(err)
				}
				b, n := s.db.pebble.NewBatch(), 0
				from, to := prefixBounds(prefixDead)
				err := s.db.forEach(from, to, func(k, _ []byte) error {
					if n++; n%2 == 0 {
						return nil
					}
					_, err := s.db.moveEntry(b, new(object.Object), k)
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
				if err := s.db.pebble.Apply(b, pebble.Sync); err != nil {
					t.Fatal(err)
				}
			}
			s.Crash()
			s = open(t, o)
			if id, _, err := s.db.checkIdentity(); id.outdated() || err != nil {
				t.Errorf("still outdated: %+v, %v", id, err)
			}
			if err := s.rebuild.run(t.Context()); err != nil {
				t.Fatal(err)
			}
			audit(t, s)
			if after := s.Merkle().Roots(nil); fmt.Sprint(after) != fmt.Sprint(roots) {
				t.Error("the upgrade changed objects")
			}
			if all, valued := len(allKeys(t, s)(1, 0)), len(valuedKeys(t, s)(1, 0)); all != 15 || valued != 10 {
				t.Errorf("%d objects in a partition, %d with a value; want 15, 10", all, valued)
			}
			clock.advance(2 * time.Minute)
			if _, err := s.sweeper.sweep(t.Context(), s.db.now()); err != nil {
				t.Fatal(err)
			}
			if valued := len(valuedKeys(t, s)(1, 0)); valued != 5 {
				t.Errorf("%d objects with a value once all others expired; want 5", valued)
			}
			audit(t, s)
		})
	}
}
