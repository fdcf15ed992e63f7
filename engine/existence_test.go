package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
)

// takenForAbsent returns the stored keys that the existence filter takes for absent. There
// must never be one. It looks for them where a scan does, whatever the filter's builder knows
// of their places.
func takenForAbsent(s *Store) (keys []string, err error) {
	for p := range ring.Partition(s.db.opts.Partitions) {
		for e, err := range s.Scan(p, 0) {
			if err != nil {
				return nil, err
			}
			if !s.existence.filter.MayContain(p, hashOf(e.Key)) {
				keys = append(keys, fmt.Sprintf("%d/%s", p, e.Key))
			}
		}
	}
	return keys, nil
}

// buildExistence builds the filter anew, as after a start.
func buildExistence(tb testing.TB, s *Store) {
	tb.Helper()
	if err := s.existence.build(tb.Context()); err != nil {
		tb.Fatal(err)
	}
}

// A writer that does not add its keys is found by the audit that follows every step of the
// model test and of others.
func TestAudit_ObjectThatTheFilterLacks_IsFound(t *testing.T) {
	s := openMem(t)
	write(t, s, 1, "added", data("v"))
	if keys, err := takenForAbsent(s); len(keys) > 0 || err != nil {
		t.Fatalf("taken for absent: %v, %v", keys, err)
	}
	planted := []byte("not added")
	if err := s.db.pebble.Set(appendObjectKey(nil, 2, hashOf(planted), planted), foreign(7, 1, 1, data("v")), pebble.NoSync); err != nil {
		t.Fatal(err)
	}
	if keys, err := takenForAbsent(s); !slices.Equal(keys, []string{"2/not added"}) || err != nil {
		t.Errorf("taken for absent: %v, %v", keys, err)
	}
	buildExistence(t, s)
	if keys, err := takenForAbsent(s); len(keys) > 0 || err != nil {
		t.Errorf("taken for absent by a filter that was just built: %v, %v", keys, err)
	}
}

// A key is in the filter before its batch is committed, so that no reader finds the object
// later than the filter knows it.
func TestTxn_NewKey_IsInTheFilterBeforeItsCommit(t *testing.T) {
	for name, record := range map[string]*Record{
		"merge": {Partition: 3, Key: []byte("k"), Merge: foreign(7, 1, 1, data("v"))},
		"edit":  {Partition: 3, Key: []byte("k")},
		"dead":  {Partition: 3, Key: []byte("k"), Merge: foreign(7, 1, 1, object.Value{Tombstone: true})},
	} {
		s := openMem(t)
		if record.Merge == nil {
			record.Edit = &put{s: s, value: data("v")}
		}
		if s.existence.filter.MayContain(3, hashOf(record.Key)) {
			t.Fatalf("%s: the filter of a new store has the key", name)
		}
		txn := s.writer.newTxn()
		txn.add(hashOf(record.Key), 0)
		txn.lock()
		if err := txn.applyObject([]*Record{record}, 0); err != nil {
			t.Fatal(err)
		}
		if !s.existence.filter.MayContain(3, hashOf(record.Key)) {
			t.Errorf("%s: the filter lacks a key that is about to be committed", name)
		}
		txn.release()
	}
}

func TestStore_AbsentKeys_AreNotLookedUp(t *testing.T) {
	s := openMem(t)
	for i := range 100 {
		write(t, s, ring.Partition(i%4), fmt.Sprint(i), data("v"))
		wantValues(t, s, ring.Partition(i%4), fmt.Sprint(i), "v")
	}
	m := s.Metrics()
	if m.ExistenceKeys != 100 || m.ExistenceFalsePositives != 0 || m.ExistenceBytes == 0 {
		t.Errorf("after 100 new keys: %d keys, %d false positives, %d bytes", m.ExistenceKeys, m.ExistenceFalsePositives, m.ExistenceBytes)
	}
	absent := []byte("absent")
	s.existence.filter.Add(9, hashOf(absent)) // as another key with the same bits
	if _, found, err := s.Get(9, absent, nil); found || err != nil {
		t.Errorf("an absent key: %v, %v", found, err)
	}
	write(t, s, 9, "absent", data("v"))
	wantValues(t, s, 9, "absent", "v")
	if n := s.Metrics().ExistenceFalsePositives; n != 1 { // the write finds in the cache that there is none
		t.Errorf("%d false positives, want 1", n)
	}
}

// After each kind of stop the filter answers only once it is built from what is stored.
func TestStore_Start_TheFilterIsBuiltFromTheDisk(t *testing.T) {
	for name, stop := range map[string]func(*Store){
		"clean stop": func(s *Store) { _ = s.Close() },
		"crash":      (*Store).Crash,
	} {
		o := testOptions(vfs.NewMem())
		s := open(t, o)
		for i := range 50 {
			write(t, s, ring.Partition(i%4), fmt.Sprint(i), data("v"))
		}
		stop(s)
		s = open(t, o)
		if !s.existence.filter.MayContain(1, hashOf([]byte("absent"))) || s.Metrics().ExistenceKeys != 0 {
			t.Errorf("%s: the filter answers before it is built", name)
		}
		write(t, s, 1, "meanwhile", data("v"))
		ctx, cancel := context.WithCancel(t.Context())
		var run sync.WaitGroup
		run.Go(func() { _ = s.Run(ctx) })
		waitFor(t, func() bool { return s.Metrics().ExistenceKeys == 51 })
		if s.existence.filter.MayContain(1, hashOf([]byte("absent"))) {
			t.Errorf("%s: the filter does not answer when it is built", name)
		}
		audit(t, s)
		cancel()
		run.Wait()
		if s.existence.snapshot.get() != nil {
			t.Errorf("%s: the snapshot is still open", name)
		}
		_ = s.Close()
	}
}

