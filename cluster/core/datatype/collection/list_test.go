package collection

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
)

// replica is a node that coordinates changes of one key.
type replica struct {
	node   causal.NodeID
	object object.Object
}

const testTime = 1_700_000_000_000

// change carries out a command as a coordinator does. events counts those of all replicas.
func (r *replica) change(t rapid.TB, c Command, events *int) Answer {
	decoded, err := Decode(c.Append(nil))
	if err != nil || !reflect.DeepEqual(decoded, c) {
		t.Fatalf("%+v is read as %+v: %v", c, decoded, err)
	}
	out := decoded.Apply(r.view())
	if out.Write {
		*events++
		actor := causal.Actor{Node: r.node, Epoch: 1}
		edit := object.Edit{
			Changes: out.Changes, All: out.All, Seen: r.object.Context(), Now: testTime,
			Dot:  causal.Dot{Actor: actor, Counter: r.object.Clock.Counter(actor) + 1},
			Time: causal.TimestampOf(testTime) + causal.Timestamp(*events),
		}
		var next object.Object
		next.BecomeEdited(r.object, &edit)
		r.object = next
	}
	answer, err := DecodeAnswer(out.Answer.Append(nil))
	if err != nil || !reflect.DeepEqual(answer, out.Answer) {
		t.Fatalf("%+v is read as %+v: %v", out.Answer, answer, err)
	}
	return answer
}

func (r *replica) view() View { return ViewOf(&r.object, object.Item, testTime) }

func (r *replica) items() []string { return datas(r.view()) }

func datas(v View) (items []string) {
	for _, e := range v {
		items = append(items, string(e.Data))
	}
	return items
}

// Several nodes change a list, and merge now and then, in any order. In the end all have the
// same one: every item that no command has removed is in it, those of one command stand
// together or with others inserted between them later on, in the command's order, and items
// stand in the order in which each node has seen them.
func TestList_SeveralNodes_LoseNothingAndAgreeOnTheOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var nodes []*replica
		for i := range 3 {
			nodes = append(nodes, &replica{node: causal.NodeID(i + 1)})
		}
		events, made := 0, 0
		pushed, removed := map[string]bool{}, map[string]bool{}
		before := map[[2]string]bool{} // pairs of items that some node has had in this order
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			r := nodes[rapid.IntRange(0, 2).Draw(t, "node")]
			if from := rapid.IntRange(-3, 2).Draw(t, "from"); from >= 0 {
				r.object, _ = object.Merge(r.object, nodes[from].object)
			} else {
				made++
				c := Command{Op: ListPush, Seed: anySeed(t, made), Args: [][]byte{}}
				items := r.items()
				switch rapid.IntRange(0, 5).Draw(t, "kind") {
				case 0:
					c.Op, c.Number = ListPop, 1
					if len(items) > 0 {
						removed[items[0]] = true
					}
				case 1, 2:
					if len(items) > 0 {
						c.Op = ListInsert
						c.Args = args(rapid.SampledFrom(items).Draw(t, "pivot"), fmt.Sprintf("%d", made))
						pushed[string(c.Args[1])] = true
						break
					}
					fallthrough
				default:
					for i := range rapid.IntRange(1, 3).Draw(t, "items") {
						c.Args = append(c.Args, fmt.Appendf(nil, "%d.%d", made, i))
						pushed[string(c.Args[i])] = true
					}
				}
				if c.Op != ListPop && rapid.Bool().Draw(t, "tail") {
					c.Flags = AtTail
				}
				r.change(t, c, &events)
			}
			for i, first := range r.items() {
				for _, second := range r.items()[i+1:] {
					before[[2]string{first, second}] = true
				}
			}
		}
		for _, order := range [][]int{{0, 1, 2}, {2, 0, 1}} {
			end := &replica{}
			for _, i := range order {
				end.object, _ = object.Merge(end.object, nodes[i].object)
			}
			items := end.items()
			for i, first := range items {
				if !pushed[first] || slices.Contains(items[i+1:], first) {
					t.Fatalf("%q was never pushed, or is there twice: %q", first, items)
				}
				for _, second := range items[i+1:] {
					if before[[2]string{second, first}] {
						t.Fatalf("%q stands before %q, and some node had them the other way round: %q", first, second, items)
					}
				}
			}
			for item := range pushed {
				if !removed[item] && !slices.Contains(items, item) {
					t.Fatalf("%q is lost: %q", item, items)
				}
			}
			for i, node := range nodes {
				if node.object, _ = object.Merge(node.object, end.object); !slices.Equal(node.items(), items) {
					t.Fatalf("node %d has %q, want %q", i, node.items(), items)
				}
			}
		}
	})
}

