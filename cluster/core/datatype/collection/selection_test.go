package collection

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/quorate/quorate/cluster/core/causal"
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
		if !ok || op.kind == object.Item { // see below
			return
		}
		restricted++
		var o object.Object
		for i := range 6 {
			if rapid.Bool().Draw(t, "there") {
				e := &object.Element{Kind: op.kind, Name: fmt.Append(nil, i), Data: fmt.Append(nil, i)}
				if op.kind == object.Scored {
					e.Data = object.AppendScore(nil, float64(i))
				}
				o.Elements = append(o.Elements, *e)
			}
		}
		part := selected.Of(&o)
		all, some := ViewOf(&o, op.kind, 0), ViewOf(&part, op.kind, 0)
		want := c.Apply(all)
		if got := c.Apply(some); !reflect.DeepEqual(got, want) {
			t.Fatalf("%+v does %+v to what it selects, to all it does %+v", c, got, want)
		}
		for _, change := range want.Changes {
			named := slices.ContainsFunc(selected.Names, func(n object.Name) bool { return n.Kind == change.Kind && bytes.Equal(n.Name, change.Name) })
			if !named && some.Find(change.Name) == nil {
				t.Fatalf("%+v changes %q, which it does not select", c, change.Name)
			}
		}
	})
	if restricted < 20 {
		t.Errorf("%d commands needed some elements only: too few", restricted)
	}
}

// worldOfList draws a list that two nodes have made, some of whose items are at one place, and of which
// some names have concurrent items.
func worldOfList(t *rapid.T) (r *replica, events int) {
	nodes := []*replica{{node: 1}, {node: 2}}
	first := Command{Op: ListPush, Seed: anySeed(t, 255), Args: [][]byte{}}
	for i := range rapid.IntRange(1, 20).Draw(t, "items") {
		first.Args = append(first.Args, strconv.AppendInt(nil, int64(i%3), 10))
	}
	nodes[0].change(t, first, &events)
	for i := range rapid.IntRange(0, 12).Draw(t, "commands") {
		at := rapid.IntRange(0, 1).Draw(t, "node")
		if rapid.IntRange(0, 3).Draw(t, "merges") == 0 {
			nodes[at].object, _ = object.Merge(nodes[at].object, nodes[1-at].object)
		}
		nodes[at].change(t, anyListCommand(t, anySeed(t, i)), &events)
	}
	r = nodes[0]
	r.object, _ = object.Merge(r.object, nodes[1].object)
	return r, events
}

// editedBy returns what a command makes of a list, or false if that needs items that are not at hand.
func editedBy(o *object.Object, c *Command, event int) (next object.Object, out Outcome, ok bool) {
	out = c.ApplyTo(o, testTime)
	if out.NotAtHand || !out.Write {
		return *o, out, !out.NotAtHand
	}
	next.BecomeEdited(*o, &object.Edit{
		Changes: slices.Clone(out.Changes), Seen: o.Context(), Now: testTime,
		Dot: causal.Dot{Actor: causal.Actor{Node: 3, Epoch: 1}, Counter: causal.Counter(event)}, Time: causal.TimestampOf(testTime + int64(event)),
	})
	return next, out, true
}

// Commands on lists, one after the other, do the same to the items that they select at the ends as to
// all. What they answer is the same, and so is what they leave. Where they need others, they say so.
func TestList_EndsAreAllThatItNeeds(t *testing.T) {
	parts, short := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		r, _ := worldOfList(t)
		var commands []Command
		var selected object.Selection
		trims := false
		for i := range rapid.IntRange(1, 5).Draw(t, "commands") {
			c := anyListCommand(t, anySeed(t, 100+i))
			some, ok := c.Selection()
			if ok {
				commands, selected, trims = append(commands, c), selected.Then(some), trims || c.Op == ListTrim
			}
		}
		if rapid.IntRange(0, 3).Draw(t, "short") == 0 { // less than they asked for
			selected.Ends.First, selected.Ends.Last = selected.Ends.First/2, selected.Ends.Last/2
			trims = true
		}
		if !object.Spreads(&r.object) || !selected.OfKind(object.Item) {
			return
		}
		whole, part := r.object, selected.Of(&r.object)
		for i := range commands {
			c := &commands[i]
			next, want, _ := editedBy(&whole, c, i+1)
			got, out, ok := editedBy(&part, c, i+1)
			if !ok {
				if !trims {
					t.Fatalf("%+v of %+v needs others than %+v", c, commands, selected)
				}
				short++
				return
			}
			if parts++; !reflect.DeepEqual(out, want) {
				t.Fatalf("%+v does %+v to %+v, to all it does %+v", c, out, selected, want)
			}
			whole, part = next, got
			total := part.Rest.With(part.Elements.Total())
			if total != whole.Elements.Total() {
				t.Fatalf("%+v leaves the totals %+v, of all %+v", c, total, whole.Elements.Total())
			}
			for _, e := range whole.Elements {
				if known := len(part.Elements.Of(e.Kind, e.Name)) > 0; !known && !part.Rest.Between(e.Name) {
					t.Fatalf("%+v has lost the item %x: the rest is %+v", c, e.Name, part.Rest)
				}
			}
			checkIndexes(t, &whole, &part)
		}
	})
	if parts < 100 || short < 5 {
		t.Errorf("%d commands were given some items, and %d needed more: too few", parts, short)
	}
}

