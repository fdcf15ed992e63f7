package register

import (
	"errors"
	"testing"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
)

func TestResolve(t *testing.T) {
	const now = 1000
	type sibling struct {
		at   causal.Timestamp
		node causal.NodeID
		v    object.Value
	}
	value := func(s string) object.Value { return object.Value{Data: []byte(s)} }
	expired := object.Value{Data: []byte("late"), Expiry: now}
	expiring := object.Value{Data: []byte("soon"), Expiry: now + 1}
	gone := object.Value{Tombstone: true}
	const none, conflict = "<none>", "<conflict>"
	for _, c := range []struct {
		name              string
		siblings          []sibling
		lww, json, refuse string
	}{
		{"nothing", nil, none, none, none},
		{"one", []sibling{{1, 1, value("a")}}, "a", "a", "a"},
		{"one, empty", []sibling{{1, 1, value("")}}, "", "", ""},
		{"one deleted", []sibling{{1, 1, gone}}, none, none, none},
		{"one expired", []sibling{{1, 1, expired}}, none, none, none},
		{"one about to", []sibling{{1, 1, expiring}}, "soon", "soon", "soon"},
		{"newest wins", []sibling{{2, 1, value("a")}, {1, 2, value("b")}}, "a", "a", conflict},
		{"same time, higher actor wins", []sibling{{2, 1, value("a")}, {2, 2, value("b")}}, "b", "b", conflict},
		{"newest deleted", []sibling{{1, 1, value("a")}, {2, 2, gone}}, none, none, conflict},
		{"oldest deleted", []sibling{{1, 1, gone}, {2, 2, value("a")}}, "a", "a", conflict},
		{"newest expired", []sibling{{1, 1, value("a")}, {2, 2, expired}}, none, none, conflict},
		{"all gone", []sibling{{1, 1, gone}, {2, 2, expired}}, none, none, none},
		{"same bytes", []sibling{{1, 1, value("a")}, {2, 2, value("a")}}, "a", "a", "a"},
		{"objects", []sibling{{2, 1, value(`{"b":1, "a":{"x":[1, 2]}}`)}, {1, 2, value(` {"a":"<&>","c":1.50}`)}},
			`{"b":1, "a":{"x":[1, 2]}}`, `{"a":{"x":[1,2]},"b":1,"c":1.50}`, conflict},
		{"object and array", []sibling{{2, 1, value(`[1]`)}, {1, 2, value(`{"a":1}`)}}, `[1]`, `[1]`, conflict},
		{"object and half an object", []sibling{{2, 1, value(`{"a":`)}, {1, 2, value(`{"a":1}`)}}, `{"a":`, `{"a":`, conflict},
		{"object and trash behind", []sibling{{2, 1, value(`{} {}`)}, {1, 2, value(`{"a":1}`)}}, `{} {}`, `{} {}`, conflict},
		{"object and deletion", []sibling{{1, 1, value(`{"a":1}`)}, {2, 2, gone}}, none, none, conflict},
		{"not UTF-8", []sibling{{2, 1, value("{\"\xff\":1}")}, {1, 2, value(`{"a":1}`)}}, "{\"\xff\":1}", "{\"\xff\":1}", conflict},
		{"no HTML escapes", []sibling{{2, 1, value(`{"a":"<"}`)}, {1, 2, value(`{"b":">"}`)}}, `{"a":"<"}`, `{"a":"<","b":">"}`, conflict},
	} {
		var o object.Object
		for _, s := range c.siblings {
			o = object.Put(o, causal.Context{}, causal.Dot{Actor: causal.Actor{Node: s.node, Epoch: 1}, Counter: 1}, s.at, s.v)
		}
		for policy, want := range map[Policy]string{LWW: c.lww, MergeJSON: c.json, Refuse: c.refuse} {
			v, found, err := Resolve(&o, policy, now)
			got := string(v.Data)
			if errors.Is(err, ErrConflict) {
				got = conflict
			} else if err != nil {
				t.Errorf("%s: %v", c.name, err)
			} else if !found {
				got = none
			}
			if got != want {
				t.Errorf("%s, %v: %s, want %s", c.name, policy, got, want)
			}
		}
	}
}

func TestResolve_MergedObject_ExpiresWithTheNewest(t *testing.T) {
	o := object.Put(object.Object{}, causal.Context{}, causal.Dot{Actor: causal.Actor{Node: 1, Epoch: 1}, Counter: 1}, 2, object.Value{Data: []byte(`{"a":1}`), Expiry: 5000})
	o = object.Put(o, causal.Context{}, causal.Dot{Actor: causal.Actor{Node: 2, Epoch: 1}, Counter: 1}, 1, object.Value{Data: []byte(`{"b":1}`)})
	if v, _, _ := Resolve(&o, MergeJSON, 1); v.Expiry != 5000 || string(v.Data) != `{"a":1,"b":1}` {
		t.Errorf("%s, expiry %d", v.Data, v.Expiry)
	}
}

func TestParsePolicy(t *testing.T) {
	for _, p := range []Policy{LWW, MergeJSON, Refuse} {
		if got, err := ParsePolicy(p.String()); err != nil || got != p {
			t.Errorf("%v: %v, %v", p, got, err)
		}
	}
	if _, err := ParsePolicy("newest"); err == nil {
		t.Error("accepted an unknown policy")
	}
	if Policy(9).String() != "policy(9)" {
		t.Error(Policy(9))
	}
}
