package collection

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
)

// document is one key at one coordinator.
type document struct {
	object.Object
	now  int64
	node causal.NodeID // of the coordinator; 0: 1
}

// do applies a command as a coordinator does.
func (d *document) do(c Command) Outcome {
	d.now++
	out := c.Apply(ViewOf(&d.Object, c.Kind(), d.now))
	if !out.Write {
		return out
	}
	actor := causal.Actor{Node: cmp.Or(d.node, 1), Epoch: 1}
	change := &object.Edit{
		Changes: out.Changes, All: out.All, Seen: d.Context(), Now: d.now,
		Dot:  causal.Dot{Actor: actor, Counter: d.Clock.Counter(actor) + 1},
		Time: causal.TimestampOf(d.now),
	}
	var next object.Object
	next.BecomeEdited(d.Object, change)
	d.Object = next.Clone()
	return out
}

func args(words ...string) (list [][]byte) {
	for _, w := range words {
		list = append(list, []byte(w))
	}
	return list
}

func names(v View) (list []string) {
	for _, e := range v {
		list = append(list, string(e.Name))
	}
	return list
}

// Commands on a hash do what the same commands do to a Go map.
func TestHash_RandomCommands_AsAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var d document
		model := map[string]string{}
		field := rapid.SampledFrom([]string{"", "a", "b", "c"})
		for range rapid.IntRange(1, 20).Draw(t, "commands") {
			f, g := field.Draw(t, "field"), field.Draw(t, "other")
			switch rapid.IntRange(0, 4).Draw(t, "command") {
			case 0:
				fresh := map[string]bool{f: true, g: true}
				maps.DeleteFunc(fresh, func(name string, _ bool) bool { _, exists := model[name]; return exists })
				model[f], model[g] = "1", "2"
				if out := d.do(Command{Op: HashSet, Args: args(f, "1", g, "2")}); out.Number != int64(len(fresh)) {
					t.Fatalf("HSET made %d fields, want %d", out.Number, len(fresh))
				}
			case 1:
				_, exists := model[f]
				if !exists {
					model[f] = "x"
				}
				if out := d.do(Command{Op: HashSet, Flags: IfAbsent, Args: args(f, "x")}); (out.Number == 1) == exists || out.Write == exists {
					t.Fatalf("HSETNX: %+v, the field existed: %v", out, exists)
				}
			case 2:
				before := len(model)
				delete(model, f)
				delete(model, g)
				if out := d.do(Command{Op: HashDelete, Args: args(f, g)}); out.Number != int64(before-len(model)) {
					t.Fatalf("HDEL removed %d, want %d", out.Number, before-len(model))
				}
			case 3:
				amount := rapid.Int64Range(-5, 5).Draw(t, "amount")
				old, sum := int64(0), int64(0)
				_, err := fmt.Sscan(model[f], &old)
				_, exists := model[f]
				out := d.do(Command{Op: HashIncrement, Number: amount, Args: args(f)})
				if exists && err != nil {
					if out.Failure != NotInteger || out.Write {
						t.Fatalf("HINCRBY of %q: %+v", model[f], out)
					}
					break
				}
				sum = old + amount
				if model[f] = fmt.Sprint(sum); out.Number != sum {
					t.Fatalf("HINCRBY made %d, want %d", out.Number, sum)
				}
			default:
				store := Command{Op: HashStore, Args: args(f, "s")}
				d.do(store)
				model = map[string]string{f: "s"}
			}
			v := ViewOf(&d.Object, object.Field, d.now)
			if want := slices.Sorted(maps.Keys(model)); !slices.Equal(names(v), want) {
				t.Fatalf("fields %q, want %q", names(v), want)
			}
			for _, e := range v {
				if model[string(e.Name)] != string(e.Data) {
					t.Fatalf("%s is %q, want %q", e.Name, e.Data, model[string(e.Name)])
				}
			}
		}
	})
}

// Commands on a set do what the same commands do to a Go map.
func TestSet_RandomCommands_AsAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var d document
		model := map[string]bool{}
		member := rapid.SampledFrom([]string{"", "a", "b", "c"})
		for range rapid.IntRange(1, 20).Draw(t, "commands") {
			m, n := member.Draw(t, "member"), member.Draw(t, "other")
			before := len(model)
			switch rapid.IntRange(0, 3).Draw(t, "command") {
			case 0:
				model[m], model[n] = true, true
				if out := d.do(Command{Op: SetAdd, Args: args(m, n)}); out.Number != int64(len(model)-before) {
					t.Fatalf("SADD added %d, want %d", out.Number, len(model)-before)
				}
			case 1:
				delete(model, m)
				delete(model, n)
				if out := d.do(Command{Op: SetRemove, Args: args(m, n)}); out.Number != int64(before-len(model)) {
					t.Fatalf("SREM removed %d, want %d", out.Number, before-len(model))
				}
			case 2:
				count := rapid.Int64Range(0, 5).Draw(t, "count")
				out := d.do(Command{Op: SetPop, Number: count, Seed: rapid.Uint64().Draw(t, "seed")})
				for _, popped := range out.Values {
					if !model[string(popped)] {
						t.Fatalf("SPOP took %q, which was not there, or twice", popped)
					}
					delete(model, string(popped))
				}
				if int64(len(out.Values)) != min(count, int64(before)) {
					t.Fatalf("SPOP took %d of %d, want %d", len(out.Values), before, count)
				}
			default:
				d.do(Command{Op: SetStore, Args: args(m)})
				model = map[string]bool{m: true}
			}
			if got, want := names(ViewOf(&d.Object, object.Member, d.now)), slices.Sorted(maps.Keys(model)); !slices.Equal(got, want) {
				t.Fatalf("members %q, want %q", got, want)
			}
		}
	})
}

