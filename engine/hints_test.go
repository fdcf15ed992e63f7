package engine

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
)

func hint(target causal.NodeID, key string, v object.Value, counter causal.Counter) *Record {
	return &Record{Partition: 2, Key: []byte(key), Hint: target, Merge: foreign(7, counter, causal.Timestamp(counter), v)}
}

func collect(t *testing.T, s *Store, target causal.NodeID) (hints []Hint) {
	t.Helper()
	for h, err := range s.Hints().Scan(target) {
		if err != nil {
			t.Fatal(err)
		}
		hints = append(hints, h.Clone())
	}
	return hints
}

// checkHints compares the counts with what is stored.
func checkHints(t *testing.T, s *Store) {
	t.Helper()
	var all int64
	var filter hintFilter
	for target, stats := range s.Hints().Targets() {
		var count, bytes int64
		for _, h := range collect(t, s, target) {
			count++
			bytes += int64(hintOverhead + len(h.Key) + len(h.Object))
			filter.bucket(h.Partition, hashOf(h.Key)).Add(1)
			if !s.Hints().MayHave(h.Partition, h.Key) {
				t.Errorf("the filter does not know the hint of %q", h.Key)
			}
			if h.Created.Before(stats.Oldest) {
				t.Errorf("hint of %v is older than the oldest, %v", h.Created, stats.Oldest)
			}
		}
		if count != stats.Count || bytes != stats.Bytes {
			t.Errorf("node %d: counted %d hints of %d bytes, stored are %d of %d", target, stats.Count, stats.Bytes, count, bytes)
		}
		all += bytes
	}
	for i := range filter {
		if got, want := s.writer.hints.filter[i].Load(), filter[i].Load(); got != want {
			t.Errorf("the filter counts %d hints in bucket %d, stored are %d", got, i, want)
		}
	}
	if got := s.Metrics().HintBytes; got != all {
		t.Errorf("counted %d bytes of hints, stored are %d", got, all)
	}
}

