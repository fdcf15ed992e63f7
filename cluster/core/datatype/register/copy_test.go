package register

import (
	"fmt"
	"slices"
	"testing"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/object"
)

// changed returns o after a change of elements by a client that has seen a context.
func changed(o object.Object, at uint64, seen causal.Context, changes ...object.Change) (next object.Object) {
	dot := causal.Dot{Actor: causal.Actor{Node: 1, Epoch: 1}, Counter: causal.Counter(at)}
	next.BecomeEdited(o, &object.Edit{Changes: changes, Seen: seen, Dot: dot, Time: causal.Timestamp(at)})
	return next
}

// Of concurrent values the oldest is written first. The last write is the one that makes the key
// what is shown.
func TestCopiesOf_ConcurrentValues_AreSeveralWrites(t *testing.T) {
	field := func(name, data string) object.Change {
		return object.Change{Kind: object.Field, Name: []byte(name), Data: []byte(data)}
	}
	member := func(name string) object.Change { return object.Change{Kind: object.Member, Name: []byte(name)} }
	var unseen causal.Context
	var o object.Object
	o = object.Put(o, unseen, causal.Dot{Actor: causal.Actor{Node: 2, Epoch: 1}, Counter: 1}, 9, object.Value{Data: []byte("newer")})
	o = object.Put(o, unseen, causal.Dot{Actor: causal.Actor{Node: 3, Epoch: 1}, Counter: 1}, 8, object.Value{Data: []byte("older")})
	o = changed(o, 10, unseen, field("a", "1"), field("b", "1"))
	o = changed(o, 11, unseen, field("a", "2"))
	o = changed(o, 12, unseen, field("a", "3"))
	o = changed(o, 13, unseen, member("m"))
	o = changed(o, 14, unseen, member("m"), object.Change{Kind: object.KeyExpiry, Expiry: 5000})
	shown, err := Choose(&o, LWW, 1000)
	if err != nil || shown.Kind != object.Member {
		t.Fatalf("%+v, %v", shown, err)
	}
	describe := func(copies []Copy) (all []string) {
		for _, c := range copies {
			text := fmt.Sprintf("%q until %d", c.Value.Data, c.Value.Expiry)
			for _, e := range c.Elements {
				text += fmt.Sprintf(" %s=%s", e.Name, e.Data)
			}
			all = append(all, text)
		}
		return all
	}
	want := []string{`"" until 5000 a=1`, `"" until 5000 a=2`, `"" until 5000 a=3 b=1`, `"older" until 0`, `"newer" until 0`, `"" until 5000 m=`}
	copies := CopiesOf(&o, shown, 1000)
	if got := describe(copies); !slices.Equal(got, want) {
		t.Fatalf("%q, want %q", got, want)
	}
	for i, u := range UpdatesOf(copies, IfAbsent, 1) {
		conditional := u.Condition == IfAbsent
		if u.Kind == ChangeElements {
			c, err := collection.Decode(u.Data)
			if err != nil || !c.Stores() {
				t.Fatalf("update %d: %+v, %v", i, c, err)
			}
			conditional = c.Flags&collection.IfAbsent != 0
		}
		if conditional != (i == 0) || u.HasContext != (i > 0) || len(u.Context.Vector) > 0 {
			t.Errorf("update %d: %+v", i, u)
		}
	}
	if got := CopiesOf(&o, Shown{}, 1000); got != nil {
		t.Errorf("of a key that does not exist: %v", got)
	}
	if got := describe(CopiesOf(&o, Shown{Found: true}, 5000)); !slices.Equal(got, want[3:5]) {
		t.Errorf("after the expiry: %q", got)
	}
}
