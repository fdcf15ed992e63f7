package collection

import (
	"reflect"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

// listModel is a list as Redis has it.
type listModel []string

// apply carries out a command and returns its answer.
func (m *listModel) apply(c *Command) (a Answer) {
	tail, l, n := c.Flags&AtTail != 0, *m, len(*m)
	var words []string
	for _, arg := range c.Args {
		words = append(words, string(arg))
	}
	pop := func(tail bool) (item string) {
		if tail {
			item, *m = (*m)[len(*m)-1], (*m)[:len(*m)-1]
		} else {
			item, *m = (*m)[0], (*m)[1:]
		}
		return item
	}
	switch c.Op {
	case ListPush:
		if n == 0 && c.Flags&IfPresent != 0 {
			return a
		}
		for _, item := range words {
			if tail {
				l = append(l, item)
			} else {
				l = slices.Insert(l, 0, item)
			}
		}
		a.Number = int64(len(l))
	case ListPop:
		a.None = n == 0
		for i := int64(0); i < c.Number && len(*m) > 0; i++ {
			a.Values = append(a.Values, []byte(pop(tail)))
		}
		return a
	case ListSet:
		at := int(c.Number)
		if at < 0 {
			at += n
		}
		switch {
		case n == 0:
			a.Failure = NoSuchKey
		case at < 0 || at >= n:
			a.Failure = OutOfRange
		default:
			l[at] = words[0]
		}
	case ListInsert:
		at := slices.Index(l, words[0])
		switch {
		case n == 0:
		case at < 0:
			a.Number = -1
		default:
			if tail {
				at++
			}
			l = slices.Insert(l, at, words[1])
			a.Number = int64(n + 1)
		}
	case ListRemove:
		most := int(c.Number)
		if most < 0 {
			slices.Reverse(l)
		}
		l = slices.DeleteFunc(l, func(item string) bool {
			if item != words[0] || most != 0 && a.Number == int64(max(most, -most)) {
				return false
			}
			a.Number++
			return true
		})
		if most < 0 {
			slices.Reverse(l)
		}
	case ListTrim:
		last, _ := strconv.Atoi(words[0])
		var stay []string
		for i, item := range l {
			from, to := int(c.Number), last
			if from < 0 {
				from += n
			}
			if to < 0 {
				to += n
			}
			if from <= i && i <= to {
				stay = append(stay, item)
			}
		}
		l = stay
	case ListMove:
		if a.None = n == 0; n > 0 {
			item := pop(tail)
			if a.Values, l = [][]byte{[]byte(item)}, *m; c.Flags&ToTail != 0 {
				l = append(l, item)
			} else {
				l = slices.Insert(l, 0, item)
			}
		}
	case ListStore:
		l, a.Number = words, int64(len(words))
	}
	*m = l
	return a
}

// anySeed draws a seed that no other command has.
func anySeed(t *rapid.T, number int) uint64 {
	return rapid.Uint64().Draw(t, "seed")<<8 | uint64(number)
}

// anyListCommand draws a command, most of whose items are among a few.
func anyListCommand(t *rapid.T, seed uint64) Command {
	item := func() string {
		return rapid.SampledFrom([]string{"a", "b", "c", "", "long item"}).Draw(t, "item")
	}
	c := Command{Seed: seed, Args: [][]byte{}}
	number := rapid.Int64Range(-6, 6)
	switch c.Op = Op(rapid.IntRange(int(ListPush), int(ListStore)).Draw(t, "op")); c.Op {
	case ListPush:
		for range rapid.IntRange(1, 4).Draw(t, "items") {
			c.Args = append(c.Args, []byte(item()))
		}
		if rapid.IntRange(0, 3).Draw(t, "x") == 0 {
			c.Flags |= IfPresent
		}
	case ListPop:
		c.Number = rapid.Int64Range(0, 3).Draw(t, "count")
	case ListSet, ListRemove:
		c.Number, c.Args = number.Draw(t, "number"), args(item())
	case ListInsert:
		c.Args = args(item(), item())
	case ListTrim:
		c.Number, c.Args = number.Draw(t, "first"), args(strconv.FormatInt(number.Draw(t, "last"), 10))
	case ListTake: // has a test of its own
		return anyListCommand(t, seed)
	case ListStore:
		if rapid.IntRange(0, 9).Draw(t, "rare") > 0 {
			return anyListCommand(t, seed)
		}
		for range rapid.IntRange(0, 4).Draw(t, "items") {
			c.Args = append(c.Args, []byte(item()))
		}
	}
	if rapid.Bool().Draw(t, "tail") {
		c.Flags |= AtTail
	}
	if rapid.Bool().Draw(t, "to tail") {
		c.Flags |= ToTail
	}
	return c
}

// One node's list is what Redis's list would be.
func TestList_OneNode_IsThatOfRedis(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, events := &replica{node: 1}, 0
		var model listModel
		for i := range rapid.IntRange(1, 40).Draw(t, "commands") {
			c := anyListCommand(t, uint64(i))
			got, want := r.change(t, c, &events), model.apply(&c)
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("%+v answers %+v, want %+v", c, got, want)
			}
			if items := r.items(); !slices.Equal(items, model) {
				t.Fatalf("%+v leaves %q, want %q", c, items, model)
			}
		}
	})
}
