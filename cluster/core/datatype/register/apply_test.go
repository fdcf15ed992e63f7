package register

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/cluster/core/object"
)

const now = int64(1_000_000)

// found is a value as it is before an update; nil: there is none.
type found = *object.Value

func value(data string) found             { return &object.Value{Data: []byte(data)} }
func expires(data string, at int64) found { return &object.Value{Data: []byte(data), Expiry: at} }
func (u Update) on(v found) (object.Value, bool, Result) {
	return u.Apply(v, now)
}

func text(v object.Value, write bool) string {
	switch {
	case !write:
		return "-"
	case v.Tombstone:
		return "deleted"
	case v.Expiry != 0:
		return fmt.Sprintf("%s@%d", v.Data, (v.Expiry-now)/100)
	}
	return string(v.Data)
}

func TestApply(t *testing.T) {
	set := func(data string, f ...func(*Update)) Update {
		u := Update{Kind: Set, Data: []byte(data)}
		for _, f := range f {
			f(&u)
		}
		return u
	}
	condition := func(c Condition) func(*Update) { return func(u *Update) { u.Condition = c } }
	until := func(at int64) func(*Update) { return func(u *Update) { u.Expiry = at } }
	wantOld := func(u *Update) { u.WantOld = true }
	keep := func(u *Update) { u.KeepTTL = true }
	ctx := func(v causal.Vector) func(*Update) {
		return func(u *Update) { u.Context, u.HasContext = causal.Context{Vector: v}, true }
	}
	some := causal.Vector{{Actor: causal.Actor{Node: 1, Epoch: 1}, Counter: 1, Time: 1}}
	do := func(k Kind, f ...func(*Update)) Update {
		u := set("", f...)
		u.Kind, u.Data = k, nil
		return u
	}
	at := func(n int64) int64 { return now + 100*n } // prints as @n
	tombstone := &object.Value{Tombstone: true}
	expired := expires("old", now)

	for _, c := range []struct {
		name    string
		u       Update
		on      found
		want    string // the value written, @ its expiry; "-": none is
		applied bool
		existed bool
		old     string
	}{
		{"SET, missing", set("v"), nil, "v", true, false, ""},
		{"SET, there", set("v"), value("old"), "v", true, true, ""},
		{"SET drops the TTL", set("v"), expires("old", at(1)), "v", true, true, ""},
		{"SET of nothing", set(""), nil, "", true, false, ""},
		{"SET on a deletion", set("v"), tombstone, "v", true, false, ""},
		{"SET on an expired value", set("v"), expired, "v", true, false, ""},
		{"SET EX", set("v", until(at(3))), nil, "v@3", true, false, ""},
		{"SET PXAT past", set("v", until(now)), value("old"), "deleted", true, true, ""},
		{"SET PXAT past, missing", set("v", until(1)), nil, "deleted", true, false, ""},
		{"SET KEEPTTL", set("v", keep), expires("old", at(2)), "v@2", true, true, ""},
		{"SET KEEPTTL, no TTL", set("v", keep), value("old"), "v", true, true, ""},
		{"SET KEEPTTL, missing", set("v", keep), nil, "v", true, false, ""},
		{"SET KEEPTTL, expired", set("v", keep), expired, "v", true, false, ""},
		{"SET NX, missing", set("v", condition(IfAbsent)), nil, "v", true, false, ""},
		{"SET NX, there", set("v", condition(IfAbsent)), value("old"), "-", false, true, ""},
		{"SET NX, deleted", set("v", condition(IfAbsent)), tombstone, "v", true, false, ""},
		{"SET NX, expired", set("v", condition(IfAbsent)), expired, "v", true, false, ""},
		{"SET XX, missing", set("v", condition(IfPresent)), nil, "-", false, false, ""},
		{"SET XX, there", set("v", condition(IfPresent)), value("old"), "v", true, true, ""},
		{"SET XX, deleted", set("v", condition(IfPresent)), tombstone, "-", false, false, ""},
		{"SET XX, expired", set("v", condition(IfPresent)), expired, "-", false, false, ""},
		{"SET GET", set("v", wantOld), value("old"), "v", true, true, "old"},
		{"SET GET, missing", set("v", wantOld), nil, "v", true, false, ""},
		{"SET GET, expired", set("v", wantOld), expired, "v", true, false, ""},
		{"SET NX GET, there", set("v", wantOld, condition(IfAbsent)), value("old"), "-", false, true, "old"},
		{"SET XX GET, missing", set("v", wantOld, condition(IfPresent)), nil, "-", false, false, ""},
		{"SET XX EX", set("v", condition(IfPresent), until(at(1))), value("old"), "v@1", true, true, ""},
		{"SET CONTEXT", set("v", ctx(some)), value("old"), "v", true, true, ""},
		{"SET CONTEXT NX, there", set("v", ctx(some), condition(IfAbsent)), value("old"), "-", false, true, ""},

		{"DEL, there", do(Delete), value("old"), "deleted", true, true, ""},
		{"DEL, missing", do(Delete), nil, "-", false, false, ""},
		{"DEL, deleted", do(Delete), tombstone, "-", false, false, ""},
		{"DEL, expired", do(Delete), expired, "-", false, false, ""},
		{"GETDEL", do(Delete, wantOld), expires("old", at(1)), "deleted", true, true, "old"},
		{"GETDEL, missing", do(Delete, wantOld), nil, "-", false, false, ""},
		{"DEL CONTEXT", do(Delete, ctx(some)), value("old"), "deleted", true, true, ""},
		{"DEL CONTEXT of what is not here yet", do(Delete, ctx(some)), nil, "deleted", true, false, ""},
		{"DEL CONTEXT of nothing seen", do(Delete, ctx(nil)), value("old"), "-", false, true, ""},
		{"DEL CONTEXT of one's own", do(Delete, ctx(nil), func(u *Update) {
			u.Context = causal.ContextOf(nil, causal.Dot{Actor: some[0].Actor, Counter: 2})
		}), value("old"), "deleted", true, true, ""},

		{"EXPIRE", do(Expire, until(at(5))), value("old"), "old@5", true, true, ""},
		{"EXPIRE again", do(Expire, until(at(5))), expires("old", at(6)), "old@5", true, true, ""},
		{"EXPIRE, missing", do(Expire, until(at(5))), nil, "-", false, false, ""},
		{"EXPIRE, expired", do(Expire, until(at(5))), expired, "-", false, false, ""},
		{"EXPIRE past", do(Expire, until(now)), value("old"), "deleted", true, true, ""},
		{"EXPIRE before 1970", do(Expire, until(-5)), value("old"), "deleted", true, true, ""},
		{"EXPIRE past, missing", do(Expire, until(1)), nil, "-", false, false, ""},
		{"EXPIRE NX, no TTL", do(Expire, until(at(5)), condition(IfAbsent)), value("old"), "old@5", true, true, ""},
		{"EXPIRE NX, TTL", do(Expire, until(at(5)), condition(IfAbsent)), expires("old", at(6)), "-", false, true, ""},
		{"EXPIRE XX, no TTL", do(Expire, until(at(5)), condition(IfPresent)), value("old"), "-", false, true, ""},
		{"EXPIRE XX, TTL", do(Expire, until(at(5)), condition(IfPresent)), expires("old", at(6)), "old@5", true, true, ""},
		{"EXPIRE GT, no TTL", do(Expire, until(at(5)), condition(IfGreater)), value("old"), "-", false, true, ""},
		{"EXPIRE GT, sooner", do(Expire, until(at(5)), condition(IfGreater)), expires("old", at(6)), "-", false, true, ""},
		{"EXPIRE GT, same", do(Expire, until(at(5)), condition(IfGreater)), expires("old", at(5)), "-", false, true, ""},
		{"EXPIRE GT, later", do(Expire, until(at(5)), condition(IfGreater)), expires("old", at(4)), "old@5", true, true, ""},
		{"EXPIRE GT, past", do(Expire, until(1), condition(IfGreater)), expires("old", at(4)), "-", false, true, ""},
		{"EXPIRE LT, no TTL", do(Expire, until(at(5)), condition(IfLess)), value("old"), "old@5", true, true, ""},
		{"EXPIRE LT, sooner", do(Expire, until(at(5)), condition(IfLess)), expires("old", at(6)), "old@5", true, true, ""},
		{"EXPIRE LT, same", do(Expire, until(at(5)), condition(IfLess)), expires("old", at(5)), "-", false, true, ""},
		{"EXPIRE LT, later", do(Expire, until(at(5)), condition(IfLess)), expires("old", at(4)), "-", false, true, ""},
		{"EXPIRE LT, past", do(Expire, until(1), condition(IfLess)), expires("old", at(4)), "deleted", true, true, ""},
		{"EXPIRE XX GT, no TTL", do(Expire, until(at(5)), condition(IfPresentGreater)), value("old"), "-", false, true, ""},
		{"EXPIRE XX GT, later", do(Expire, until(at(5)), condition(IfPresentGreater)), expires("old", at(4)), "old@5", true, true, ""},
		{"EXPIRE XX LT, no TTL", do(Expire, until(at(5)), condition(IfPresentLess)), value("old"), "-", false, true, ""},
		{"EXPIRE XX LT, sooner", do(Expire, until(at(5)), condition(IfPresentLess)), expires("old", at(6)), "old@5", true, true, ""},
		{"EXPIRE XX LT, later", do(Expire, until(at(5)), condition(IfPresentLess)), expires("old", at(4)), "-", false, true, ""},

		{"PERSIST", do(Persist), expires("old", at(4)), "old", true, true, ""},
		{"PERSIST, no TTL", do(Persist), value("old"), "-", false, true, ""},
		{"PERSIST, missing", do(Persist), nil, "-", false, false, ""},
		{"PERSIST, expired", do(Persist), expired, "-", false, false, ""},
		{"GETEX PERSIST", do(Persist, wantOld), expires("old", at(4)), "old", true, true, "old"},
		{"GETEX PERSIST, no TTL", do(Persist, wantOld), value("old"), "-", false, true, "old"},
		{"GETEX EX", do(GetEx, until(at(3))), value("old"), "old@3", true, true, "old"},
		{"GETEX EX, missing", do(GetEx, until(at(3))), nil, "-", false, false, ""},
		{"GETEX PXAT past", do(GetEx, until(1)), value("old"), "deleted", true, true, "old"},
	} {
		next, write, r := c.u.on(c.on)
		if got := text(next, write); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		if r.Applied != c.applied || r.Existed != c.existed || string(r.Old) != c.old || r.Failure != None {
			t.Errorf("%s: %+v", c.name, r)
		}
	}
}

