package engine

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
)

// openSplit opens a store that splits objects from 100 bytes into parts of 64.
func openSplit(tb testing.TB, fs vfs.FS) *Store {
	o := testOptions(fs)
	o.SplitBytes, o.partBytes = 100, 64
	return open(tb, o)
}

// partsOf returns the places of the parts that are stored.
func partsOf(tb testing.TB, s *Store) (places [][]byte) {
	tb.Helper()
	for _, prefix := range []byte{prefixPart, prefixHintPart} {
		from, to := prefixBounds(prefix)
		err := s.db.forEach(from, to, func(k, _ []byte) error { places = append(places, bytes.Clone(k)); return nil })
		if err != nil {
			tb.Fatal(err)
		}
	}
	return places
}

// removeParts removes all parts behind the store's back.
func removeParts(tb testing.TB, s *Store) {
	tb.Helper()
	for _, prefix := range []byte{prefixPart, prefixHintPart} {
		from, to := prefixBounds(prefix)
		if err := s.db.pebble.DeleteRange(from, to, pebble.NoSync); err != nil {
			tb.Fatal(err)
		}
	}
}

func large(letter string) object.Value { return data(strings.Repeat(letter, 500)) }

func TestSplit_LargeObject_LiesInParts_WhichGoWithIt(t *testing.T) {
	s := openSplit(t, vfs.NewMem())
	for _, v := range []object.Value{large("a"), large("b"), data("small"), large("c"), {Tombstone: true}} {
		want := string(v.Data)
		if write(t, s, 1, "key", v); v.Tombstone {
			want = "†"
		}
		wantValues(t, s, 1, "key", want)
		parts := 0
		if len(v.Data) == 500 {
			parts = 9 // 500 bytes and some more
		}
		if n := len(partsOf(t, s)); n != parts {
			t.Errorf("after %.5s: %d parts, want %d", want, n, parts)
		}
		audit(t, s)
	}
}

func TestSplit_Restart_FindsTheObject(t *testing.T) {
	fs := vfs.NewMem()
	s := openSplit(t, fs)
	stored := write(t, s, 1, "key", large("a")).Stored
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	o := testOptions(fs) // which splits no object of this size, in parts of another length
	s = open(t, o)
	if got, _, err := s.Get(1, []byte("key"), nil); err != nil || !bytes.Equal(got, stored) {
		t.Errorf("%d bytes, %v; want %d", len(got), err, len(stored))
	}
	for e, err := range s.Scan(1, 0) {
		if err != nil || !bytes.Equal(e.Object, stored) {
			t.Errorf("a scan found %d bytes, %v; want %d", len(e.Object), err, len(stored))
		}
	}
	write(t, s, 1, "key", large("b"))
	wantValues(t, s, 1, "key", string(large("b").Data))
	if parts := partsOf(t, s); len(parts) != 0 {
		t.Errorf("%d parts are left", len(parts))
	}
}

