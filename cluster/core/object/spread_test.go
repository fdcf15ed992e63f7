package object

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/quorate/quorate/cluster/core/causal"
)

// partLike returns the part of an object that a part of the object before it has become: it has the
// elements of the same names, and those beyond the bounds of the same rest.
func partLike(o, part *Object, s Selection) Object {
	like := *o
	like.Elements = nil
	for _, e := range o.Elements {
		n := Name{Kind: e.Kind, Name: e.Name}
		selected := slices.ContainsFunc(s.Names, func(m Name) bool { return m.Compare(n) == 0 })
		if e.Kind == KeyExpiry || selected || part.Rest.Names == 0 || !part.Rest.Between(e.Name) {
			like.Elements = append(like.Elements, e)
		}
	}
	like.Rest = o.Elements.Total()
	like.Rest.After, like.Rest.Before = part.Rest.After, part.Rest.Before
	like.Rest = like.Rest.Without(like.Elements.Total())
	return like
}

// selectionOf draws the fields that a property looks at.
func selectionOf(t *rapid.T) (s Selection) {
	for _, name := range []string{"a", "b", "c"} {
		if rapid.Bool().Draw(t, "looks at "+name) {
			s.Names = append(s.Names, Name{Kind: Field, Name: []byte(name)})
		}
	}
	if rapid.Bool().Draw(t, "looks at ends") {
		s.Ends = Ends{Kind: Field, First: rapid.IntRange(0, 2).Draw(t, "first"), Last: rapid.IntRange(0, 2).Draw(t, "last")}
	}
	return s
}

// What a part has of an object is what it was asked for, in order, and the rest is the others.
func TestSelection_Of_HasWhatIsSelected(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var o Object
		names := rapid.SliceOfNDistinct(rapid.StringMatching("[a-f]{0,2}"), 0, 8, rapid.ID[string]).Draw(t, "names")
		slices.Sort(names)
		for i, name := range names {
			for n := range rapid.IntRange(1, 2).Draw(t, "concurrent") {
				o.Elements = append(o.Elements, Element{Kind: Item, Name: []byte(name), Dot: causal.Dot{Counter: causal.Counter(2*i + n + 1)}})
			}
		}
		s := Selection{Ends: Ends{Kind: Item, First: rapid.IntRange(-1, 9).Draw(t, "first"), Last: rapid.IntRange(-1, 9).Draw(t, "last")}}
		for _, name := range rapid.SliceOfN(rapid.StringMatching("[a-f]{0,2}"), 0, 3).Draw(t, "named") {
			s.Names = append(s.Names, Name{Kind: Item, Name: []byte(name)})
		}
		part := s.Of(&o)
		var want Elements
		for i, name := range names {
			named := slices.ContainsFunc(s.Names, func(n Name) bool { return string(n.Name) == name })
			atEnd := i < s.Ends.First || i >= len(names)-s.Ends.Last
			if atEnd || named {
				want = append(want, o.Elements.Of(Item, []byte(name))...)
			} else if !part.Rest.Between([]byte(name)) {
				t.Fatalf("%q is not at hand, and not in the rest %+v", name, part.Rest)
			}
			if atEnd && name != "" && part.Rest.Names > 0 && part.Rest.Between([]byte(name)) {
				t.Fatalf("%q is at an end, and might be of the rest %+v", name, part.Rest)
			}
		}
		total := part.Rest.With(want.Total())
		if !slices.EqualFunc(part.Elements, want, func(a, b Element) bool { return a.order(&b) == 0 }) || total != o.Elements.Total() {
			t.Fatalf("%+v of %q is %+v", s, names, part)
		}
	})
}

// What an edit, a delta or a merge makes of some elements does not depend on the others.
func TestRest_AnyHistory_PartIsOfTheWhole(t *testing.T) {
	parts := 0
	rapid.Check(t, func(t *rapid.T) {
		w := deltaWorld{now: 1_700_000_000_000}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			at := rapid.IntRange(0, len(w.replicas)-1).Draw(t, "replica")
			o := &w.replicas[at]
			if rapid.IntRange(0, 2).Draw(t, "step") > 0 {
				w.edit(t, at, false)
				continue
			}
			other := &w.replicas[rapid.IntRange(0, len(w.replicas)-1).Draw(t, "other")]
			selected := selectionOf(t)
			names := selected.Names
			a, b := o.Restrict(names), other.Restrict(names)
			whole, _ := Merge(*o, *other)
			some, _ := Merge(a, b)
			if want := whole.Restrict(names); !some.Equal(&want) {
				t.Fatalf("a merge of parts is %+v, that of the whole has %+v", some, want)
			}
			if len(w.sent) > 0 && Spreads(o) {
				d, err := DecodeDelta(w.sent[rapid.IntRange(0, len(w.sent)-1).Draw(t, "sent")].encoded)
				if err != nil {
					t.Fatal(err)
				}
				ofDelta := Selection{Names: d.Names, Ends: selected.Ends}
				part := ofDelta.Of(o)
				got, relation, ok := MergeDelta(part, &d)
				whole, wholeRelation, wholeOK := MergeDelta(*o, &d)
				want := partLike(&whole, &part, ofDelta)
				if got.Elements = got.Elements.listed(); ok != wholeOK || relation != wholeRelation && d.Names[0].Kind != KeyExpiry {
					t.Fatalf("a delta is taken by the part: %v, %v; by the whole: %v, %v", ok, relation, wholeOK, wholeRelation)
				}
				if want.Elements = want.Elements.listed(); ok && (!slices.Equal(got.Clock, want.Clock) || got.Rest != want.Rest || !slices.EqualFunc(got.Elements, want.Elements, func(x, y Element) bool { return x.order(&y) == 0 && x.compare(&y) == 0 })) {
					t.Fatalf("a delta makes %+v of the part, of the whole %+v", got, want)
				}
				parts++
			}
			if Spreads(&whole) {
				checkPartEdit(t, &whole, selected, w.now)
			}
			*o = whole
		}
	})
	if parts < 20 {
		t.Errorf("%d deltas met parts: too few", parts)
	}
}

