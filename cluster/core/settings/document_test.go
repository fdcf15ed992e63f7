package settings

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/datatype/register"
)

func TestDocument_Zero_IsEmpty(t *testing.T) {
	var d Document
	if _, ok := d.Policy(); ok || d.Digest() != 0 || len(d.Settings()) != 0 {
		t.Errorf("%+v, digest %x", d.Settings(), d.Digest())
	}
	merge(t, &d, Founded(register.Refuse))
	wantSame(t, &d, Founded(register.Refuse))
}

func TestFounded_EqualFlags_MakeEqualDocuments(t *testing.T) {
	wantSame(t, Founded(register.MergeJSON), Founded(register.MergeJSON))
	a, b := Founded(register.LWW), Founded(register.Refuse)
	if a.Digest() == b.Digest() {
		t.Error("two policies, one digest")
	}
	merge(t, a, b)
	merge(t, b, Founded(register.LWW))
	wantSame(t, a, b)
}

// Who wins, from the weakest to the strongest: a flag never beats an operator, and a
// node that only assumes never beats a founder.
func TestDocument_Merge_Ranks(t *testing.T) {
	set := func(d *Document, writer causal.NodeID, p register.Policy) *Document {
		d = d.Clone()
		check(t, d.SetPolicy(writer, p))
		return d
	}
	var none Document
	ranks := []struct {
		what string
		d    *Document
	}{
		{"nothing", &none},
		{"assumed", Assumed(register.MergeJSON)},
		{"assumed, a greater name", Assumed(register.Policy(9))},
		{"founded", Founded(register.Refuse)},
		{"founded, a greater name", Founded(register.LWW)},
		{"set on what was empty", set(&none, 1, register.LWW)},
		{"set by a greater writer", set(Founded(register.LWW), 2, register.LWW)},
		{"set again, by a lesser writer", set(set(Founded(register.LWW), 2, register.LWW), 1, register.Refuse)},
	}
	for i, weak := range ranks {
		for _, strong := range ranks[i+1:] {
			a, b := weak.d.Clone(), strong.d.Clone()
			if !merge(t, a, b) {
				t.Errorf("%s: not changed by %s", weak.what, strong.what)
			}
			if merge(t, b, weak.d) {
				t.Errorf("%s: changed by %s", strong.what, weak.what)
			}
			wantSame(t, a, strong.d)
			wantSame(t, b, strong.d)
		}
	}
}

func TestDocument_Policy_UnknownValue_IsNotOK(t *testing.T) {
	d := Founded(register.LWW)
	check(t, d.Set(Setting{Writer: 1, Name: ConflictResolution, Value: "crdt"}))
	if p, ok := d.Policy(); ok {
		t.Errorf("policy %v", p)
	}
	check(t, d.SetPolicy(1, register.Refuse))
	if p, ok := d.Policy(); !ok || p != register.Refuse {
		t.Errorf("policy %v, %v", p, ok)
	}
}

func TestDocument_Set_RefusesWhatIsTooMuch(t *testing.T) {
	var d Document
	for _, c := range []struct{ what, name, value string }{
		{"no name", "", ""},
		{"a long name", strings.Repeat("n", MaxName+1), ""},
		{"a name of bytes", "\xff", ""},
		{"a name of two lines", "a\nb", ""},
		{"a long value", "a", strings.Repeat("v", MaxValue+1)},
	} {
		if err := d.Set(Setting{Writer: 1, Name: c.name, Value: c.value}); !errors.Is(err, ErrBadSetting) || d.Digest() != 0 {
			t.Errorf("%s: %v", c.what, err)
		}
	}
	if err := d.Set(Setting{Writer: 0, Name: "a", Value: "1"}); !errors.Is(err, ErrBadSetting) {
		t.Errorf("a change that nobody wrote: %v", err)
	}
	check(t, d.put(Setting{Name: "a", Version: maxVersion, Writer: 1}))
	if err := d.Set(Setting{Writer: 1, Name: "a", Value: "1"}); !errors.Is(err, ErrBadSetting) {
		t.Errorf("a version too great: %v", err)
	}
}