// TestSplit_PartsAreNotRead_WhereValuesDoNotMatter removes the parts behind the store's back.
func TestSplit_PartsAreNotRead_WhereValuesDoNotMatter(t *testing.T) {
	s := openSplit(t, vfs.NewMem())
	const p = ring.Partition(1)
	key := []byte("key")
	stored := write(t, s, p, "key", large("a")).Stored
	removeParts(t, s)
	if digest, found, err := s.Digest(p, key); err != nil || !found || digest != object.SeedOf(key).Digest(stored) {
		t.Errorf("digest %x, %v, %v; want %x", digest, found, err, object.SeedOf(key).Digest(stored))
	}
	for e, err := range s.ScanValued(p, 0) {
		o, derr := object.Decode(e.Object)
		if err := errors.Join(err, derr); err != nil || len(o.Siblings) != 1 || len(o.Siblings[0].Data) != 0 {
			t.Errorf("a scan found %+v, %v", o, err)
		}
	}
	same := &Record{Partition: p, Key: key, Merge: stored}
	if apply(t, s, same); same.Changed || !bytes.Equal(same.Stored, stored) {
		t.Errorf("a copy of what is stored changed something: %v, %d bytes", same.Changed, len(same.Stored))
	}
	newer, err := object.Decode(stored)
	if err != nil {
		t.Fatal(err)
	}
	newer = object.Put(newer, newer.Context(), causal.Dot{Actor: causal.Actor{Node: 9, Epoch: 1}, Counter: 1}, newer.Clock.Latest()+1, large("b"))
	merged := &Record{Partition: p, Key: key, Merge: newer.Append(nil)}
	if apply(t, s, merged); !bytes.Equal(merged.Stored, merged.Merge) {
		t.Error("a newer object did not replace the stored one")
	}
	wantValues(t, s, p, "key", string(large("b").Data))
	removeParts(t, s)
	apply(t, s, &Record{Partition: p, Key: key, Blind: true, Edit: &put{s: s, value: data("c")}})
	wantValues(t, s, p, "key", "c")
	audit(t, s)
}

func TestSplit_SiblingsKeepTheirData(t *testing.T) {
	s := openSplit(t, vfs.NewMem())
	const p = ring.Partition(1)
	a, b, c := string(large("a").Data), string(large("b").Data), string(large("c").Data)
	write(t, s, p, "key", large("a"))
	apply(t, s, &Record{Partition: p, Key: []byte("key"), Merge: foreign(9, 1, 5, large("b"))})
	apply(t, s, &Record{Partition: p, Key: []byte("key"), Blind: true, Edit: &put{s: s, blind: true, value: large("c")}})
	got := read(t, s, p, "key")
	for _, want := range []string{a, b, c} {
		found := false
		for _, v := range got {
			found = found || v == want
		}
		if !found || len(got) != 3 {
			t.Errorf("%d values, and that of %.1s is there: %v", len(got), want, found)
		}
	}
	audit(t, s)
}

func TestSplit_PartsThatNoRecordNames_GoAtTheNextStart(t *testing.T) {
	fs := vfs.NewMem()
	s := openSplit(t, fs)
	write(t, s, 1, "key", large("a"))
	left := write(t, s, 1, "other", large("b"))
	o, err := object.Decode(left.Stored)
	if err != nil {
		t.Fatal(err)
	}
	x := s.writer.newTxn() // as a crash before the commit leaves it
	if _, err := x.split(partsPlace{partition: 1, hash: hashOf([]byte("key"))}, &o, left.Stored, 1); err != nil {
		t.Fatal(err)
	}
	x.release()
	all := len(partsOf(t, s))
	s.partsSweep.run(context.Background())
	if n := len(partsOf(t, s)); n != all {
		t.Fatalf("the start that wrote them removed %d of %d parts", all-n, all)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openSplit(t, fs)
	s.partsSweep.run(context.Background())
	if n := len(partsOf(t, s)); n != all*2/3 {
		t.Errorf("%d of %d parts are left, want %d", n, all, all*2/3)
	}
	wantValues(t, s, 1, "key", string(large("a").Data))
	wantValues(t, s, 1, "other", string(large("b").Data))
}

// TestSplit_ReadersAndAWriter_SeeWholeObjects reads without the stripe while parts go.
func TestSplit_ReadersAndAWriter_SeeWholeObjects(t *testing.T) {
	s := openSplit(t, vfs.NewMem())
	write(t, s, 1, "key", large("a"))
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for range 500 {
				got, found, err := s.Get(1, []byte("key"), nil)
				if err != nil || !found {
					t.Errorf("found %v, %v", found, err)
					return
				}
				if o, err := object.Decode(got); err != nil || len(o.Siblings[0].Data) != 500 {
					t.Errorf("read %d bytes: %v", len(got), err)
					return
				}
			}
		})
	}
	for i := range 500 {
		write(t, s, 1, "key", large(string(rune('a'+i%26))))
	}
	wg.Wait()
}