// The items of a command stay together, whatever is pushed or inserted at the same place
// elsewhere at the same time.
func TestList_ConcurrentCommands_DoNotMix(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base, events := &replica{node: 9}, 0
		for i := range rapid.IntRange(0, 3).Draw(t, "items before") {
			base.change(t, Command{Op: ListPush, Flags: AtTail, Seed: uint64(i), Args: args("x" + strconv.Itoa(i))}, &events)
		}
		flags := Flags(rapid.SampledFrom([]Flags{0, AtTail}).Draw(t, "end"))
		var nodes []*replica
		for i := range 3 {
			r := &replica{node: causal.NodeID(i + 1), object: base.object}
			c := Command{Op: ListPush, Flags: flags, Seed: anySeed(t, i), Args: [][]byte{}}
			for j := range rapid.IntRange(1, 4).Draw(t, "pushed") {
				c.Args = append(c.Args, fmt.Appendf(nil, "%c%d", 'a'+i, j))
			}
			r.change(t, c, &events)
			nodes = append(nodes, r)
		}
		merged := func(order ...int) string {
			end := &replica{object: base.object}
			for _, i := range order {
				end.object, _ = object.Merge(end.object, nodes[i].object)
			}
			return strings.Join(end.items(), " ")
		}
		all := merged(0, 1, 2)
		if other := merged(2, 1, 0, 1); other != all {
			t.Fatalf("merged in another order: %s, want %s", other, all)
		}
		for i, r := range nodes {
			var own []string
			for _, item := range r.items() {
				if item[0] == byte('a'+i) {
					own = append(own, item)
				}
			}
			if !strings.Contains(all, strings.Join(own, " ")) {
				t.Fatalf("%s has not %v in one piece", all, own)
			}
		}
	})
}

func TestList_TakeAndWithdraw_TouchOnlyTheirItems(t *testing.T) {
	r, events := &replica{node: 1}, 0
	r.change(t, Command{Op: ListPush, Flags: AtTail, Seed: 7, Args: args("a", "b")}, &events)
	r.change(t, Command{Op: ListPush, Flags: AtTail, Seed: 8, Args: args("a", "b")}, &events)
	name := string(r.view()[2].Name)
	if a := r.change(t, Command{Op: ListTake, Args: args(name, "other")}, &events); a.Number != 0 {
		t.Errorf("took an item that has changed: %+v", a)
	}
	if a := r.change(t, Command{Op: ListTake, Args: args(name, "a")}, &events); a.Number != 1 {
		t.Errorf("did not take the item: %+v", a)
	}
	if a := r.change(t, Command{Op: ListTake, Args: args(name, "a")}, &events); a.Number != 0 {
		t.Errorf("took the item twice: %+v", a)
	}
	if a := r.change(t, Command{Op: ListWithdraw, Seed: 7, Args: [][]byte{}}, &events); a.Number != 2 {
		t.Errorf("withdrew %d items, want 2", a.Number)
	}
	if items := r.items(); !slices.Equal(items, []string{"b"}) {
		t.Errorf("left: %q", items)
	}
}