// Commands on sets, one after the other, do the same to the members that they name and draw as to all.
func TestSet_DrawsAreAllThatItNeeds(t *testing.T) {
	parts := 0
	rapid.Check(t, func(t *rapid.T) {
		member := func() []byte { return fmt.Append(nil, rapid.IntRange(0, 30).Draw(t, "member")) }
		fill, events := Command{Op: SetAdd}, 10
		for range rapid.IntRange(1, 30).Draw(t, "members") {
			fill.Args = append(fill.Args, member())
		}
		whole, _, _ := editedBy(&object.Object{}, &fill, 1)
		var commands []Command
		var selected object.Selection
		for range rapid.IntRange(1, 6).Draw(t, "commands") {
			c := Command{Op: rapid.SampledFrom([]Op{SetPop, SetPop, SetAdd, SetRemove}).Draw(t, "op"), Seed: rapid.Uint64Range(1, 5).Draw(t, "seed")}
			if c.Op == SetPop {
				c.Number = rapid.Int64Range(-1, 4).Draw(t, "number")
			} else {
				c.Args = [][]byte{member(), member()}
			}
			some, ok := c.Selection()
			if !ok {
				t.Fatalf("%+v selects nothing", c)
			}
			commands, selected = append(commands, c), selected.Then(some)
		}
		part := selected.Of(&whole)
		for i := range commands {
			c := &commands[i]
			events++
			next, want, _ := editedBy(&whole, c, events)
			got, out, _ := editedBy(&part, c, events)
			if !reflect.DeepEqual(out, want) {
				t.Fatalf("%+v does %+v to what %+v selects, to all it does %+v", c, out, commands, want)
			}
			if whole, part = next, got; part.Rest.With(part.Elements.Total()) != whole.Elements.Total() {
				t.Fatalf("%+v leaves the totals %+v beside %+v, of all %+v", c, part.Rest, part.Elements.Total(), whole.Elements.Total())
			}
			if part.Rest.Names > 0 {
				parts++
			}
		}
	})
	if parts < 100 {
		t.Errorf("%d commands were given some members: too few", parts)
	}
}

// checkIndexes compares what is at each index of a list and of a part of it, where that is known.
func checkIndexes(t *rapid.T, whole, part *object.Object) {
	all, some := ViewOf(whole, object.Item, testTime), ViewOf(part, object.Item, testTime)
	l := some.Items(part, testTime)
	if l.Len() != len(all) {
		t.Fatalf("%d items, want %d", l.Len(), len(all))
	}
	for first := range all {
		e, ok := l.At(first)
		if ok && (e.Dot != all[first].Dot || !bytes.Equal(e.Name, all[first].Name)) {
			t.Fatalf("at %d is %+v, want %+v", first, e, all[first])
		}
		for end := first; end <= len(all); end++ {
			v, known := l.Range(Run{first, end})
			for i := range end - first {
				if _, ok := l.At(first + i); known && !ok || known && v[i].Dot != all[first+i].Dot {
					t.Fatalf("from %d to %d are %+v, want %+v", first, end, v, all[first:end])
				} else if !known && ok && end == first+1 {
					t.Fatalf("item %d is known, and the range of it is not", first)
				}
			}
			if known && len(v) != end-first {
				t.Fatalf("from %d to %d are %d items", first, end, len(v))
			}
		}
	}
}

// What an index needs is what its selection has.
func TestIndexes_Selection_IsEnough(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, _ := worldOfList(t)
		index := rapid.Int64Range(-8, 8)
		at := Indexes{index.Draw(t, "first"), index.Draw(t, "last")}
		selected, ok := at.Selection()
		if !ok || !object.Spreads(&r.object) {
			return
		}
		part := selected.Of(&r.object)
		all, l := r.view().Items(&r.object, testTime), ViewOf(&part, object.Item, testTime).Items(&part, testTime)
		want, _ := all.Range(all.Bounds(at))
		if got, known := l.Range(l.Bounds(at)); !known || !slices.Equal(datas(got), datas(want)) {
			t.Fatalf("%+v are %q, %v; want %q", at, datas(got), known, datas(want))
		}
	})
}