func TestDocument_TooManySettings_AreRefused(t *testing.T) {
	var full, other Document
	for i := range MaxSettings {
		check(t, full.Set(Setting{Writer: 1, Name: fmt.Sprintf("setting-%d", i), Value: ""}))
	}
	before := full.Digest()
	check(t, other.Set(Setting{Writer: 1, Name: "one-more", Value: ""}))
	if changed, err := full.Merge(&other); changed || !errors.Is(err, ErrTooManySettings) {
		t.Errorf("merged: %v, %v", changed, err)
	}
	if err := full.Set(Setting{Writer: 1, Name: "one-more", Value: ""}); !errors.Is(err, ErrTooManySettings) {
		t.Errorf("set: %v", err)
	}
	if full.Digest() != before {
		t.Error("a refusal changed the document")
	}
	check(t, full.Set(Setting{Writer: 1, Name: "setting-7", Value: "new"}))
	decoded, err := Decode(full.Encode())
	check(t, err)
	wantSame(t, decoded, &full)
}

func TestDocument_Clone_IsIndependent(t *testing.T) {
	d := Founded(register.LWW)
	before := d.Digest()
	c := d.Clone()
	check(t, c.Set(Setting{Writer: 1, Name: "x", Value: "1"}))
	check(t, c.SetPolicy(1, register.Refuse))
	if d.Digest() != before {
		t.Error("a change of the clone changed the original")
	}
}

func TestDocument_Merge_IsASemilattice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nodes := randomNodes(t)
		a, b, c := nodes[0], nodes[1], nodes[2]

		ab, ba := a.Clone(), b.Clone()
		merge(t, ab, b)
		merge(t, ba, a)
		wantSame(t, ab, ba)

		abThenC, bc, aThenBC := ab.Clone(), b.Clone(), a.Clone()
		merge(t, abThenC, c)
		merge(t, bc, c)
		merge(t, aThenBC, bc)
		wantSame(t, abThenC, aThenBC)

		if merge(t, abThenC, a) || merge(t, abThenC, abThenC.Clone()) {
			t.Fatal("merging what is known changed the document")
		}
	})
}

// What a node sets wins over all that it has seen, on whichever node the two meet.
func TestDocument_Set_WinsOverWhatWasSeen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nodes := randomNodes(t)
		seen := nodes[0].Clone()
		name := anyName(t)
		check(t, nodes[0].Set(Setting{Writer: writer(0), Name: name, Value: "mine"}))
		merge(t, seen, nodes[0])
		wantSame(t, seen, nodes[0])
		if s, _ := seen.Get(name); s.Value != "mine" || s.Writer != writer(0) {
			t.Fatalf("%+v", s)
		}
	})
}

func writer(node int) causal.NodeID { return causal.NodeID(node + 1) }

func anyName(t *rapid.T) string {
	return rapid.SampledFrom([]string{ConflictResolution, "user/alice", "user/bob", "größe"}).Draw(t, "name")
}

// randomNodes returns the documents of several nodes of one cluster, after a random
// history.
func randomNodes(t *rapid.T) []*Document {
	nodes := []*Document{Founded(register.LWW), Founded(register.LWW), Assumed(register.Refuse), {}}
	node := rapid.IntRange(0, len(nodes)-1)
	for range rapid.IntRange(0, 40).Draw(t, "steps") {
		i := node.Draw(t, "node")
		switch rapid.IntRange(0, 3).Draw(t, "what") {
		case 0:
			policy := rapid.SampledFrom([]register.Policy{register.LWW, register.MergeJSON, register.Refuse}).Draw(t, "policy")
			check(t, nodes[i].SetPolicy(writer(i), policy))
		case 1:
			check(t, nodes[i].Set(Setting{Writer: writer(i), Name: anyName(t), Value: string(rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "value"))}))
		default:
			merge(t, nodes[i], nodes[node.Draw(t, "other")])
		}
	}
	return nodes
}

func merge(t rapid.TB, d, other *Document) bool {
	t.Helper()
	before := d.Digest()
	changed, err := d.Merge(other)
	check(t, err)
	if changed != (d.Digest() != before) {
		t.Fatalf("changed %v, digest %x, was %x", changed, d.Digest(), before)
	}
	return changed
}

func wantSame(t rapid.TB, a, b *Document) {
	t.Helper()
	if x, y := a.Encode(), b.Encode(); !bytes.Equal(x, y) || a.Digest() != b.Digest() {
		t.Fatalf("two documents where there should be one:\n%+v\n%+v", a.Settings(), b.Settings())
	}
}

func check(t rapid.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
