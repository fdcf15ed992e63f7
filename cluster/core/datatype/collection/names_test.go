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

// A command that names the elements that it needs does the same to those alone as to all.
func TestCommand_Names_AreAllThatItNeeds(t *testing.T) {
	named := 0
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
		names, ok := c.Names()
		if !ok {
			return
		}
		named++
		var all, some View
		for i := range 6 {
			if rapid.Bool().Draw(t, "there") {
				e := &object.Element{Kind: op.kind, Name: fmt.Append(nil, i), Data: fmt.Append(nil, i)}
				if op.kind == object.Scored {
					e.Data = object.AppendScore(nil, float64(i))
				}
				if all = append(all, e); slices.ContainsFunc(names, func(n object.Name) bool { return n.Kind == e.Kind && bytes.Equal(n.Name, e.Name) }) {
					some = append(some, e)
				}
			}
		}
		want := c.Apply(all)
		if got := c.Apply(some); !reflect.DeepEqual(got, want) {
			t.Fatalf("%+v does %+v to its names, to all it does %+v", c, got, want)
		}
		for _, change := range want.Changes {
			if !slices.ContainsFunc(names, func(n object.Name) bool { return n.Kind == change.Kind && bytes.Equal(n.Name, change.Name) }) {
				t.Fatalf("%+v changes %q, which it does not name", c, change.Name)
			}
		}
	})
	if named < 20 {
		t.Errorf("%d commands had names: too few", named)
	}
}