func TestApply_OldEmptyValue_IsNotNoValue(t *testing.T) {
	u := Update{Kind: Set, WantOld: true}
	if _, _, r := u.on(value("")); r.Old == nil || !r.Existed {
		t.Errorf("%+v", r)
	}
}

func TestApply_Increment(t *testing.T) {
	for _, c := range []struct {
		on      found
		by      int64
		want    int64
		failure Failure
	}{
		{nil, 1, 1, None},
		{nil, math.MinInt64, math.MinInt64, None},
		{value("10"), -3, 7, None},
		{value("-1"), 1, 0, None},
		{value("0"), 0, 0, None},
		{value("9223372036854775806"), 1, math.MaxInt64, None},
		{value("9223372036854775807"), 1, 0, Overflow},
		{value("9223372036854775807"), math.MaxInt64, 0, Overflow},
		{value("-9223372036854775808"), -1, 0, Overflow},
		{value("-9223372036854775808"), math.MinInt64, 0, Overflow},
		{value("-9223372036854775808"), math.MaxInt64, -1, None},
		{value("9223372036854775807"), math.MinInt64, -1, None},
		{value("9223372036854775808"), 1, 0, NotInteger},
		{value("-9223372036854775809"), 1, 0, NotInteger},
		{value(""), 1, 0, NotInteger},
		{value("-"), 1, 0, NotInteger},
		{value("-0"), 1, 0, NotInteger},
		{value("00"), 1, 0, NotInteger},
		{value("01"), 1, 0, NotInteger},
		{value("-01"), 1, 0, NotInteger},
		{value("+1"), 1, 0, NotInteger},
		{value(" 1"), 1, 0, NotInteger},
		{value("1 "), 1, 0, NotInteger},
		{value("1.0"), 1, 0, NotInteger},
		{value("1_0"), 1, 0, NotInteger},
		{value("0x1"), 1, 0, NotInteger},
		{value(strings.Repeat("1", 21)), 1, 0, NotInteger},
	} {
		u := Update{Kind: Increment, Amount: c.by}
		next, write, r := u.on(c.on)
		if r.Failure != c.failure || r.Number != c.want || write != (c.failure == None) || r.Applied != write {
			t.Errorf("%+v + %d: %+v", c.on, c.by, r)
			continue
		}
		if n, ok := number.ParseInt(next.Data); write && (!ok || n != c.want) {
			t.Errorf("%+v + %d wrote %s", c.on, c.by, next.Data)
		}
	}
	u := Update{Kind: Increment, Amount: 1}
	if next, _, _ := u.on(expires("1", now+5)); next.Expiry != now+5 {
		t.Error("INCR dropped the TTL")
	}
	if next, _, r := u.on(expires("41", now)); next.Expiry != 0 || r.Number != 1 || r.Existed {
		t.Error("INCR of an expired value does not start anew")
	}
}

