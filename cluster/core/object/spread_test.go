package object

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/quorate/quorate/cluster/core/causal"
)

// partOf returns an object with the elements of some names, the expiries of its key, and the totals
// of the rest.
func partOf(o *Object, names []Name) Object {
	some := o.Restrict(names)
	head := HeadOf(o)
	some.Elements = append(slices.Clone(head.Elements), some.Elements...)
	some.Rest = o.Elements.Total().Without(some.Elements.Total())
	return some
}

// namesOf are the fields that a property looks at.
func namesOf(t *rapid.T) (names []Name) {
	for _, name := range []string{"a", "b", "c"} {
		if rapid.Bool().Draw(t, "looks at "+name) {
			names = append(names, Name{Kind: Field, Name: []byte(name)})
		}
	}
	return names
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
			names := namesOf(t)
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
				part := partOf(o, d.Names)
				got, relation, ok := MergeDelta(part, &d)
				whole, wholeRelation, wholeOK := MergeDelta(*o, &d)
				want := whole.Restrict(d.Names)
				if got.Elements = got.Elements.listed(); ok != wholeOK || relation != wholeRelation && d.Names[0].Kind != KeyExpiry {
					t.Fatalf("a delta is taken by the part: %v, %v; by the whole: %v, %v", ok, relation, wholeOK, wholeRelation)
				}
				if want.Elements = want.Elements.listed(); ok && (!slices.Equal(got.Clock, want.Clock) || !slices.EqualFunc(got.Elements, want.Elements, func(x, y Element) bool { return x.order(&y) == 0 && x.compare(&y) == 0 })) {
					t.Fatalf("a delta makes %+v of the part, of the whole %+v", got, want)
				}
				parts++
			}
			if Spreads(&whole) {
				checkPartEdit(t, &whole, names, w.now)
			}
			*o = whole
		}
	})
	if parts < 20 {
		t.Errorf("%d deltas met parts: too few", parts)
	}
}

// checkPartEdit edits some fields of an object, and of a part of it that has those.
func checkPartEdit(t *rapid.T, o *Object, names []Name, now int64) {
	edit := func() *Edit {
		e := &Edit{Seen: o.Context(), Dot: nextDotAt(o, 1), Time: causal.TimestampOf(now + 1), Now: now}
		for i, n := range names {
			e.Changes = append(e.Changes, Change{Kind: Field, Name: n.Name, Data: fmt.Append(nil, i), Remove: i == 1})
		}
		return e
	}
	if !anyElement(o, now) {
		return // the key has expired: an edit removes all of it
	}
	part := partOf(o, names)
	if part.Lifetime() != o.Lifetime() || part.Live(now) != o.Live(now) || part.Elements.Bytes()+part.Rest.Bytes != o.Elements.Bytes() {
		t.Fatalf("the part lives %+v, the whole %+v", part.Lifetime(), o.Lifetime())
	}
	var next, nextPart Object
	next.BecomeEdited(*o, edit())
	nextPart.BecomeEdited(part, edit())
	if want := partOf(&next, names); !nextPart.Equal(&want) {
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
