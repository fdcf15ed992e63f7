package replica

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/datatype/bitmap"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/sim/poll"
)

// setUnseen writes a value as a client does that has seen nothing of the key.
func setUnseen(key []byte, value string) *Request {
	return &Request{Key: key, W: 3, Update: &register.Update{Kind: register.Set, Data: []byte(value), HasContext: true}}
}

func TestUpdate_KeyWithSiblings_LeavesThoseThatNobodyMerged(t *testing.T) {
	end := time.Now().Add(time.Hour).UnixMilli()
	for _, c := range []struct {
		name string
		u    register.Update
		want string
	}{
		{"EXPIRE", register.Update{Kind: register.Expire, Expiry: end}, "1 2"},
		{"GETEX", register.Update{Kind: register.GetEx, Expiry: end}, "1 2"},
		{"INCR, which counts for both", register.Update{Kind: register.Increment, Amount: 1}, "2 3"},
		{"APPEND", register.Update{Kind: register.Append, Data: []byte("0")}, "1 20"},
		{"SETBIT", register.Update{Kind: register.BitField, Data: bitmap.AppendFields(nil, []bitmap.Field{{Action: bitmap.Put, Bits: 8, Number: '7'}})}, "1 7"},
		{"SET", register.Update{Kind: register.Set, Data: []byte("v")}, "v"},
		{"DEL", register.Update{Kind: register.Delete}, "†"},
		{"DEL with a context that covers nothing", register.Update{Kind: register.Delete, HasContext: true}, "1 2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, usual, long, "A", "B", "C", "D")
			w.at(0).must(setUnseen(w.key, "1"))
			w.at(0).must(setUnseen(w.key, "2"))
			w.at(3).must(&Request{Key: w.key, W: 3, Update: &c.u})
			for place := range 3 {
				if got := w.at(place).stored(w.key); got != c.want {
					t.Errorf("place %d holds %q, want %q", place, got, c.want)
				}
			}
			r := w.at(1).must(get(w.key))
			for _, s := range r.Object.Siblings {
				if c.u.Expiry != 0 && s.Expiry != end {
					t.Errorf("%q expires at %d, want %d", s.Data, s.Expiry, end)
				}
			}
		})
	}
}

// A clock far ahead wrote a value. Whatever replaces it gets a later time, so that no
// other version of the key hides it. A forwarded update leaves what its client did not know,
// and gets no later time than its own for that.
func TestUpdate_ReplacesAValueFromAClockAhead_GetsALaterTime(t *testing.T) {
	ahead := causal.TimestampOf(time.Now().Add(time.Hour).UnixMilli())
	seen, err := object.Decode(strangeAt(1, ahead, "ahead"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name      string
		forwarded bool
		context   *causal.Context
		later     bool
	}{
		{"here", false, nil, true},
		{"here, with a context", false, new(seen.Context()), true},
		{"forwarded", true, nil, true},
		{"forwarded, with a context", true, new(seen.Context()), true},
		{"forwarded, with an empty context", true, new(causal.Context), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, usual, long, "A", "B", "C", "D", "E")
			w.at(0).plant(w.key, strangeAt(1, ahead, "ahead"))
			r := set(w.key, "new")
			if c.context != nil {
				r.Update.HasContext, r.Update.Context = true, *c.context
			}
			if c.forwarded {
				w.carryOut(0, time.Now(), long, *r.Update)
			} else {
				w.at(0).must(r)
			}
			found := false
			for _, s := range w.at(0).must(get(w.key)).Object.Siblings {
				if string(s.Data) != "new" {
					continue
				}
				if found = true; (s.Time > ahead) != c.later {
					t.Errorf("written at %v, the value ahead at %v", s.Time, ahead)
				}
			}
			if !found {
				t.Error("the new value is not there")
			}
		})
	}
}

// A client that deletes what it has seen is told whether that was there.
func TestDelete_WithAContext_CountsWhatItDeletes(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C", "D")
	w.at(0).must(set(w.key, "one"))
	seen := w.at(0).must(get(w.key)).Object.Context().Clone()
	for at, through := range []int{0, 3} { // a primary, and a node that forwards
		w.at(through).must(set(w.key, "two"))
		if r := w.at(through).must(&Request{Key: w.key, Update: &register.Update{Kind: register.Delete, HasContext: true}}); r.Result.Existed {
			t.Errorf("%d: an empty context deletes something", at)
		}
		unseen := del(w.key)
		unseen.Update.Context, unseen.Update.HasContext = seen, true
		if r := w.at(through).must(unseen); r.Result.Existed {
			t.Errorf("%d: a value that was replaced before is deleted", at)
		}
		all := del(w.key)
		all.Update.Context, all.Update.HasContext = w.at(through).must(get(w.key)).Object.Context().Clone(), true
		if r := w.at(through).must(all); !r.Result.Existed {
			t.Errorf("%d: nothing is deleted", at)
		}
	}
}