func TestApply_IncrementFloat(t *testing.T) {
	for _, c := range []struct {
		on       found
		by, want string
		failure  Failure
	}{
		{nil, "10.50", "10.5", None},
		{value("10.5"), "-0.25", "10.25", None},
		{value(""), "1", "", NotFloat},
		{value("a"), "1", "", NotFloat},
		{value("1"), "inf", "", NaN},
	} {
		u := Update{Kind: IncrementFloat, Float: c.by}
		next, write, r := u.on(c.on)
		if r.Failure != c.failure || write != (c.failure == None) || r.Applied != write || string(next.Data) != c.want || string(r.Data) != c.want {
			t.Errorf("%+v + %s: %+v, wrote %q", c.on, c.by, r, next.Data)
		}
	}
	u := Update{Kind: IncrementFloat, Float: "1"}
	if next, _, _ := u.on(expires("1", now+5)); next.Expiry != now+5 {
		t.Error("INCRBYFLOAT dropped the TTL")
	}
}

func TestApply_Append(t *testing.T) {
	for _, c := range []struct {
		name   string
		on     found
		data   string
		limit  int64
		want   string
		number int64
		fails  Failure
	}{
		{"missing", nil, "ab", 0, "ab", 2, None},
		{"missing, nothing", nil, "", 0, "", 0, None},
		{"there", value("ab"), "cd", 0, "abcd", 4, None},
		{"there, nothing", value("ab"), "", 0, "-", 2, None},
		{"keeps the TTL", expires("ab", now+100), "c", 0, "abc@1", 3, None},
		{"expired", expires("ab", now), "c", 0, "c", 1, None},
		{"to the limit", value("ab"), "cd", 4, "abcd", 4, None},
		{"beyond it", value("ab"), "cde", 4, "-", 0, TooLong},
		{"beyond it already, nothing", value("abcde"), "", 4, "-", 5, None},
	} {
		u := Update{Kind: Append, Data: []byte(c.data), Limit: c.limit}
		next, write, r := u.on(c.on)
		if got := text(next, write); got != c.want || r.Number != c.number || r.Failure != c.fails {
			t.Errorf("%s: %s, %+v", c.name, got, r)
		}
	}
	old := value("ab")
	old.Data = append(make([]byte, 0, 10), "ab"...)
	u := Update{Kind: Append, Data: []byte("cd")}
	u.on(old)
	if got := string(old.Data[:4]); got == "abcd" {
		t.Error("wrote into the old value's memory")
	}
}

