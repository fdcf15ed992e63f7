package engine

import (
	"testing"

	"github.com/cockroachdb/pebble/v2"
)

// Version 0.1.0 saved no expiries: they are counted again.
func TestStatistics_SavedByVersion01_AreNotLoaded(t *testing.T) {
	s := openMem(t)
	apply(t, s, &Record{Partition: 4, Key: []byte("k"), Edit: &put{s: s, value: data("v")}})
	b := s.db.pebble.NewBatch()
	if err := s.stats.put(b); err != nil {
		t.Fatal(err)
	}
	if err := s.db.pebble.Apply(b, pebble.Sync); err != nil {
		t.Fatal(err)
	}
	if complete, err := newStatistics(s.db).load(s.db.pebble.NewBatch(), false); !complete || err != nil {
		t.Fatalf("what was saved just now: %v, %v", complete, err)
	}
	key, _ := partitionBounds(prefixTree, 4)
	if err := s.db.pebble.Set(key, make([]byte, statsSizeV01), pebble.Sync); err != nil {
		t.Fatal(err)
	}
	old, removing := newStatistics(s.db), s.db.pebble.NewBatch()
	if complete, err := old.load(removing, false); complete || err != nil || old.allReady() {
		t.Errorf("complete %v, ready %v, %v", complete, old.allReady(), err)
	}
	if removing.Count() != 1 {
		t.Errorf("%d entries are removed, want 1", removing.Count())
	}
}
