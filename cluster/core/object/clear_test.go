package object

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/quorate/quorate/cluster/core/causal"
)

// anyClear draws a clear of the nodes and epochs of anyObject.
func anyClear(t *rapid.T) (c Clear) {
	for node := causal.NodeID(1); node <= 3; node++ {
		if below := causal.Epoch(rapid.IntRange(0, 3).Draw(t, "below")); below > 0 {
			c = append(c, Bound{Node: node, Below: below})
		}
	}
	return c
}

// unissued returns o without what is known of forwarded updates.
func unissued(o Object) Object {
	o.Replaced = nil
	o.Siblings = slices.Clone(o.Siblings)
	for i := range o.Siblings {
		o.Siblings[i].Origin = causal.Origin{}
	}
	return o
}

func filtered(c Clear, o Object) Object {
	left, _ := c.Filter(o)
	return left
}

func TestClear_Filter_CommutesWithMerge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c, d := unissued(anyObject(t)), unissued(anyObject(t)), anyClear(t), anyClear(t)
		ab := merged(a, b)
		want := filtered(c, ab)
		if got := merged(filtered(c, a), filtered(c, b)); !got.Equal(&want) {
			t.Errorf("filtered first:\n%+v, filtered last:\n%+v", got, want)
		}
		half := merged(filtered(c, a), b)
		if got := filtered(c, half); !got.Equal(&want) {
			t.Errorf("one filtered first:\n%+v, both last:\n%+v", got, want)
		}
		both := filtered(c.Join(d), ab)
		if got := filtered(d, filtered(c, ab)); !got.Equal(&both) {
			t.Errorf("one clear after the other:\n%+v, their join:\n%+v", got, both)
		}
		if again := filtered(c, want); !again.Equal(&want) {
			t.Errorf("filtered again:\n%+v, once:\n%+v", again, want)
		}
	})
}

// Twins may be dropped in one order and not yet in the other, until the copies meet.
func TestClear_Filter_WithTwins_LosesNothingElse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := anyObject(t), anyObject(t), anyClear(t)
		last := filtered(c, merged(a, b))
		first := merged(filtered(c, a), filtered(c, b))
		one, other := merged(first, last), merged(last, first)
		if !one.Equal(&other) {
			t.Errorf("the copies do not meet: %+v, %+v", one, other)
		}
		for _, o := range []Object{first, last, one} {
			for _, s := range o.Siblings {
				if c.Covers(s.Dot.Actor) {
					t.Errorf("%v is there", s.Dot)
				}
			}
		}
		for _, s := range merged(a, b).Siblings {
			if !c.Covers(s.Dot.Actor) && (!first.has(s.Dot) || !last.has(s.Dot)) {
				t.Errorf("%v is lost", s.Dot)
			}
		}
		if !slices.Equal(first.Clock, last.Clock) || !slices.Equal(first.Gaps, last.Gaps) {
			t.Errorf("clocks %v, %v; gaps %v, %v", first.Clock, last.Clock, first.Gaps, last.Gaps)
		}
	})
}

// What Filter leaves can be stored, and o is as it was.
func TestClear_Filter_LeavesAnObject(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o, c := anyObject(t), anyClear(t)
		before := o.Clone()
		left, changed := c.Filter(o)
		if !o.Equal(&before) {
			t.Errorf("the object has changed: %+v, was %+v", o, before)
		}
		if changed == left.Equal(&o) {
			t.Errorf("changed: %v, from %+v to %+v", changed, o, left)
		}
		if again, err := Decode(left.Append(nil)); err != nil || !again.Equal(&left) {
			t.Errorf("%+v is stored as %+v, %v", left, again, err)
		}
	})
}

func TestClear_Join(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := anyClear(t), anyClear(t), anyClear(t)
		ab := a.Join(b)
		if !slices.Equal(ab, b.Join(a)) || !slices.Equal(ab.Join(c), a.Join(b.Join(c))) || !slices.Equal(ab.Join(b), ab) {
			t.Errorf("no join: %v, %v, %v", a, b, c)
		}
		if !ab.Includes(a) || !ab.Includes(b) || a.Includes(b) != slices.Equal(a.Join(b), a) {
			t.Errorf("%v, %v, joined %v", a, b, ab)
		}
		back, err := DecodeClear(ab.Append(nil))
		if err != nil || !slices.Equal(back, ab) || (ab.Mark() == 0) != (len(ab) == 0) {
			t.Errorf("%v comes back as %v, %v; mark %x", ab, back, err, ab.Mark())
		}
	})
}

func TestDecodeClear_Mangled_IsRefused(t *testing.T) {
	good := Clear{{Node: 1, Below: 5}, {Node: 2, Below: 9}}.Append(nil)
	for name, b := range map[string][]byte{
		"nothing":         nil,
		"another version": append([]byte{2}, good[1:]...),
		"cut short":       good[:len(good)-1],
		"too long":        append(slices.Clone(good), 0),
		"out of order":    Clear{{Node: 2, Below: 5}, {Node: 1, Below: 9}}.Append(nil),
		"twice":           Clear{{Node: 2, Below: 5}, {Node: 2, Below: 9}}.Append(nil),
		"no bound":        Clear{{Node: 2}}.Append(nil),
	} {
		if c, err := DecodeClear(b); err == nil {
			t.Errorf("%s: %v", name, c)
		}
	}
}

// Nodes of all versions store and exchange clears.
func TestClear_Golden(t *testing.T) {
	const want = "\x01\x02" + "\x00\x00\x00\x00\x00\x00\x00\x01" + "\x00\x00\x00\x00\x00\x00\x02\x00" +
		"\x00\x00\x00\x00\x00\x00\x00\x02" + "\x00\x00\x00\x00\x00\x00\x00\x09"
	c := Clear{{Node: 1, Below: 512}, {Node: 2, Below: 9}}
	if got := string(c.Append(nil)); got != want {
		t.Errorf("%x, want %x", got, want)
	}
	if got := c.Mark(); got != 0xc4943de322964e01 {
		t.Errorf("mark %x", got)
	}
}