func TestReadUnlocked_PartsAreGone_ReadsWhatIsThereNow(t *testing.T) {
	s := openSplit(t, vfs.NewMem())
	key, hash := []byte("key"), hashOf([]byte("key"))
	write(t, s, 1, "key", large("a"))
	_, old, _, err := s.db.readPlace(s.db.pebble, prefixObject, 1, hash, key, nil)
	if err != nil {
		t.Fatal(err)
	}
	write(t, s, 1, "key", large("b"))
	if _, err := s.db.readParts(s.db.pebble, &old.split, nil); !errors.Is(err, errPartsGone) {
		t.Errorf("parts of what was replaced: %v, want %v", err, errPartsGone)
	}
	removeParts(t, s)
	if _, _, _, err := s.db.readUnlocked(1, hash, key, nil, wholeObject); !errors.Is(err, ErrCorrupt) {
		t.Errorf("an object without its parts: %v, want %v", err, ErrCorrupt)
	}
}

func TestSplit_Damage_IsFound(t *testing.T) {
	record := (&splitRecord{id: partsID{1, 2}, length: 3, digest: 4, each: 5, outline: []byte("outline")}).append(nil)
	for i := range record {
		s := openSplit(t, vfs.NewMem())
		bad := bytes.Clone(record)
		bad[i] ^= 1
		if !isSplit(bad) {
			continue // an object of a format that nobody knows
		}
		if _, err := s.db.parseSplit(partsPlace{}, bad); !errors.Is(err, ErrCorrupt) || s.Health() == nil {
			t.Errorf("byte %d: %v, %v", i, err, s.Health())
		}
	}
	s := openSplit(t, vfs.NewMem())
	write(t, s, 1, "key", large("a"))
	if _, err := s.scrubber.scrub(context.Background(), 1); err != nil {
		t.Fatalf("scrub: %v", err)
	}
	if err := s.db.pebble.Set(partsOf(t, s)[3], bytes.Repeat([]byte("?"), 64), pebble.NoSync); err != nil {
		t.Fatal(err)
	}
	if _, err := s.scrubber.scrub(context.Background(), 1); !errors.Is(err, ErrCorrupt) {
		t.Errorf("scrub of a damaged part: %v, want %v", err, ErrCorrupt)
	}
}

func TestSplitRecord_Golden(t *testing.T) {
	r := splitRecord{
		id: partsID{0x0102030405060708, 0x1112131415161718}, length: 0x21222324, digest: 0x3132333435363738, each: 0x41424344,
		outline: []byte("outline"),
	}
	raw := r.append(nil)
	wantHex(t, "record", raw, "ff01"+"0102030405060708"+"1112131415161718"+"0000000021222324"+"3132333435363738"+"41424344"+hex.EncodeToString([]byte("outline"))+"800a2a5c")
	got, err := openMem(t).db.parseSplit(partsPlace{}, raw)
	if err != nil || got.id != r.id || got.length != r.length || got.digest != r.digest || got.each != r.each || !bytes.Equal(got.outline, r.outline) {
		t.Errorf("read %+v, %v; want %+v", got, err, r)
	}
}

