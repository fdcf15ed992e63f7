package engine

import (
	"fmt"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/object"
)

// twoThatSpread opens two stores that spread collections from four elements on.
func twoThatSpread(t *testing.T) (stores [2]*Store) {
	t.Helper()
	for i := range stores {
		o := testOptions(vfs.NewMem())
		o.SpreadElements = 4
		stores[i] = open(t, o)
	}
	return stores
}

// TestLimits_FollowTheEnds changes a list at its ends, and sends another store the deltas. The limits of
// both are the first and the last item all the time, so that neither passes over what was removed.
func TestLimits_FollowTheEnds(t *testing.T) {
	stores := twoThatSpread(t)
	key, number := []byte("list"), causal.Counter(0)
	stored := func(s *Store) object.Object {
		t.Helper()
		encoded, _, err := s.Get(3, key, nil)
		if err != nil {
			t.Fatal(err)
		}
		if encoded == nil {
			return object.Object{}
		}
		o, err := object.Decode(encoded)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	do := func(c collection.Command, args ...string) {
		t.Helper()
		number++
		c.Seed = uint64(number)
		for _, arg := range args {
			c.Args = append(c.Args, []byte(arg))
		}
		before := stored(stores[0])
		e := &listEdit{command: c, short: new(int), change: &change{part: true, edit: object.Edit{
			Dot: causal.Dot{Actor: causal.Actor{Node: 7, Epoch: 1}, Counter: number}, Time: causal.Timestamp(number), Now: 1,
		}}}
		apply(t, stores[0], &Record{Partition: 3, Key: key, Edit: e})
		after := stored(stores[0])
		d, ok := new(object.Delta).Follow(object.Step{Before: &before, After: &after, Dot: e.edit.Dot, Names: namesOf(e.edit.Changes)})
		if !ok {
			t.Fatal("no delta")
		}
		if number == 1 {
			apply(t, stores[1], &Record{Partition: 3, Key: key, Merge: after.Append(nil)})
		} else {
			apply(t, stores[1], &Record{Partition: 3, Key: key, Merge: d.Append(nil), Delta: true})
		}
		for i, s := range stores {
			audit(t, s)
			raw, _, err := s.db.load(appendObjectKey(nil, 3, hashOf(key), key))
			if err != nil || !isSpread(raw) {
				t.Fatalf("the list of store %d is not spread, %v", i, err)
			}
			r, err := s.db.parseSpread(raw)
			if err != nil {
				t.Fatal(err)
			}
			items := after.Elements
			if first, last := items[0].Name, items[len(items)-1].Name; string(r.limits.first) != string(first) || string(r.limits.last) != string(last) {
				t.Errorf("after change %d, store %d: the limits are %x and %x, want %x and %x", number, i, r.limits.first, r.limits.last, first, last)
			}
		}
	}
	var items []string
	for i := range 20 {
		items = append(items, fmt.Sprint(i))
	}
	do(collection.Command{Op: collection.ListPush}, items...)
	for range 3 {
		do(collection.Command{Op: collection.ListPop, Number: 1})
		do(collection.Command{Op: collection.ListPop, Number: 2, Flags: collection.AtTail})
		do(collection.Command{Op: collection.ListPush}, "a", "b")
		do(collection.Command{Op: collection.ListPush, Flags: collection.AtTail}, "c")
		do(collection.Command{Op: collection.ListMove, Flags: collection.ToTail})
		do(collection.Command{Op: collection.ListMove, Flags: collection.AtTail})
	}
	do(collection.Command{Op: collection.ListTrim, Number: 2}, "-3")
	do(collection.Command{Op: collection.ListRemove}, "10")
}

// namesOf returns the names of some changes, in order.
func namesOf(changes []object.Change) []object.Name {
	var s object.Selection
	for _, c := range changes {
		s.Names = append(s.Names, object.Name{Kind: c.Kind, Name: c.Name})
	}
	return s.SortedNames()
}