func TestApply_SetRange(t *testing.T) {
	for _, c := range []struct {
		name   string
		on     found
		offset int64
		data   string
		want   string
		number int64
		fails  Failure
	}{
		{"inside", value("hello"), 1, "a", "hallo", 5, None},
		{"past the end", value("hello"), 4, "abc", "hellabc", 7, None},
		{"pads", value("ab"), 4, "c", "ab\x00\x00c", 5, None},
		{"missing", nil, 2, "c", "\x00\x00c", 3, None},
		{"missing, nothing", nil, 2, "", "-", 0, None},
		{"there, nothing", value("ab"), 9, "", "-", 2, None},
		{"far, nothing", value("ab"), math.MaxInt64, "", "-", 2, None},
		{"keeps the TTL", expires("ab", now+100), 0, "c", "cb@1", 2, None},
		{"negative", value("ab"), -1, "c", "-", 0, BadOffset},
		{"negative, nothing", value("ab"), -1, "", "-", 0, BadOffset},
		{"too long", value("ab"), MaxValue, "c", "-", 0, TooLong},
		{"far too long", nil, math.MaxInt64, "c", "-", 0, TooLong},
	} {
		u := Update{Kind: SetRange, Amount: c.offset, Data: []byte(c.data)}
		next, write, r := u.on(c.on)
		if got := text(next, write); got != c.want || r.Number != c.number || r.Failure != c.fails {
			t.Errorf("%s: %q, %+v", c.name, got, r)
		}
	}
	old := value("hello")
	u := Update{Kind: SetRange, Data: []byte("J"), Limit: 5}
	u.on(old)
	if string(old.Data) != "hello" {
		t.Error("wrote into the old value")
	}
	u.Amount = 5
	if _, _, r := u.on(old); r.Failure != TooLong {
		t.Errorf("beyond its own limit: %+v", r)
	}
}

