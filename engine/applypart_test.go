package engine

import (
	"fmt"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/datatype/collection"
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

// observer is an edit that notes how many members it is shown.
type observer struct {
	*change
	members, rest int
}

func (o *observer) Edit(current *object.Object, m *Minter) (next object.Object, write bool, err error) {
	o.members, o.rest = 0, current.Rest.Names
	for _, e := range current.Elements {
		if e.Kind == object.Member {
			o.members++
		}
	}
	return o.change.Edit(current, m)
}

// TestPart_KeyExpiry gives a set expiries, one after the other. No member is read where the expiry is far
// in the future, and so is the one that it replaces. Nor is one where the same comes as a delta.
func TestPart_KeyExpiry(t *testing.T) {
	clock := newTestClock()
	var stores [2]*Store
	for i := range stores {
		o := testOptions(vfs.NewMem())
		o.SpreadElements, o.Now = 4, clock.now
		stores[i] = open(t, o)
		addMembers(t, stores[i], "set", 1, 10)
	}
	stored := func(s *Store) object.Object {
		t.Helper()
		encoded, found, err := s.Get(3, []byte("set"), nil)
		if !found || err != nil {
			t.Fatal(found, err)
		}
		o, err := object.Decode(encoded)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	now, margin := clock.at.UnixMilli(), partMargin.Milliseconds()
	for i, step := range []struct {
		name   string
		expiry int64
		read   int // members
	}{
		{"far", now + margin + 1, 0},
		{"never", 0, 0},
		{"near", now + margin, 10},
		{"far, after a near one", now + 2*margin, 10},
		{"far, after a far one", now + 3*margin, 0},
		{"past", now - 1, 10},
	} {
		before := stored(stores[0])
		e := &observer{change: &change{part: true, expiry: step.expiry, edit: object.Edit{
			Dot:     causal.Dot{Actor: causal.Actor{Node: 7, Epoch: 1}, Counter: causal.Counter(i + 2)},
			Time:    causal.TimestampOf(now) + causal.Timestamp(i),
			Changes: []object.Change{{Kind: object.KeyExpiry, Expiry: step.expiry}},
		}}}
		apply(t, stores[0], &Record{Partition: 3, Key: []byte("set"), Edit: e})
		after := stored(stores[0])
		if e.members != step.read || e.members+e.rest != 10 {
			t.Errorf("%s: %d members are read, and %d are not; want %d of 10", step.name, e.members, e.rest, step.read)
		}
		if len(after.Elements) != 11 || after.Elements.KeyExpiry() != step.expiry {
			t.Fatalf("%s: stored are %d elements until %d", step.name, len(after.Elements), after.Elements.KeyExpiry())
		}
		var d object.Delta
		d, ok := d.Follow(object.Step{Before: &before, After: &after, Dot: e.edit.Dot, Names: []object.Name{{Kind: object.KeyExpiry}}})
		if !ok {
			t.Fatal("no delta")
		}
		r := &Record{Partition: 3, Key: []byte("set"), Merge: d.Append(nil), Delta: true}
		apply(t, stores[1], r)
		if part := r.Stored == nil; !r.Changed || part != (step.read == 0) {
			t.Errorf("%s: the delta changed it %v, a part of it %v", step.name, r.Changed, part)
		}
		if got := stored(stores[1]); !got.Equal(&after) {
			t.Errorf("%s: the delta made %+v, want %+v", step.name, got, after)
		}
		for _, s := range stores {
			audit(t, s)
		}
	}
}

// TestPart_LongPipeline pops and pushes items of a list in one batch, far more often than a clock has
// actors. No edit is shown more than the ends. Nor is the whole read where deltas of one actor come in one
// batch.
func TestPart_LongPipeline(t *testing.T) {
	stores := twoThatSpread(t)
	key, short := []byte("list"), 0
	edit := func(n causal.Counter, c collection.Command) *listEdit {
		c.Seed = uint64(n)
		return &listEdit{command: c, short: &short, change: &change{part: true, edit: object.Edit{Dot: causal.Dot{Actor: causal.Actor{Node: 7, Epoch: 1}, Counter: n}, Time: causal.Timestamp(n), Now: 1}}}
	}
	fill := collection.Command{Op: collection.ListPush}
	for i := range 1000 {
		fill.Args = append(fill.Args, fmt.Append(nil, i))
	}
	first := &Record{Partition: 3, Key: key, Edit: edit(1, fill)}
	apply(t, stores[0], first)
	apply(t, stores[1], &Record{Partition: 3, Key: key, Merge: first.Stored})
	current, err := object.Decode(first.Stored)
	if err != nil {
		t.Fatal(err)
	}
	var edits, deltas []*Record
	for i := range causal.MaxEntries + 10 {
		c := collection.Command{Op: collection.ListPop, Number: 2, Flags: collection.Flags(i%2) * collection.AtTail}
		if i%3 == 0 {
			c = collection.Command{Op: collection.ListPush, Args: [][]byte{[]byte("new")}}
		}
		e := edit(causal.Counter(i+2), c)
		edits = append(edits, &Record{Partition: 3, Key: key, Edit: e})
		c = e.command
		step := e.edit
		step.Changes, step.Seen = c.ApplyTo(&current, 1).Changes, current.Context()
		var next object.Object
		next.BecomeEdited(current, &step)
		d, ok := new(object.Delta).Follow(object.Step{Before: &current, After: &next, Dot: step.Dot, Names: step.Names})
		if !ok {
			t.Fatal("no delta")
		}
		deltas = append(deltas, &Record{Partition: 3, Key: key, Merge: d.Append(nil), Delta: true})
		current = next
	}
	apply(t, stores[0], edits...)
	apply(t, stores[1], deltas...)
	for i, records := range [][]*Record{edits, deltas} {
		for k, r := range records {
			if r.Err != nil || !r.Changed || r.Stored != nil {
				t.Fatalf("store %d, record %d: %v, changed %v, the whole was read %v", i, k, r.Err, r.Changed, r.Stored != nil)
			}
		}
		audit(t, stores[i])
		if got, _, err := stores[i].Get(3, key, nil); err != nil || string(got) != string(current.Append(nil)) {
			t.Errorf("store %d has another list, %v", i, err)
		}
	}
	if short > 0 {
		t.Errorf("%d edits needed more than the ends", short)
	}
}