func TestDelete_WithAContext_HidesNothingThatItDidNotKnow(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C")
	w.at(0).must(set(w.key, "one"))
	seen := w.at(0).must(get(w.key)).Object.Context().Clone()
	w.at(0).must(set(w.key, "two"))
	gone := del(w.key)
	gone.Update.HasContext, gone.Update.Context = true, seen
	w.at(0).must(gone)
	if got := w.at(1).must(get(w.key)).plain(); got != "two" {
		t.Errorf("a plain read shows %q, want the value that the deletion did not know", got)
	}
	again := del(w.key)
	again.Update.HasContext, again.Update.Context = true, w.at(0).must(get(w.key)).Object.Context().Clone()
	w.at(0).must(again)
	r := w.at(1).must(get(w.key))
	if got := r.plain(); got != "-" || len(r.Object.Clock) == 0 {
		t.Errorf("a plain read shows %q with the clock %v, want nothing and the deletion's clock", got, r.Object.Clock)
	}
	w.at(0).must(set(w.key, "three"))
	if got := w.at(2).must(get(w.key)).plain(); got != "three" {
		t.Errorf("a plain read shows %q after the key was written again", got)
	}
}

// TestDelete_ValueHiddenByANewerDeletion_IsDeletedToo: a plain deletion leaves nothing
// that a client with a context would find.
func TestDelete_ValueHiddenByANewerDeletion_IsDeletedToo(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C")
	hidden := strange(1, "hidden")
	w.at(2).plant(w.key, hidden)
	w.setDown(2)
	w.at(0).must(del(w.key)) // does not know of it
	w.setDown()
	for place := range 2 {
		w.at(place).plant(w.key, hidden)
	}
	if got := w.at(0).must(get(w.key)); got.plain() != "-" || !got.Object.Live(time.Now().UnixMilli()) {
		t.Fatalf("shown is %q of %+v, want a hidden value", got.plain(), got.Object.Siblings)
	}
	r := w.at(0).must(del(w.key))
	if r.Result.Existed {
		t.Error("a key that did not exist was deleted")
	}
	if got := w.at(0).must(get(w.key)); got.Object.Live(time.Now().UnixMilli()) {
		t.Errorf("left is %+v", got.Object.Siblings)
	}
}

// Each side of a split adds as many siblings as one coordinator may, a stand-in too. When
// they have met, no value is dropped, and nobody adds another one until a client has merged
// them.
func TestSiblings_SidesOfASplitHaveMet_NobodyAddsMore(t *testing.T) {
	const limit = 4
	w := newWorld(t, ring.Quorums{N: 3, R: 1, W: 1}, long, "A", "B", "C", "D", "E")
	for _, n := range w.nodes {
		n.coordinator.cfg.SiblingsRefuse = limit
	}
	unseen := func(value string) *Request {
		r := setUnseen(w.key, value)
		r.W = 1
		return r
	}
	sides := []int{0, 1, 3}
	for _, side := range sides {
		w.setDown(slices.DeleteFunc([]int{0, 1, 2, 3, 4}, func(place int) bool { return place == side })...)
		for i := range limit {
			w.at(side).must(unseen(fmt.Sprint(side, "-", i)))
		}
		if r := unseen("one more"); !errors.Is(w.at(side).fails(r), ErrTooManySiblings) {
			t.Fatalf("side %d adds more than %d: %v", side, limit, r.Err)
		}
	}
	w.setDown()
	hint, found, err := w.at(3).store.Hints().Get(w.at(3).partition(w.key), w.key, nil)
	if err != nil || !found {
		t.Fatal(found, err)
	}
	w.at(0).plant(w.key, hint) // as its delivery does
	read := func(place int) *Request {
		r := get(w.key)
		r.R = 3
		return w.at(place).must(r)
	}
	poll.Until(w.tb, "all primaries to hold all values", func() bool {
		read(0)
		return !slices.ContainsFunc([]int{0, 1, 2}, func(place int) bool { return len(strings.Fields(w.at(place).stored(w.key))) != limit*len(sides) })
	})
	for place := range 5 {
		if r := unseen("one more"); !errors.Is(w.at(place).fails(r), ErrTooManySiblings) {
			t.Errorf("a write through place %d: %v, want %v", place, r.Err, ErrTooManySiblings)
		}
	}
	// What leaves no more than there were is not refused, although they are still too many.
	kept, err := object.Decode(hint)
	if err != nil {
		t.Fatal(err)
	}
	some := unseen("some of them, merged")
	some.Update.Context = kept.Context()
	w.at(4).must(some)
	w.at(4).must(&Request{Key: w.key, Update: &register.Update{Kind: register.Expire, Expiry: time.Now().Add(time.Hour).UnixMilli()}})
	if got, want := len(read(0).Object.Siblings), limit*(len(sides)-1)+1; got != want {
		t.Errorf("%d siblings after a merge of %d, want %d", got, limit, want)
	}
	merged := set(w.key, "merged")
	merged.Update.HasContext, merged.Update.Context = true, read(4).Object.Context().Clone()
	w.at(4).must(merged)
	w.at(4).must(unseen("another"))
	if got := read(1); len(got.Object.Siblings) != 2 {
		t.Errorf("%d siblings after the merge and one more write, want 2", len(got.Object.Siblings))
	}
}

// fails runs one request and returns its error.
func (n *worldNode) fails(r *Request) error {
	n.do(r)
	return r.Err
}
