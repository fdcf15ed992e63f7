package register

import (
	"fmt"
	"strings"
	"testing"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/datatype/bitmap"
	"github.com/quorate/quorate/cluster/core/datatype/hyperloglog"
	"github.com/quorate/quorate/cluster/core/object"
)

// shownSiblings describes siblings in the order of "last write wins", the oldest first:
// data, and the expiry after an @; † is a tombstone.
func shownSiblings(o *object.Object) string {
	var words []string
	for rest := *o; len(rest.Siblings) > 0; {
		oldest := &rest.Siblings[0]
		for i := range rest.Siblings {
			if s := &rest.Siblings[i]; oldest.After(s) {
				oldest = s
			}
		}
		word := string(oldest.Data)
		if oldest.Tombstone {
			word = "†"
		}
		if oldest.Expiry != 0 {
			word += fmt.Sprint("@", oldest.Expiry)
		}
		words = append(words, word)
		rest = rest.Without(oldest.Dot)
	}
	return strings.Join(words, " ")
}

// shownSketch returns the value of a HyperLogLog of some elements.
func shownSketch(elements ...string) string {
	var r hyperloglog.Registers
	for _, e := range elements {
		r.Add(hyperloglog.Observe([]byte(e)))
	}
	return string(r.Append(nil))
}

