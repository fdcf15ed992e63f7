package replica

import (
	"fmt"
	"slices"
	"strconv"
	"testing"

	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/sim/poll"
)

// listSeed is the seed of the last change of a list.
var listSeed uint64

// listChange is a command on the list of a key.
func listChange(key []byte, c collection.Command, args ...string) *Request {
	listSeed++
	c.Seed = listSeed
	for _, arg := range args {
		c.Args = append(c.Args, []byte(arg))
	}
	return &Request{Key: key, Update: &register.Update{Kind: register.ChangeElements, Data: c.Append(nil)}}
}

// fillList pushes the numbers below 200 to the key, in one change, and returns them.
func (w *world) fillList() (items []string) {
	w.tb.Helper()
	for i := range 200 {
		items = append(items, strconv.Itoa(i))
	}
	w.at(0).must(listChange(w.key, collection.Command{Op: collection.ListPush, Flags: collection.AtTail}, items...))
	w.settled()
	return items
}

// atIndexes is a read of the items of some indexes.
func atIndexes(key []byte, first, last int64) *Request {
	r := get(key)
	r.Selection, _ = collection.Indexes{First: first, Last: last}.Selection()
	return r
}

// items returns the items of some indexes that a read found, or fails if they were not read.
func (w *world) items(r *Request, first, last int64) (items []string) {
	w.tb.Helper()
	l := collection.ViewOf(&r.Object, object.Item, 0).Items(&r.Object, 0)
	found, ok := l.Range(l.Bounds(collection.Indexes{First: first, Last: last}))
	if !ok {
		w.tb.Errorf("the items from %d to %d of %d were not read", first, last, l.Len())
	}
	for _, e := range found {
		items = append(items, string(e.Data))
	}
	return items
}

// answerTo returns what a change of a list answered.
func answerTo(r *Request) collection.Answer {
	a, _ := collection.DecodeAnswer(r.Result.Data)
	return a
}

// What looks at the ends of a large list reads the items there, as long as the replicas agree.
func TestRead_Ends_OfALargeList(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C", "D")
	items := w.fillList()
	for place := range 4 {
		for _, at := range []struct {
			first, last int64
			want        []string
		}{
			{0, 0, items[:1]}, {1, 3, items[1:4]}, {-1, -1, items[199:]}, {-3, -2, items[197:199]}, {5, 4, nil}, {150, 300, items[150:]}, {-300, -199, items[:2]},
		} {
			r := w.at(place).must(atIndexes(w.key, at.first, at.last))
			if got := w.items(r, at.first, at.last); !slices.Equal(got, at.want) {
				t.Errorf("at place %d, from %d to %d: %q, want %q", place, at.first, at.last, got, at.want)
			}
			if read := len(r.Object.Elements); place < 3 && (read+r.Object.Rest.Names != len(items) || at.last < 100 && at.first > -100 && read > 6) {
				t.Errorf("at place %d, from %d to %d: %d items are read, and %d are not", place, at.first, at.last, read, r.Object.Rest.Names)
			}
		}
	}
	group := []*Request{atIndexes(w.key, 0, 1), atIndexes(w.key, -2, -1), headOf(w.key)}
	w.at(0).do(group...)
	for _, r := range group {
		if got := append(w.items(r, 0, 1), w.items(r, -2, -1)...); !slices.Equal(got, []string{"0", "1", "198", "199"}) || len(r.Object.Elements) != 4 {
			t.Errorf("in a group: %q, of %d items", got, len(r.Object.Elements))
		}
	}
	group = []*Request{atIndexes(w.key, 0, 1), get(w.key)}
	w.at(0).do(group...)
	if got := w.items(group[1], 0, -1); !slices.Equal(got, items) {
		t.Errorf("a read of all behind one of an end finds %d items", len(got))
	}
}

// Where replicas differ, the items at the ends are those that all of them make together.
func TestRead_Ends_ReplicasDiffer(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C")
	w.fillList()
	w.setDown(0)
	w.at(1).must(listChange(w.key, collection.Command{Op: collection.ListPush}, "new"))
	w.at(1).must(listChange(w.key, collection.Command{Op: collection.ListPop, Flags: collection.AtTail, Number: 2}))
	w.setDown()
	r := atIndexes(w.key, -1, -1)
	r.R = 3
	if got := w.items(w.at(0).must(r), -1, -1); !slices.Equal(got, []string{"197"}) {
		t.Errorf("the last item is %q", got)
	}
	r = atIndexes(w.key, 0, 1)
	r.R = 3
	if got := w.items(w.at(0).must(r), 0, 1); !slices.Equal(got, []string{"new", "0"}) {
		t.Errorf("the first items are %q", got)
	}
	w.repaired()
}

