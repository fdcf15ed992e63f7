package object

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/quorate/quorate/cluster/core/causal"
)

func TestStrip_DropsTheDataOfDeadObjectsAlone(t *testing.T) {
	a, b := causal.Actor{Node: 1, Epoch: 1}, causal.Actor{Node: 2, Epoch: 1}
	expiring := Put(Object{}, causal.Context{}, causal.Dot{Actor: a, Counter: 1}, 10, Value{Data: []byte("a"), Expiry: 50})
	deleted := Put(expiring, expiring.Context(), causal.Dot{Actor: a, Counter: 2}, 20, Value{Tombstone: true})
	both := Put(expiring, causal.Context{}, causal.Dot{Actor: b, Counter: 1}, 20, Value{Tombstone: true})
	lasting := Put(expiring, causal.Context{}, causal.Dot{Actor: b, Counter: 1}, 20, Value{Data: []byte("b")})
	stripped, _ := expiring.Strip(50)
	for _, c := range []struct {
		name   string
		object Object
		before int64
		want   bool
	}{
		{"nothing known", Object{}, 100, false},
		{"not expired yet", expiring, 49, false},
		{"expired", expiring, 50, true},
		{"a tombstone, which has no data", deleted, 100, false},
		{"expired beside a tombstone", both, 100, true},
		{"expired beside a value", lasting, 100, false},
		{"stripped before", stripped, 100, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := c.object.Clone()
			got, did := c.object.Strip(c.before)
			if did != c.want || !did && !got.Equal(&before) {
				t.Errorf("stripped: %v, want %v: %+v", did, c.want, got)
			}
			if !c.object.Equal(&before) {
				t.Errorf("the object itself was changed: %+v", c.object)
			}
			for _, s := range got.Siblings {
				if did && (len(s.Data) > 0 || s.Live(0)) {
					t.Errorf("left: %+v", s)
				}
			}
		})
	}
}

// Whatever is stripped, and when, copies that have met are the same once all are stripped,
// and no value that lives is lost.
func TestStrip_BeforeAMerge_LosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyObject(t), anyObject(t)
		before := rapid.Int64Range(1, 4).Draw(t, "before")
		stripped, did := a.Strip(before)
		if did && stripped.EncodedLen() > a.EncodedLen()+2 {
			t.Fatalf("%d bytes are left of %d", stripped.EncodedLen(), a.EncodedLen())
		}
		plain, early := merged(a, b), merged(stripped, b)
		reversed := merged(b, stripped)
		if !early.Equal(&reversed) {
			t.Fatalf("not commutative:\n%+v\n%+v", early, reversed)
		}
		if again := merged(early, a); !again.Equal(&plain) {
			t.Fatalf("the copy with data does not win:\n%+v\n%+v", again, plain)
		}
		if len(plain.Siblings) != len(early.Siblings) {
			t.Fatalf("other siblings:\n%+v\n%+v", plain, early)
		}
		for i := range plain.Siblings {
			p, e := &plain.Siblings[i], &early.Siblings[i]
			if p.Live(before) && p.compare(e) != 0 {
				t.Fatalf("a living value changed:\n%+v\n%+v", p, e)
			}
			if p.Live(before) != e.Live(before) || p.Dot != e.Dot || p.Time != e.Time || p.Expiry != e.Expiry || p.Origin != e.Origin {
				t.Fatalf("another sibling:\n%+v\n%+v", p, e)
			}
		}
		if plain.Live(before) {
			return
		}
		last, _ := plain.Strip(before)
		same, _ := early.Strip(before)
		if !last.Equal(&same) {
			t.Fatalf("stripped copies differ:\n%+v\n%+v", last, same)
		}
		if l := last.Lifetime(); l.Kind != Dead {
			t.Fatalf("stripped, and %+v", l)
		}
	})
}
