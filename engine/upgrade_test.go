package engine

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
)

// addMembers adds members to a set, in one change.
func addMembers(t *testing.T, s *Store, key string, counter causal.Counter, n int) {
	t.Helper()
	e := object.Edit{Dot: causal.Dot{Actor: causal.Actor{Node: 7, Epoch: 1}, Counter: counter}, Time: causal.Timestamp(counter)}
	for i := range n {
		e.Changes = append(e.Changes, object.Change{Kind: object.Member, Name: fmt.Append(nil, counter, " ", i)})
	}
	apply(t, s, &Record{Partition: 3, Key: []byte(key), Edit: &change{edit: e}})
}

// setFormat has the directory say that it is of a version.
func setFormat(t *testing.T, s *Store, format int) {
	t.Helper()
	id := fmt.Sprintf(`{"format":%d,"node":"%d","name":"A","partitions":16}`, format, testNode)
	if err := s.db.pebble.Set(identityKey, []byte(id), pebble.Sync); err != nil {
		t.Fatal(err)
	}
}

// TestUpgrade_CountsAnew stops a store of version 2 or 3 cleanly: the saved trees of version 2 have other
// digests.
func TestUpgrade_CountsAnew(t *testing.T) {
	for _, format := range []int{formatV2, formatV3} {
		t.Run(fmt.Sprint(format), func(t *testing.T) { upgradeFrom(t, format) })
	}
}

func upgradeFrom(t *testing.T, format int) {
	o := testOptions(vfs.NewMem())
	o.SpreadElements = -1
	s := open(t, o)
	addMembers(t, s, "set", 1, 10)
	roots := s.Merkle().Roots(nil)
	s.stats.of[3].Load().leaves[0].Add(1) // a digest of that version
	setFormat(t, s, format)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	o.SpreadElements = 4
	s = open(t, o)
	if id, _, err := s.db.checkIdentity(); id.outdated() || err != nil {
		t.Errorf("still outdated: %+v, %v", id, err)
	}
	if s.Merkle().Ready() {
		t.Error("the trees of the older version were taken")
	}
	if err := s.rebuild.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	audit(t, s)
	if after := s.Merkle().Roots(nil); fmt.Sprint(after) != fmt.Sprint(roots) {
		t.Error("the upgrade changed objects")
	}
	addMembers(t, s, "set", 2, 1)
	audit(t, s)
	if raw, _, err := s.db.load(appendObjectKey(nil, 3, hashOf([]byte("set")), []byte("set"))); !isSpread(raw) || err != nil {
		t.Errorf("the set is not spread: %x, %v", raw, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s = open(t, o); !s.Merkle().Ready() {
		t.Error("the trees of this version were not taken")
	}
}

func TestOpen_LaterVersion_IsRefused(t *testing.T) {
	o := testOptions(vfs.NewMem())
	s := open(t, o)
	setFormat(t, s, formatVersion+1)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(o); !errors.Is(err, ErrOtherFormat) || !strings.Contains(err.Error(), "version 5, this program reads 1 to 4") {
		t.Errorf("opened: %v", err)
	}
}