func TestSplit_LargeHint_LiesInParts_WhichGoWithIt(t *testing.T) {
	fs := vfs.NewMem()
	s := openSplit(t, fs)
	const p, target = ring.Partition(1), causal.NodeID(9)
	key := []byte("key")
	find := func(want []byte) (found Hint) {
		t.Helper()
		if got, ok, err := s.Hints().Get(p, key, nil); err != nil || !ok || !bytes.Equal(got, want) {
			t.Errorf("a hint of %d bytes, %v, %v; want %d", len(got), ok, err, len(want))
		}
		for h, err := range s.Hints().Scan(target) {
			if err != nil || !bytes.Equal(h.Object, want) || h.Digest != object.SeedOf(key).Digest(want) {
				t.Errorf("a scan found %d bytes, %v; want %d", len(h.Object), err, len(want))
			}
			found = h.Clone()
		}
		if n, size := len(partsOf(t, s)), s.Hints().Targets()[target].Bytes; n != 9 || size != int64(hintOverhead+len(key)+len(want)) {
			t.Errorf("%d parts, and hints of %d bytes; want 9, %d", n, size, hintOverhead+len(key)+len(want))
		}
		return found
	}
	first := &Record{Partition: p, Key: key, Hint: target, Merge: foreign(7, 1, 5, large("a"))}
	apply(t, s, first)
	find(first.Merge)
	second := &Record{Partition: p, Key: key, Hint: target, Merge: foreign(7, 2, 6, large("b"))}
	apply(t, s, second)
	find(second.Merge)
	if apply(t, s, second); second.Changed || !bytes.Equal(second.Stored, second.Merge) {
		t.Error("a hint that is there already changed something")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openSplit(t, fs)
	s.partsSweep.run(context.Background())
	h := find(second.Merge)
	if err := s.Hints().Delete(target, []HintRef{h.HintRef}); err != nil {
		t.Fatal(err)
	}
	if n := len(partsOf(t, s)); n != 0 || s.Hints().Any() {
		t.Errorf("%d parts are left of a deleted hint, and hints: %v", n, s.Hints().Any())
	}
}

func TestSplit_LargeHint_OutlivesItsPartition(t *testing.T) {
	s := openSplit(t, vfs.NewMem())
	hint := &Record{Partition: 1, Key: []byte("key"), Hint: 9, Merge: foreign(7, 1, 5, large("a"))}
	apply(t, s, hint)
	if err := dropPartition(s, 1); err != nil {
		t.Fatal(err)
	}
	if got, found, err := s.Hints().Get(1, []byte("key"), nil); err != nil || !found || !bytes.Equal(got, hint.Merge) {
		t.Errorf("%d bytes, %v, %v", len(got), found, err)
	}
}

func TestHints_PartsAreGone_ReadsWhatIsThereNow(t *testing.T) {
	s := openSplit(t, vfs.NewMem())
	apply(t, s, &Record{Partition: 1, Key: []byte("key"), Hint: 9, Merge: foreign(7, 1, 5, large("a"))})
	removeParts(t, s)
	if _, _, err := s.Hints().Get(1, []byte("key"), nil); !errors.Is(err, ErrCorrupt) {
		t.Errorf("a hint without its parts: %v, want %v", err, ErrCorrupt)
	}
}

// TestSplit_LargeCollection_LiesInOneRecord stores one whose outline would be as large as itself.
func TestSplit_LargeCollection_LiesInOneRecord(t *testing.T) {
	s := openSplit(t, vfs.NewMem())
	for name, elements := range map[string]int{"small": 3, "large": 1000} {
		edit := object.Edit{Dot: causal.Dot{Actor: causal.Actor{Node: 9, Epoch: 1}, Counter: 1}, Time: 5}
		for i := range elements {
			edit.Changes = append(edit.Changes, object.Change{Kind: object.Field, Name: fmt.Appendf(nil, "name%d", i), Data: large("x").Data[:100]})
		}
		var o object.Object
		o.BecomeEdited(object.Object{}, &edit)
		before, stored := len(partsOf(t, s)), o.Append(nil)
		apply(t, s, &Record{Partition: 1, Key: []byte(name), Merge: stored})
		if got, _, err := s.Get(1, []byte(name), nil); err != nil || !bytes.Equal(got, stored) {
			t.Errorf("%s: %d bytes, %v; want %d", name, len(got), err, len(stored))
		}
		if split := len(partsOf(t, s)) > before; split != (len(stored) < mostOutline) {
			t.Errorf("%s, of %d bytes: it is split: %v", name, len(stored), split)
		}
	}
	audit(t, s)
}