func TestHash_Numbers_FailAsInRedis(t *testing.T) {
	for _, c := range []struct {
		value   string
		command Command
		want    Failure
		sum     string
	}{
		{"9223372036854775807", Command{Op: HashIncrement, Number: 1, Args: args("f")}, Overflow, ""},
		{"-9223372036854775808", Command{Op: HashIncrement, Number: -1, Args: args("f")}, Overflow, ""},
		{"007", Command{Op: HashIncrement, Number: 1, Args: args("f")}, NotInteger, ""},
		{"1.5", Command{Op: HashIncrementFloat, Args: args("f", "0.25")}, None, "1.75"},
		{"x", Command{Op: HashIncrementFloat, Args: args("f", "1")}, NotFloat, ""},
		{"1", Command{Op: HashIncrementFloat, Args: args("f", "x")}, BadAmount, ""},
		{"inf", Command{Op: HashIncrementFloat, Args: args("f", "1")}, NaN, ""},
	} {
		var d document
		d.do(Command{Op: HashSet, Args: args("f", c.value)})
		before := d.Object.Clone()
		out := d.do(c.command)
		if out.Failure != c.want || (c.want != None) == out.Write {
			t.Errorf("%q: %+v, want failure %d", c.value, out, c.want)
		}
		if c.want != None && !d.Object.Equal(&before) {
			t.Errorf("%q: a command that failed changed the key", c.value)
		}
		if c.sum != "" && string(out.Values[0]) != c.sum {
			t.Errorf("%q: %s, want %s", c.value, out.Values[0], c.sum)
		}
	}
}

func TestView_ConcurrentFields_ShowsTheNewest(t *testing.T) {
	var a, b document
	a.do(Command{Op: HashSet, Args: args("f", "first")})
	change := &object.Edit{
		Dot: causal.Dot{Actor: causal.Actor{Node: 2, Epoch: 1}, Counter: 1}, Time: causal.TimestampOf(50),
		Changes: []object.Change{{Kind: object.Field, Name: []byte("f"), Data: []byte("second")}},
	}
	b.Object.BecomeEdited(object.Object{}, change)
	both, _ := object.Merge(a.Object, b.Object)
	v := ViewOf(&both, object.Field, 100)
	if len(v) != 1 || string(v[0].Data) != "second" || len(both.Elements) != 2 {
		t.Errorf("shown: %v of %d elements", names(v), len(both.Elements))
	}
	if seen := ViewSeen(&both, object.Field, 100, a.Context()); len(seen) != 1 || string(seen[0].Data) != "first" {
		t.Errorf("of what one client has seen: %v", seen)
	}
}

// Pages meet each element that is there all the time once, whatever comes and goes.
func TestView_Pages_MeetWhatStays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var d document
		var all []string
		for i := range rapid.IntRange(0, 400).Draw(t, "members") {
			all = append(all, fmt.Sprint("m", i))
		}
		d.do(Command{Op: SetStore, Args: args(all...)})
		count := rapid.IntRange(1, 50).Draw(t, "count")
		met := map[string]int{}
		for cursor, pages := uint64(0), 0; ; pages++ {
			var page View
			page, cursor = ViewOf(&d.Object, object.Member, d.now).Page(cursor, count)
			for _, e := range page {
				met[string(e.Name)]++
			}
			if cursor == 0 {
				break
			}
			if pages > len(all) {
				t.Fatal("the pages do not end")
			}
			d.do(Command{Op: SetAdd, Args: args(fmt.Sprint("new", pages))})
			d.do(Command{Op: SetRemove, Args: args(fmt.Sprint("new", pages-1))})
		}
		for _, name := range all {
			if met[name] != 1 {
				t.Fatalf("%s was met %d times", name, met[name])
			}
		}
	})
}

