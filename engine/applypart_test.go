package engine

import (
	"fmt"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
)

// TestPart_AllNamedThenDeleted changes all members of a set by their names and deletes the set, in one
// batch: the part has all elements then, and becomes a tombstone.
func TestPart_AllNamedThenDeleted(t *testing.T) {
	o := testOptions(vfs.NewMem())
	o.SpreadElements = 4
	s := open(t, o)
	addMembers(t, s, "set", 1, 10)
	dot := func(n causal.Counter) causal.Dot {
		return causal.Dot{Actor: causal.Actor{Node: 7, Epoch: 1}, Counter: n}
	}
	again := object.Edit{Dot: dot(2), Time: 2}
	for i := range 10 {
		again.Changes = append(again.Changes, object.Change{Kind: object.Member, Name: fmt.Append(nil, 1, " ", i)})
	}
	deletes := &removal{change{edit: object.Edit{Dot: dot(3), Time: 3}, part: true}}
	apply(t, s, &Record{Partition: 3, Key: []byte("set"), Edit: &change{edit: again, part: true}}, &Record{Partition: 3, Key: []byte("set"), Edit: deletes})
	audit(t, s)
	encoded, found, err := s.Get(3, []byte("set"), nil)
	if !found || err != nil {
		t.Fatal(found, err)
	}
	if stored, err := object.Decode(encoded); err != nil || stored.Lifetime().Kind != object.Dead {
		t.Errorf("stored is %+v, %v", stored, err)
	}
}