// Changes at the ends of a large list do what they do to a small one, one by one, in pipelines, and
// through any node. The other replicas are sent the items that change, and no others.
func TestChangeElements_EndsOfALargeList(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C", "D")
	model := w.fillList()
	before := w.wholes()
	push := func(flags collection.Flags, items ...string) *Request {
		for _, item := range items {
			if flags&collection.AtTail != 0 {
				model = append(model, item)
			} else {
				model = slices.Insert(model, 0, item)
			}
		}
		return listChange(w.key, collection.Command{Op: collection.ListPush, Flags: flags}, items...)
	}
	popped := map[*Request][]string{}
	pop := func(flags collection.Flags, n int) *Request {
		r := listChange(w.key, collection.Command{Op: collection.ListPop, Flags: flags, Number: int64(n)})
		for range n {
			if flags&collection.AtTail != 0 {
				popped[r], model = append(popped[r], model[len(model)-1]), model[:len(model)-1]
			} else {
				popped[r], model = append(popped[r], model[0]), model[1:]
			}
		}
		return r
	}
	const tail = collection.AtTail
	for i, group := range [][]*Request{
		{push(0, "a", "b")}, {push(tail, "c")}, {pop(0, 1)}, {pop(tail, 3)}, {push(0, "d"), push(tail, "e"), pop(0, 3), pop(0, 2), pop(tail, 1), pop(tail, 1), push(0, "f")},
		{pop(0, 1), pop(0, 1), pop(0, 1), pop(0, 1)}, {push(tail, "g"), pop(tail, 1)},
	} {
		w.at(i % 4).do(group...)
		for k, r := range group {
			a := answerTo(r)
			var got []string
			for _, v := range a.Values {
				got = append(got, string(v))
			}
			if r.Err != nil || !slices.Equal(got, popped[r]) {
				t.Errorf("step %d.%d answers %q, %v; want %q", i, k, got, r.Err, popped[r])
			}
		}
		w.settled()
	}
	for _, c := range []collection.Command{
		{Op: collection.ListSet, Number: 1, Args: [][]byte{[]byte("set")}}, {Op: collection.ListSet, Number: -2, Args: [][]byte{[]byte("set, too")}},
		{Op: collection.ListMove, Flags: collection.ToTail}, {Op: collection.ListTrim, Number: 2, Args: [][]byte{[]byte("-3")}}, {Op: collection.ListTrim, Args: [][]byte{[]byte("179")}},
	} {
		w.at(1).must(listChange(w.key, c))
		w.settled()
	}
	model[1], model[len(model)-2] = "set", "set, too"
	model = append(model[1:], model[0])
	model = model[2 : len(model)-2]
	model = model[:180]
	if w.wholes() != before {
		t.Errorf("the other primaries were sent %d whole lists", w.wholes()-before)
	}
	// These remove more than half of the items, and need more than they had looked at.
	w.at(0).must(listChange(w.key, collection.Command{Op: collection.ListTrim}, "149"))
	w.at(2).must(listChange(w.key, collection.Command{Op: collection.ListTrim, Number: -101}, "-2"))
	model = model[49:149]
	for place := range 4 {
		poll.Until(t, "the lists are equal", func() bool { return slices.Equal(w.items(w.at(place).must(get(w.key)), 0, -1), model) })
	}
}

// A list that is popped to its end gives each item once, in order, and is no key then.
func TestChangeElements_LargeListIsDrained(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C")
	items := w.fillList()
	var got []string
	for i := 0; len(got) < len(items); i++ {
		var group []*Request
		for n := range 1 + i%4 {
			group = append(group, listChange(w.key, collection.Command{Op: collection.ListPop, Number: int64(1 + n%2)}))
		}
		w.at(i % 3).do(group...)
		for _, r := range group {
			if r.Err != nil {
				t.Fatal(r.Err)
			}
			for _, v := range answerTo(r).Values {
				got = append(got, string(v))
			}
		}
	}
	if !slices.Equal(got, items) {
		t.Errorf("popped are %q", got)
	}
	w.settled()
	if r := w.at(2).must(headOf(w.key)); r.Object.Live(0) {
		t.Errorf("left is %+v", r.Object)
	}
	w.at(1).must(listChange(w.key, collection.Command{Op: collection.ListPush}, "again"))
	if got := fmt.Sprint(w.items(w.at(0).must(get(w.key)), 0, -1)); got != "[again]" {
		t.Errorf("the new list is %s", got)
	}
}