func TestList_HugeNumbers_AreBounded(t *testing.T) {
	r, events := &replica{node: 1}, 0
	push := Command{Op: ListPush, Flags: AtTail, Args: args("a", "b", "a")}
	r.change(t, push, &events)
	v := r.view()
	l := v.Items(&r.object, testTime)
	between := func(at Indexes) []string {
		found, _ := l.Range(l.Bounds(at))
		return datas(found)
	}
	for _, n := range []int64{math.MinInt64, math.MaxInt64} {
		if _, ok := l.Index(n); ok {
			t.Errorf("there is an item at %d", n)
		}
		for _, at := range []Indexes{{n, n}, {0, n}, {n, -1}} {
			if selected, _ := at.Selection(); selected.Ends.First < 0 || selected.Ends.Last < 0 || selected.Ends.First+selected.Ends.Last > mostAtEnd {
				t.Errorf("%+v selects %+v", at, selected)
			}
		}
		for _, c := range []Command{{Op: ListPop, Number: n}, {Op: ListTrim, Number: n, Args: args(strconv.FormatInt(n, 10))}} {
			if selected, _ := c.Selection(); selected.Ends.First < 0 || selected.Ends.Last < 0 || selected.Ends.First > mostAtEnd || selected.Ends.Last > mostAtEnd {
				t.Errorf("%+v selects %+v", c, selected)
			}
		}
		if out := (&Command{Op: ListPop, Number: n}).Apply(v); n < 0 && len(out.Values) != 0 || n > 0 && len(out.Values) != 3 {
			t.Errorf("popped %q", out.Values)
		}
		if out := (&Command{Op: ListRemove, Number: n, Args: args("a")}).Apply(v); out.Number != 2 {
			t.Errorf("removed %d items", out.Number)
		}
	}
	if all := between(Indexes{math.MinInt64, math.MaxInt64}); len(all) != 3 {
		t.Errorf("between the least and the greatest index are %q", all)
	}
	if none := between(Indexes{math.MaxInt64, math.MinInt64}); len(none) != 0 {
		t.Errorf("between the greatest and the least index are %q", none)
	}
	if out := (&Command{Op: ListPop, Number: 3, Limit: 2}).Apply(v); out.Failure != TooLong || out.Write {
		t.Errorf("popped more bytes than allowed: %+v", out)
	}
}

// No bytes make a command or its answer panic.
func FuzzListCommand(f *testing.F) {
	for op := ListPush; op <= ListStore; op++ {
		for _, arguments := range [][][]byte{{}, args("1"), args("a", "b")} {
			c := Command{Op: op, Flags: AtTail, Number: 1, Seed: 3, Args: arguments}
			f.Add(c.Append(nil), []byte("a"), []byte("b"))
		}
	}
	f.Fuzz(func(t *testing.T, raw, one, other []byte) {
		c, err := Decode(raw)
		if err != nil || c.Kind() != object.Item {
			return
		}
		if again := c.Append(nil); string(again) != string(raw) {
			t.Fatalf("%x is written as %x", raw, again)
		}
		v := View{{Kind: object.Item, Name: one, Data: other}, {Kind: object.Item, Name: other, Data: one}}
		if string(one) >= string(other) {
			v = v[:1]
		}
		out := c.Apply(v)
		if _, err := DecodeAnswer(out.Answer.Append(nil)); err != nil {
			t.Error(err)
		}
	})
}

func TestStoreOf_List_HasTheSameItemsInOrder(t *testing.T) {
	r, to, events := &replica{node: 1}, &replica{node: 2}, 0
	r.change(t, Command{Op: ListPush, Flags: AtTail, Seed: 1, Args: args("b", "c", "b")}, &events)
	r.change(t, Command{Op: ListPush, Seed: 2, Args: args("a")}, &events)
	to.change(t, Command{Op: SetAdd, Args: args("old")}, &events)
	store := StoreOf(r.view(), testTime+500)
	store.Seed = 3
	to.change(t, store, &events)
	if got := to.items(); !slices.Equal(got, r.items()) || to.object.Elements.KeyExpiry() != testTime+500 {
		t.Errorf("copied %q as %q, which expire at %d", r.items(), got, to.object.Elements.KeyExpiry())
	}
	if left := ViewOf(&to.object, object.Member, testTime); len(left) > 0 {
		t.Errorf("what the key had before is still there: %q", names(left))
	}
}