func TestUpdate_NeedsRead_Serial(t *testing.T) {
	for _, c := range []struct {
		name         string
		u            Update
		read, serial bool
	}{
		{"SET", Update{Kind: Set, Expiry: 5}, false, false},
		{"SET CONTEXT", Update{Kind: Set, HasContext: true}, false, false},
		{"SET NX", Update{Kind: Set, Condition: IfAbsent}, true, true},
		{"SET XX CONTEXT", Update{Kind: Set, Condition: IfPresent, HasContext: true}, true, true},
		{"SET GET", Update{Kind: Set, WantOld: true}, true, true},
		{"SET KEEPTTL", Update{Kind: Set, KeepTTL: true}, true, true},
		{"DEL", Update{Kind: Delete}, true, false},
		{"DEL CONTEXT", Update{Kind: Delete, HasContext: true}, false, false},
		{"GETDEL", Update{Kind: Delete, WantOld: true}, true, true},
		{"INCR", Update{Kind: Increment}, true, true},
		{"INCRBYFLOAT", Update{Kind: IncrementFloat}, true, true},
		{"APPEND", Update{Kind: Append}, true, true},
		{"SETRANGE", Update{Kind: SetRange}, true, true},
		{"BITFIELD", Update{Kind: BitField}, true, true},
		{"PFADD", Update{Kind: AddHyperLogLog}, true, true},
		{"EXPIRE", Update{Kind: Expire}, true, true},
		{"PERSIST", Update{Kind: Persist}, true, true},
		{"GETEX", Update{Kind: GetEx}, true, true},
	} {
		if got := c.u.NeedsRead(); got != c.read {
			t.Errorf("%s needs a read: %v", c.name, got)
		}
		if got := c.u.Serial(); got != c.serial {
			t.Errorf("%s is serial: %v", c.name, got)
		}
	}
}

func BenchmarkApply(b *testing.B) {
	for name, u := range map[string]Update{
		"set":       {Kind: Set, Data: []byte("value")},
		"increment": {Kind: Increment, Amount: 1},
		"float":     {Kind: IncrementFloat, Float: "0.1"},
		"append":    {Kind: Append, Data: []byte("value")},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			v := object.Value{Data: []byte("10")}
			for b.Loop() {
				u.Apply(&v, now)
			}
		})
	}
}
