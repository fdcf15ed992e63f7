package collection

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/quorate/quorate/cluster/core/object"
)

// A command that says which elements it needs does the same to those alone as to all.
func TestCommand_Selection_IsAllThatItNeeds(t *testing.T) {
	restricted := 0
	rapid.Check(t, func(t *rapid.T) {
		c := Command{Op: Op(rapid.IntRange(1, 44).Draw(t, "op")), Number: int64(rapid.IntRange(-2, 5).Draw(t, "number"))}
		op := opOf(c.Op)
		if op == nil {
			return
		}
		c.Flags = Flags(rapid.SampledFrom([]Flags{0, IfAbsent, IfMember, IfGreater, IfLess | CountChanged, Increment}).Draw(t, "flags"))
		steps := rapid.IntRange(0, 3).Draw(t, "steps")
		for i := range op.least + steps*op.step {
			arg := fmt.Append(nil, rapid.IntRange(0, 5).Draw(t, "argument"))
			if (c.Op == ScoredAdd || c.Op == ScoredStore) && i%2 == 1 {
				arg = object.AppendScore(nil, float64(arg[0]))
			}
			c.Args = append(c.Args, arg)
		}
		if c.Flags&Increment != 0 && len(c.Args) != 2 {
			c.Flags = 0
		}
		selected, ok := c.Selection()
		if !ok {
			return
		}
		restricted++
		var all, some View
		for i := range 6 {
			if rapid.Bool().Draw(t, "there") {
				e := &object.Element{Kind: op.kind, Name: fmt.Append(nil, i), Data: fmt.Append(nil, i)}
				if op.kind == object.Scored {
					e.Data = object.AppendScore(nil, float64(i))
				}
				if all = append(all, e); slices.ContainsFunc(selected.Names, func(n object.Name) bool { return n.Kind == e.Kind && bytes.Equal(n.Name, e.Name) }) {
					some = append(some, e)
				}
			}
		}
		want := c.Apply(all)
		if got := c.Apply(some); !reflect.DeepEqual(got, want) {
			t.Fatalf("%+v does %+v to what it selects, to all it does %+v", c, got, want)
		}
		for _, change := range want.Changes {
			if !slices.ContainsFunc(selected.Names, func(n object.Name) bool { return n.Kind == change.Kind && bytes.Equal(n.Name, change.Name) }) {
				t.Fatalf("%+v changes %q, which it does not select", c, change.Name)
			}
		}
	})
	if restricted < 20 {
		t.Errorf("%d commands needed some elements only: too few", restricted)
	}
}