func TestUpdate_OfAKeyWithSiblings_ReplacesWhatItWasMadeOf(t *testing.T) {
	const now = 1000
	value := func(s string) object.Value { return object.Value{Data: []byte(s)} }
	gone := object.Value{Tombstone: true}
	numbers := []object.Value{value("1"), value("5"), value("3")}
	withDead := []object.Value{gone, value("1"), {Data: []byte("2"), Expiry: now}, value("3")}
	hidden := []object.Value{value("1"), gone}
	documents := []object.Value{value(`{"a":1}`), value(`{"b":2}`)}
	sketches := []object.Value{value(shownSketch("a")), value(shownSketch("b"))}
	addC := &Update{Kind: AddHyperLogLog, Data: hyperloglog.AppendObservations(nil, []hyperloglog.Observation{hyperloglog.Observe([]byte("c"))})}
	context := &Update{Kind: Delete, HasContext: true, Context: causal.Context{Vector: causal.Vector{{Actor: causal.Actor{Node: 2, Epoch: 1}, Counter: 1}}}}
	for _, c := range []struct {
		name     string
		siblings []object.Value // the oldest first
		policy   Policy
		u        *Update
		want     string
	}{
		{"EXPIRE", numbers, LWW, &Update{Kind: Expire, Expiry: 2000}, "1@2000 5@2000 3@2000"},
		{"EXPIRE, the shown one has an end", append(numbers[:2:2], object.Value{Data: []byte("3"), Expiry: 1500}), LWW, &Update{Kind: Expire, Expiry: 2000, Condition: IfGreater}, "1@2000 5@2000 3@2000"},
		{"EXPIRE, past", numbers, LWW, &Update{Kind: Expire, Expiry: 500}, "†"},
		{"EXPIRE, dead ones beside", withDead, LWW, &Update{Kind: Expire, Expiry: 2000}, "1@2000 3@2000"},
		{"EXPIRE, deleted", hidden, LWW, &Update{Kind: Expire, Expiry: 2000}, "1 †"},
		{"EXPIRE, documents", documents, MergeJSON, &Update{Kind: Expire, Expiry: 2000}, `{"a":1}@2000 {"b":2}@2000`},
		{"PERSIST", []object.Value{{Data: []byte("1"), Expiry: 2000}, {Data: []byte("2"), Expiry: 3000}}, LWW, &Update{Kind: Persist}, "1 2"},
		{"PERSIST, the shown one has no end", []object.Value{{Data: []byte("1"), Expiry: 2000}, value("2")}, LWW, &Update{Kind: Persist}, "1@2000 2"},
		{"GETEX", numbers, LWW, &Update{Kind: GetEx, Expiry: 2000}, "1@2000 5@2000 3@2000"},
		{"INCR", numbers, LWW, &Update{Kind: Increment, Amount: 1}, "1 5 4"},
		{"INCRBYFLOAT", numbers, LWW, &Update{Kind: IncrementFloat, Float: "0.5"}, "1 5 3.5"},
		{"APPEND", withDead, LWW, &Update{Kind: Append, Data: []byte("!")}, "1 3!"},
		{"APPEND, documents", documents, MergeJSON, &Update{Kind: Append, Data: []byte("!")}, `{"a":1,"b":2}!`},
		{"SETRANGE", numbers, LWW, &Update{Kind: SetRange, Data: []byte("7")}, "1 5 7"},
		{"SETBIT", numbers, LWW, &Update{Kind: BitField, Data: bitmap.AppendFields(nil, []bitmap.Field{{Action: bitmap.Put, Bits: 8, Number: '9'}})}, "1 5 9"},
		{"PFADD, sketches", sketches, Refuse, addC, shownSketch("a", "b", "c")},
		{"PFADD, a deletion beside", append(sketches, gone)[1:], LWW, addC, shownSketch("b", "c")},
		{"EXPIRE, sketches", sketches, LWW, &Update{Kind: Expire, Expiry: 2000}, shownSketch("a") + "@2000 " + shownSketch("b") + "@2000"},
		{"SET", numbers, LWW, &Update{Kind: Set, Data: []byte("v")}, "v"},
		{"SET NX, deleted", hidden, LWW, &Update{Kind: Set, Data: []byte("v"), Condition: IfAbsent}, "v"},
		{"SET KEEPTTL", numbers, LWW, &Update{Kind: Set, Data: []byte("v"), KeepTTL: true}, "v"},
		{"DEL", numbers, LWW, &Update{Kind: Delete}, "†"},
		{"DEL with a context", numbers, LWW, context, "1 3"},
	} {
		var o object.Object
		for i, v := range c.siblings {
			dot := causal.Dot{Actor: causal.Actor{Node: causal.NodeID(i + 1), Epoch: 1}, Counter: 1}
			o = object.Put(o, causal.Context{}, dot, causal.Timestamp(i+1), v)
		}
		before := o.Clone()
		shown, err := Choose(&o, c.policy, now)
		if err != nil {
			t.Fatal(err)
		}
		var old *object.Value
		if shown.Found {
			old = &shown.Value
		}
		next := o
		if v, write, _ := c.u.Apply(old, now); write {
			past := o.Context()
			if c.u.HasContext {
				past = c.u.Context
			}
			e := Event{Value: v, Of: shown.Of, Past: past, Dot: causal.Dot{Actor: causal.Actor{Node: 1, Epoch: 1}, Counter: 2}, Time: 9}
			next = c.u.Next(object.Object{}, &o, &e, now)
			if !next.Clock.Covers(e.Dot) {
				t.Errorf("%s: the clock %v does not cover the event %v", c.name, next.Clock, e.Dot)
			}
			if back, _ := object.Merge(o, next); !back.Equal(&next) {
				t.Errorf("%s: merged with what it replaced: %s", c.name, shownSiblings(&back))
			}
		}
		if got := shownSiblings(&next); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		if !o.Equal(&before) {
			t.Errorf("%s: changed what it was applied to", c.name)
		}
	}
}

func TestExists_IsWhatChooseFinds(t *testing.T) {
	old, gone := object.Value{Data: []byte("a")}, object.Value{Tombstone: true}
	for _, c := range []struct {
		siblings    []object.Value
		lww, refuse bool
	}{
		{nil, false, false},
		{[]object.Value{old}, true, true},
		{[]object.Value{gone}, false, false},
		{[]object.Value{old, gone}, false, true}, // under Refuse a conflict, which exists
		{[]object.Value{gone, old}, true, true},
	} {
		var o object.Object
		for i, v := range c.siblings {
			o = object.Put(o, causal.Context{}, causal.Dot{Actor: causal.Actor{Node: causal.NodeID(i + 1), Epoch: 1}, Counter: 1}, causal.Timestamp(i+1), v)
		}
		for policy, want := range map[Policy]bool{LWW: c.lww, MergeJSON: c.lww, Refuse: c.refuse} {
			if got := Exists(&o, policy, 1); got != want {
				t.Errorf("%+v under %v: %v, want %v", c.siblings, policy, got, want)
			}
		}
	}
}
