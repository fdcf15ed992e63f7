package engine

import (
	"errors"
	"fmt"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
)

// members makes a set by events of one node, and the deltas of those events.
type members struct {
	object object.Object
	node   causal.NodeID
}

// add adds a member, and returns the delta.
func (m *members) add(tb testing.TB, name string) object.Delta {
	tb.Helper()
	return m.change(tb, object.Change{Kind: object.Member, Name: []byte(name)})
}

// change makes a change, and returns the delta.
func (m *members) change(tb testing.TB, c object.Change) object.Delta {
	tb.Helper()
	actor := causal.Actor{Node: m.node, Epoch: 1}
	edit := object.Edit{
		Seen: m.object.Context(), Dot: causal.Dot{Actor: actor, Counter: m.object.Clock.Counter(actor) + 1},
		Time: m.object.Clock.Latest() + 1, Now: 1, Changes: []object.Change{c},
	}
	var next object.Object
	next.BecomeEdited(m.object, &edit)
	d, ok := new(object.Delta).Follow(object.Step{Before: &m.object, After: &next, Dot: edit.Dot, Names: edit.Names})
	if !ok {
		tb.Fatal("the event has no delta")
	}
	m.object = next
	return d
}

func TestApply_Delta_MakesWhatTheWholeMakes(t *testing.T) {
	s := open(t, testOptions(vfs.NewMem()))
	m := members{node: 7}
	for i := range 50 {
		m.add(t, fmt.Sprint("member", i))
	}
	apply(t, s, &Record{Partition: 1, Key: []byte("key"), Merge: m.object.Append(nil)})
	one, two := m.add(t, "one"), m.add(t, "two")
	gone := m.change(t, object.Change{Kind: object.Member, Name: []byte("one"), Remove: true})
	for i, step := range []struct {
		delta   object.Delta
		behind  bool
		changed bool
	}{{gone, true, false}, {two, false, true}, {gone, true, false}, {one, false, true}, {one, false, false}, {gone, false, true}, {two, false, false}, {one, false, false}} {
		r := &Record{Partition: 1, Key: []byte("key"), Merge: step.delta.Append(nil), Delta: true}
		if commit, err := s.Apply([]*Record{r}); err != nil || commit.Wait() != nil {
			t.Fatal(err)
		}
		if errors.Is(r.Err, ErrBehind) != step.behind || r.Changed != step.changed || !step.behind && r.Err != nil {
			t.Errorf("step %d: %v, changed: %v", i, r.Err, r.Changed)
		}
	}
	encoded, found, err := s.Get(1, []byte("key"), nil)
	if err != nil || !found || string(encoded) != string(m.object.Append(nil)) {
		t.Errorf("stored: %x, %v, %v, want the object with the second alone", encoded, found, err)
	}
	audit(t, s)
}

// A hint must not build on what its target may lack, and what is cleared here is not merged.
func TestApply_DeltaOfNothing_IsRefused(t *testing.T) {
	s := open(t, testOptions(vfs.NewMem()))
	m := members{node: 7}
	m.add(t, "one")
	d := m.add(t, "two")
	for what, r := range map[string]*Record{
		"of a key that is not there": {Partition: 1, Key: []byte("key")},
		"of a hint":                  {Partition: 1, Key: []byte("key"), Hint: 9},
	} {
		r.Merge, r.Delta = d.Append(nil), true
		if commit, err := s.Apply([]*Record{r}); err != nil || commit.Wait() != nil || !errors.Is(r.Err, ErrBehind) {
			t.Errorf("%s: %v, %v, want %v", what, err, r.Err, ErrBehind)
		}
	}
	r := &Record{Partition: 1, Key: []byte("key"), Merge: []byte("no delta"), Delta: true}
	if _, err := s.Apply([]*Record{r}); err != nil || r.Err == nil {
		t.Errorf("mangled: %v, %v", err, r.Err)
	}
}