func TestStoreOf_MakesTheSameElements(t *testing.T) {
	for _, c := range []Command{
		{Op: HashSet, Args: args("a", "1", "b", "2")},
		{Op: SetAdd, Args: args("a", "b")},
	} {
		var from, to document
		from.do(c)
		v := ViewOf(&from.Object, c.Kind(), from.now)
		to.do(Command{Op: SetAdd, Args: args("old")})
		to.do(StoreOf(v, 500))
		copied := ViewOf(&to.Object, c.Kind(), to.now)
		if !slices.Equal(names(copied), names(v)) || string(copied[0].Data) != string(v[0].Data) || to.Elements.KeyExpiry() != 500 {
			t.Errorf("%s: %v, expiry %d", TypeName(c.Kind()), names(copied), to.Elements.KeyExpiry())
		}
		if strings.Contains(strings.Join(names(ViewOf(&to.Object, object.Member, to.now)), " "), "old") {
			t.Error("what the key had before is still there")
		}
	}
}

func TestStoreOf_FieldsThatExpire_KeepTheirExpiries(t *testing.T) {
	var from, to document
	from.do(Command{Op: HashSet, Args: args("lasting", "1", "ending", "2")})
	from.do(Command{Op: HashExpire, Number: 1000, Args: args("ending")})
	store := StoreOf(ViewOf(&from.Object, object.Field, from.now), 0)
	if !store.Stores() {
		t.Error("it does not replace what the key has")
	}
	if to.do(store); to.Elements.Of(object.Field, []byte("ending"))[0].Expiry != 1000 || to.Elements.Of(object.Field, []byte("lasting"))[0].Expiry != 0 {
		t.Errorf("stored: %+v", to.Elements)
	}
	for _, bad := range []string{"", "x", "-1", "1.5"} {
		if out := to.do(Command{Op: HashStoreExpiring, Args: args("f", "v", bad)}); out.Failure != NotInteger {
			t.Errorf("expiry %q: %+v", bad, out)
		}
	}
}

func TestHash_ExpiriesOfFields_FollowTheirConditions(t *testing.T) {
	var d document
	d.do(Command{Op: HashSet, Args: args("lasting", "1", "ending", "2")})
	d.do(Command{Op: HashExpire, Number: 1000, Args: args("ending")})
	for _, c := range []struct {
		flags  Flags
		number int64
		want   []int64 // of lasting, ending, and one that is not there
	}{
		{IfLasting, 500, []int64{ExpiryChanged, NotMet, NoField}},
		{IfEnding, 500, []int64{NotMet, ExpiryChanged, NoField}},
		{IfLater, 500, []int64{NotMet, NotMet, NoField}},
		{IfLater, 2000, []int64{NotMet, ExpiryChanged, NoField}},
		{IfSooner, 500, []int64{ExpiryChanged, ExpiryChanged, NoField}},
		{IfSooner, 2000, []int64{ExpiryChanged, NotMet, NoField}},
		{Past, 1, []int64{FieldDeleted, FieldDeleted, NoField}},
	} {
		again := document{Object: d.Object.Clone(), now: d.now}
		out := again.do(Command{Op: HashExpire, Flags: c.flags, Number: c.number, Args: args("lasting", "ending", "nosuch")})
		if !slices.Equal(out.Numbers, c.want) {
			t.Errorf("flags %b, %d: %v, want %v", c.flags, c.number, out.Numbers, c.want)
		}
		v := ViewOf(&again.Object, object.Field, again.now)
		for i, name := range []string{"lasting", "ending"} {
			switch e := v.Find([]byte(name)); {
			case c.want[i] == FieldDeleted && e != nil, c.want[i] != FieldDeleted && e == nil:
				t.Errorf("flags %b: %s is %v", c.flags, name, e)
			case c.want[i] == ExpiryChanged && e.Expiry != c.number:
				t.Errorf("flags %b: %s expires at %d, want %d", c.flags, name, e.Expiry, c.number)
			}
		}
	}
	if v := ViewOf(&d.Object, object.Field, 1000); !slices.Equal(names(v), []string{"lasting"}) {
		t.Errorf("fields %q after one has expired", names(v))
	}
	d.do(Command{Op: HashIncrement, Number: 1, Args: args("ending")})
	if e := ViewOf(&d.Object, object.Field, d.now).Find([]byte("ending")); e.Expiry != 1000 || string(e.Data) != "3" {
		t.Errorf("HINCRBY left %q, which expires at %d", e.Data, e.Expiry)
	}
	if out := d.do(Command{Op: HashPersist, Args: args("lasting", "ending", "nosuch")}); !slices.Equal(out.Numbers, []int64{NoExpiry, ExpiryChanged, NoField}) {
		t.Errorf("HPERSIST: %v", out.Numbers)
	}
	if e := ViewOf(&d.Object, object.Field, 5000).Find([]byte("ending")); e == nil || e.Expiry != 0 {
		t.Error("HPERSIST left the expiry")
	}
}
