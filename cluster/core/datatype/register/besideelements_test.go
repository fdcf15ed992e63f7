package register

import (
	"testing"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/datatype/bitmap"
	"github.com/quorate/quorate/cluster/core/object"
)

// Clients made a set and a string of one key at the same time. The string is newer, so it is
// shown. What changes it does not remove the set; SET and DEL remove both.
func TestNext_ValueBesideElements_LeavesThem(t *testing.T) {
	const now = 1000
	at := causal.TimestampOf(now)
	dotOf := func(node, counter int) causal.Dot {
		return causal.Dot{Actor: causal.Actor{Node: causal.NodeID(node), Epoch: 1}, Counter: causal.Counter(counter)}
	}
	var set object.Object
	set.BecomeEdited(object.Object{}, &object.Edit{Dot: dotOf(1, 1), Time: at, Now: now, Changes: []object.Change{
		{Kind: object.Member, Name: []byte("x")}, {Kind: object.Member, Name: []byte("y")}, {Kind: object.KeyExpiry, Expiry: 9000},
	}})
	value := object.Put(object.Object{}, causal.Context{}, dotOf(2, 1), at+1, object.Value{Data: []byte("7")})
	both, _ := object.Merge(set, value)
	bits := bitmap.AppendFields(nil, []bitmap.Field{{Action: bitmap.Put, Bits: 8, Number: '8'}})
	for _, c := range []struct {
		name  string
		u     Update
		value string
		left  int
	}{
		{"EXPIRE", Update{Kind: Expire, Expiry: 5000}, "7", 3},
		{"GETEX", Update{Kind: GetEx, Expiry: 5000}, "7", 3},
		{"INCR", Update{Kind: Increment, Amount: 1}, "8", 3},
		{"INCRBYFLOAT", Update{Kind: IncrementFloat, Float: "1"}, "8", 3},
		{"APPEND", Update{Kind: Append, Data: []byte("0")}, "70", 3},
		{"SETRANGE", Update{Kind: SetRange, Data: []byte("8")}, "8", 3},
		{"SETBIT", Update{Kind: BitField, Data: bits}, "8", 3},
		{"SET", Update{Kind: Set, Data: []byte("v")}, "v", 0},
		{"SET XX", Update{Kind: Set, Condition: IfPresent, Data: []byte("v")}, "v", 0},
		{"EXPIRE of the past", Update{Kind: Expire, Expiry: 1}, "", 0},
		{"DEL", Update{Kind: Delete}, "", 0},
	} {
		shown, err := Choose(&both, LWW, now)
		if err != nil || !shown.Found || c.u.ForElements(shown) {
			t.Fatalf("shown is %+v, %v, want the string", shown, err)
		}
		written, _, _ := c.u.Apply(&shown.Value, now)
		e := Event{Value: written, Of: shown.Of, Past: both.Context(), Dot: dotOf(2, 2), Time: at + 2}
		next := c.u.Next(object.Object{}, &both, &e, now)
		if len(next.Elements) != c.left || len(next.Siblings) != 1 || string(next.Siblings[0].Data) != c.value {
			t.Errorf("%s leaves %+v and %+v, want %q and %d elements", c.name, next.Siblings, next.Elements, c.value, c.left)
		}
		if len(next.Gaps) != 0 {
			t.Errorf("%s: the object does not know of %+v", c.name, next.Gaps)
		}
		if late, _ := object.Merge(next, both); !late.Equal(&next) {
			t.Errorf("%s: a late copy of what was there makes %+v of %+v", c.name, late, next)
		}
	}
}