// checkPartEdit edits some fields of an object, and of a part of it that has those, and others.
func checkPartEdit(t *rapid.T, o *Object, selected Selection, now int64) {
	edit := func() *Edit {
		e := &Edit{Seen: o.Context(), Dot: nextDotAt(o, 1), Time: causal.TimestampOf(now + 1), Now: now}
		for i, n := range selected.Names {
			e.Changes = append(e.Changes, Change{Kind: Field, Name: n.Name, Data: fmt.Append(nil, i), Remove: i == 1})
		}
		return e
	}
	if !anyElement(o, now) {
		return // the key has expired: an edit removes all of it
	}
	part := selected.Of(o)
	if part.Lifetime() != o.Lifetime() || part.Live(now) != o.Live(now) || part.Elements.Bytes()+part.Rest.Bytes != o.Elements.Bytes() {
		t.Fatalf("the part lives %+v, the whole %+v", part.Lifetime(), o.Lifetime())
	}
	var next, nextPart Object
	next.BecomeEdited(*o, edit())
	nextPart.BecomeEdited(part, edit())
	if want := partLike(&next, &part, selected); !nextPart.Equal(&want) {
		t.Fatalf("an edit makes %+v of the part, of the whole %+v", nextPart, want)
	}
}

// The digest of a collection is that of its head and of the sum of its elements, in whatever order
// they are added up, and differs where an element differs.
func TestSeed_Digest_OfACollection(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := anyObject(t)
		seed := SeedOf([]byte("key"))
		encoded := o.Append(nil)
		digest := seed.Digest(encoded)
		if len(o.Elements.listed()) == 0 {
			if digest != seed.hash(encoded) {
				t.Fatal("the digest of an object without elements is not that of its bytes")
			}
			return
		}
		listed := o.Elements.listed()
		cut := rapid.IntRange(0, len(listed)).Draw(t, "cut")
		head := HeadOf(&o)
		if got := seed.DigestOfHead(head.Append(nil), listed[cut:].sum()+listed[:cut].sum()); got != digest || seed.DigestOf(&o, encoded) != digest {
			t.Fatalf("digest %x in two parts, %x of the whole", got, digest)
		}
		other := o.Clone()
		changed := &other.Elements[len(o.Elements)-1-rapid.IntRange(0, len(listed)-1).Draw(t, "changed")]
		switch rapid.IntRange(0, 2).Draw(t, "what") {
		case 0:
			changed.Time++
		case 1:
			changed.Expiry++
		default:
			if changed.Stripped || changed.Kind == Scored {
				return
			}
			changed.Data = append(changed.Data, 'x')
		}
		if seed.Digest(other.Append(nil)) == digest {
			t.Fatalf("%+v has the digest of %+v", other.Elements, o.Elements)
		}
	})
}

func TestCell_RoundTrip_AndMangled(t *testing.T) {
	name := Name{Kind: Field, Name: []byte("f")}
	dot := func(n causal.Counter) causal.Dot {
		return causal.Dot{Actor: causal.Actor{Node: 1, Epoch: 2}, Counter: n}
	}
	cell := Elements{{Kind: Field, Name: name.Name, Dot: dot(3), Time: 5, Data: []byte("v")}, {Kind: Field, Name: name.Name, Dot: dot(4), Time: 6}}
	b := cell.AppendCell(nil)
	got, err := Elements(nil).AppendFromCell(name, b)
	if err != nil || len(got) != 2 || got[0].compare(&cell[0]) != 0 || got[1].compare(&cell[1]) != 0 || got[1].Dot != cell[1].Dot {
		t.Fatalf("%+v came back as %+v: %v", cell, got, err)
	}
	for i := range b {
		if _, err := Elements(nil).AppendFromCell(name, b[:i]); err == nil {
			t.Errorf("%d of %d bytes are taken", i, len(b))
		}
	}
	if _, err := Elements(nil).AppendFromCell(name, append(bytes.Clone(b), 0)); err == nil {
		t.Error("a byte more is taken")
	}
	if _, err := Elements(nil).AppendFromCell(name, (Elements{cell[1], cell[0]}).AppendCell(nil)); err == nil {
		t.Error("elements in another order are taken")
	}
}