func TestHints_Lifecycle_IsCounted(t *testing.T) {
	clock := newTestClock()
	o := testOptions(vfs.NewMem())
	o.Now = clock.now
	s := open(t, o)
	for i := range 50 {
		apply(t, s, hint(8, fmt.Sprint(i), data("v"), 1), hint(9, fmt.Sprint(i), data("w"), 1))
	}
	apply(t, s, hint(8, "3", data("a second, longer value"), 2))
	checkHints(t, s)
	if live, total := s.Partitions().Keys(2); live != 0 || total != 0 {
		t.Errorf("hints are counted as keys: %d of %d", live, total)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, o)
	checkHints(t, s)

	hints := collect(t, s, 8)
	if len(hints) != 50 {
		t.Fatalf("%d hints", len(hints))
	}
	apply(t, s, hint(8, string(hints[4].Key), data("newer"), 3))
	refs := make([]HintRef, 10)
	for i := range refs {
		refs[i] = hints[i].HintRef
	}
	if err := s.Hints().Delete(8, append(refs, refs[0])); err != nil {
		t.Fatal(err)
	}
	checkHints(t, s)
	left := collect(t, s, 8)
	if len(left) != 41 || string(left[0].Key) != string(hints[4].Key) {
		t.Fatalf("%d hints left, first %q; the one that changed must stay", len(left), left[0].Key)
	}
	s.Crash()
	s = open(t, o)
	checkHints(t, s)
	for _, target := range []causal.NodeID{8, 9} {
		var refs []HintRef
		for _, h := range collect(t, s, target) {
			refs = append(refs, h.HintRef)
		}
		if err := s.Hints().Delete(target, refs); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(s.Hints().Targets()); n != 0 {
		t.Errorf("%d targets without hints", n)
	}
	checkHints(t, s)
}

func TestHints_TooMany_AreRefused(t *testing.T) {
	o := testOptions(vfs.NewMem())
	o.HintBytes = 2000
	s := open(t, o)
	refused := 0
	for i := range 40 {
		r := hint(8, fmt.Sprint(i), data("value"), 1)
		c, err := s.Apply([]*Record{r, {Key: r.Key, Merge: r.Merge}})
		if err == nil {
			err = c.Wait()
		}
		if err != nil {
			t.Fatal(err)
		}
		if errors.Is(r.Err, ErrHintsFull) {
			refused++
		}
	}
	if stats := s.Hints().Targets()[8]; stats.Bytes > 2000 || stats.Count == 0 || refused != 40-int(stats.Count) {
		t.Fatalf("%d refused, kept %+v", refused, stats)
	}
	if _, total := s.Partitions().Keys(0); total != 40 {
		t.Errorf("%d objects stored beside the hints, want 40", total)
	}
	hints := collect(t, s, 8)
	if err := s.Hints().Delete(8, []HintRef{hints[0].HintRef}); err != nil {
		t.Fatal(err)
	}
	apply(t, s, hint(8, "again", data("v"), 1))
	checkHints(t, s)
}

func TestHints_Old_Expire(t *testing.T) {
	clock := newTestClock()
	o := testOptions(vfs.NewMem())
	o.Now, o.HintAge = clock.now, time.Hour
	s := open(t, o)
	for i := range 700 {
		apply(t, s, hint(8, fmt.Sprintf("old%d", i), data("v"), 1))
	}
	clock.advance(50 * time.Minute)
	apply(t, s, hint(8, "old0", data("w"), 2)) // does not make it younger
	apply(t, s, hint(8, "young", data("v"), 1))
	var shown int
	all := func(_ causal.NodeID, old []Hint) (refs []HintRef) {
		shown += len(old)
		for _, h := range old {
			refs = append(refs, h.HintRef)
		}
		return refs
	}
	if n := s.Hints().Expire(clock.at, all); n != 0 || shown != 0 {
		t.Fatalf("%d expired too early", n)
	}
	clock.advance(20 * time.Minute)
	none := func(causal.NodeID, []Hint) []HintRef { return nil }
	if n := s.Hints().Expire(clock.at, none); n != 0 {
		t.Fatalf("dropped %d that may not go", n)
	}
	if n := s.Hints().Expire(clock.at, all); n != 700 || shown != 700 {
		t.Fatalf("%d expired, want 700", n)
	}
	hints := collect(t, s, 8)
	if len(hints) != 1 || string(hints[0].Key) != "young" {
		t.Fatalf("left: %d", len(hints))
	}
	if got := s.Hints().Targets()[8].Oldest; !got.Equal(hints[0].Created) {
		t.Errorf("oldest %v, want %v", got, hints[0].Created)
	}
	checkHints(t, s)
}

func TestGetHint_SeveralTargets_Merges(t *testing.T) {
	s := openMem(t)
	if _, found, err := s.Hints().Get(2, []byte("k"), nil); found || err != nil {
		t.Fatalf("found %v, %v", found, err)
	}
	r := hint(8, "k", data("eight"), 1)
	apply(t, s, r)
	got, found, err := s.Hints().Get(2, []byte("k"), []byte("dst"))
	if err != nil || !found || string(got) != "dst"+string(r.Stored) {
		t.Fatalf("%x %v %v", got, found, err)
	}
	other := &Record{Partition: 2, Key: []byte("k"), Hint: 9, Merge: foreign(6, 1, 1, data("nine"))}
	apply(t, s, other)
	got, _, err = s.Hints().Get(2, []byte("k"), nil)
	if err != nil {
		t.Fatal(err)
	}
	o, err := object.Decode(got)
	if err != nil || len(o.Siblings) != 2 {
		t.Fatalf("%d siblings, %v", len(o.Siblings), err)
	}
}

// TestHints_Dots_NeverMeetTheStoresOwn: the hints of a key, one for each node,
// and its object, are separate lineages, and count in separate epochs.
func TestHints_Dots_NeverMeetTheStoresOwn(t *testing.T) {
	s := openMem(t)
	seen := make(map[causal.Dot]bool)
	var merged []byte
	for round := range 30 {
		for _, target := range []causal.NodeID{0, 8, 9} {
			e := &put{s: s, value: data(fmt.Sprint(round))}
			r := &Record{Partition: 2, Key: []byte("k"), Hint: target, Merge: merged, Edit: e}
			apply(t, s, r)
			if seen[e.dot] {
				t.Fatalf("dot %v minted twice", e.dot)
			}
			seen[e.dot] = true
			if round%3 == 0 {
				merged = r.Stored // the lineages learn of each other
			} else {
				merged = nil
			}
		}
	}
}

func TestHints_WrittenDuringDelivery_AreNotSkipped(t *testing.T) {
	s := openMem(t)
	for i := range 100 {
		apply(t, s, hint(8, fmt.Sprint(i), data("v"), 1))
	}
	deleted := 0
	for len(s.Hints().Targets()) > 0 {
		var refs []HintRef
		for h, err := range s.Hints().Scan(8) {
			if err != nil {
				t.Fatal(err)
			}
			if refs = append(refs, h.Clone().HintRef); len(refs) == 10 {
				break
			}
		}
		if deleted < 100 { // goes anywhere, in front of what was just scanned too
			apply(t, s, hint(8, fmt.Sprintf("late%d", deleted), data("v"), 1))
		}
		if len(refs) == 0 {
			t.Fatalf("hints counted but not found: %+v", s.Hints().Targets())
		}
		if err := s.Hints().Delete(8, refs); err != nil {
			t.Fatal(err)
		}
		deleted += len(refs)
	}
	checkHints(t, s)
	if deleted < 100 {
		t.Fatalf("%d delivered", deleted)
	}
}

func TestHints_WrittenDuringAScan_IsFound(t *testing.T) {
	s := openMem(t)
	key := func(name string) []byte { return appendHintKey(nil, 8, 2, hashOf([]byte(name)), []byte(name)) }
	early, late := "a", "b" // on disk
	if bytes.Compare(key(early), key(late)) > 0 {
		early, late = late, early
	}
	apply(t, s, hint(8, late, data("v"), 1))
	h := collect(t, s, 8)[0]
	_, number := s.hints.counts.start(8) // a scan begins,
	if err := s.Hints().Delete(8, []HintRef{h.HintRef}); err != nil {
		t.Fatal(err)
	}
	apply(t, s, hint(8, early, data("v"), 1))    // what it is to find is gone and another came,
	s.hints.counts.advance(8, number, key(late)) // and it goes on
	if n := len(collect(t, s, 8)); n != 1 {
		t.Errorf("%d hints found, %d counted", n, s.Hints().Targets()[8].Count)
	}
}