// waitFor waits until a condition holds.
func waitFor(t *testing.T, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !condition(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the condition does not come true")
		}
	}
}

// Keys that are not stored any more leave a full filter.
func TestStore_FilterFullOfRemovedKeys_IsBuiltAnew(t *testing.T) {
	s := openMem(t)
	ctx, cancel := context.WithCancel(t.Context())
	var run sync.WaitGroup
	run.Go(func() { _ = s.Run(ctx) })
	defer run.Wait()
	defer cancel()
	write(t, s, 1, "stored", data("v"))
	bytes := s.Metrics().ExistenceBytes
	for i := range uint64(200_000) { // as keys that came and were removed
		s.existence.filter.Add(ring.Partition(i%16), i)
	}
	waitFor(t, func() bool { return s.Metrics().ExistenceKeys < 150_000 })
	waitFor(t, func() bool { return s.existence.snapshot.get() == nil })
	audit(t, s)
	if got := s.Metrics().ExistenceBytes; got != bytes {
		t.Errorf("%d bytes, want %d as before", got, bytes)
	}
}

// TestStore_NewKeysBesideBuilds_AreFoundAtOnce writes new keys, removes old ones and builds
// the filter again and again, all at once. No cache hides what the filter says.
func TestStore_NewKeysBesideBuilds_AreFoundAtOnce(t *testing.T) {
	o := testOptions(vfs.NewMem())
	o.ObjectCacheBytes, o.Durability = -1, Interval
	s := open(t, o)
	const writers, keys = 4, 500
	var writing, others sync.WaitGroup
	ctx, stop := context.WithCancel(t.Context())
	for w := range writers {
		p := ring.Partition(w)
		writing.Go(func() {
			for i := range keys {
				key := fmt.Sprintf("%d-%d", w, i)
				v := data("v")
				if i%5 == 4 {
					v = object.Value{Tombstone: true}
				}
				r := write(t, s, p, key, v)
				if _, found, err := s.Get(p, []byte(key), nil); err != nil || !found {
					t.Errorf("%s after its write: found %v, %v", key, found, err)
					return
				}
				if !v.Tombstone {
					continue
				}
				ref := Ref{Partition: p, Key: []byte(key), Digest: object.SeedOf(r.Key).Digest(r.Stored)}
				if n, err := s.Tombstones().Reap([]Ref{ref}); n != 1 || err != nil {
					t.Errorf("reaped %d, %v", n, err)
				}
				if i%2 == 0 { // a removed key comes back
					write(t, s, p, key, data("again"))
				}
			}
		})
	}
	others.Go(func() {
		for ctx.Err() == nil {
			if err := s.existence.build(ctx); err != nil {
				t.Error(err)
			}
		}
	})
	others.Go(func() {
		for ctx.Err() == nil {
			if keys, err := takenForAbsent(s); len(keys) > 0 || err != nil {
				t.Errorf("taken for absent: %s, %v", strings.Join(keys, " "), err)
				return
			}
		}
	})
	writing.Wait()
	stop()
	others.Wait()
	audit(t, s)
}

// A store that is closed while its filter is being built leaves nothing open, and says so.
func TestExistenceBuilder_StoreIsClosed_Ends(t *testing.T) {
	for name, stop := range map[string]func(*Store){"close": func(s *Store) { _ = s.Close() }, "crash": (*Store).Crash} {
		s := openMem(t)
		write(t, s, 1, "k", data("v"))
		build := s.existence.filter.NewBuild(1)
		snapshot, err := s.existence.start(build)
		if err != nil {
			t.Fatal(err)
		}
		stop(s)
		if s.existence.snapshot.get() != nil {
			t.Errorf("%s: the snapshot is still open", name)
		}
		if err := s.existence.addAll(t.Context(), build, snapshot); err != ErrClosed {
			t.Errorf("%s: a build goes on: %v", name, err)
		}
		if err := s.existence.build(t.Context()); err != ErrClosed {
			t.Errorf("%s: a build begins: %v", name, err)
		}
	}
}

// A filter that lacks keys which cannot be read must not answer.
func TestExistenceBuilder_KeysCannotBeRead_TheFilterIsNotUsed(t *testing.T) {
	o := testOptions(vfs.NewMem())
	s := open(t, o)
	write(t, s, 1, "k", data("v"))
	_ = s.Close()
	s = open(t, o)
	if err := s.db.pebble.Set([]byte{prefixObject, 0}, nil, pebble.NoSync); err != nil { // too short for a key
		t.Fatal(err)
	}
	if err := s.existence.build(t.Context()); err == nil {
		t.Error("a malformed key is no error")
	}
	if !s.existence.filter.MayContain(1, 1) || s.existence.snapshot.get() != nil {
		t.Error("the filter answers although the keys could not be read, or the snapshot is open")
	}
}
