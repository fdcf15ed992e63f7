package replica

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/object"
)

// change is a request that changes the elements of a key.
func change(key []byte, op collection.Op, args ...string) *Request {
	c := collection.Command{Op: op}
	for _, arg := range args {
		c.Args = append(c.Args, []byte(arg))
	}
	return &Request{Key: key, Update: &register.Update{Kind: register.ChangeElements, Data: c.Append(nil)}}
}

// A collection is one record, which must fit into a frame to a peer, or its replicas could not
// agree any more. What does not make a large one larger is not refused.
func TestChangeElements_CollectionIsFull_RefusesWhatAdds(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C", "D")
	w.setBound(1000)
	value := strings.Repeat("v", 300)
	for _, field := range []string{"a", "b"} {
		w.at(3).must(change(w.key, collection.HashSet, field, value))
	}
	for place := range 4 {
		r := change(w.key, collection.HashSet, "c", value)
		if err := w.at(place).fails(r); !strings.Contains(fmt.Sprint(err), ErrTooLarge.Error()) {
			t.Errorf("through place %d a third field is answered %v, want %v", place, err, ErrTooLarge)
		}
	}
	if err := w.at(0).fails(change(w.key, collection.HashSet, "c", value)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("the coordinator answers %v, want %v", err, ErrTooLarge)
	}
	w.setBound(100) // as after a merge of the two sides of a split
	w.at(1).must(change(w.key, collection.HashDelete, "a"))
	w.at(1).must(change(w.key, collection.HashSet, "b", "short"))
	if got := w.at(2).must(get(w.key)).Object.Elements; len(got) != 1 || string(got[0].Name) != "b" || string(got[0].Data) != "short" {
		t.Errorf("left are %+v", got)
	}
}

// A clock far ahead wrote a field and the expiry of its key, which has come since. A change that
// another node forwards is later than what it replaces, and the expiry does not take it.
// The error says who is waited for, through a node that forwards the command too.
func TestChangeElements_NotAllMembersReadThem_IsRefusedWithTheirNames(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C", "D")
	waits := errors.New("waiting for C, which has not answered")
	for _, n := range w.nodes {
		n.coordinator.cfg.Collections = func() error { return waits }
	}
	for place := range 4 {
		err := w.at(place).fails(change(w.key, collection.HashSet, "a", "v"))
		if text := fmt.Sprint(err); !strings.Contains(text, ErrNotAllRead.Error()) || !strings.Contains(text, waits.Error()) {
			t.Errorf("through place %d: %v", place, err)
		}
	}
}

func TestChangeElements_ForwardedWithAContext_IsLaterThanWhatItReplaces(t *testing.T) {
	ahead := causal.TimestampOf(time.Now().Add(time.Hour).UnixMilli())
	actor := causal.Actor{Node: 99, Epoch: 1}
	var old, expiring object.Object
	old.BecomeEdited(object.Object{}, &object.Edit{Dot: causal.Dot{Actor: actor, Counter: 1}, Time: ahead, Now: 1, Changes: []object.Change{{Kind: object.Field, Name: []byte("f"), Data: []byte("old")}}})
	past := time.Now().Add(-time.Minute).UnixMilli()
	expiring.BecomeEdited(old, &object.Edit{Seen: old.Context(), Dot: causal.Dot{Actor: actor, Counter: 2}, Time: ahead + 1, Now: 1, Changes: []object.Change{{Kind: object.KeyExpiry, Expiry: past}}})
	for name, planted := range map[string]*object.Object{"a field": &old, "an expiry that the client has not seen": &expiring} {
		w := newWorld(t, usual, long, "A", "B", "C", "D", "E")
		w.at(0).plant(w.key, planted.Append(nil))
		r := change(w.key, collection.HashSet, "f", "new")
		r.Update.HasContext, r.Update.Context = true, old.Context()
		w.carryOut(0, time.Now(), long, *r.Update)
		found := w.at(0).must(get(w.key)).Object
		now := time.Now().UnixMilli()
		v := collection.ViewOf(&found, object.Field, now)
		if len(v) != 1 || string(v[0].Data) != "new" || v[0].Time <= ahead {
			t.Errorf("%s: left is %+v, want the new value with a time after %v", name, found.Elements, ahead)
		}
	}
}

// A client has seen an element that its coordinator does not have. A change of another element
// must not take it: the coordinator finds it first.
func TestChangeElements_ContextOfWhatTheCoordinatorLacks_KeepsOtherElements(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C", "D")
	held := edited(object.Object{}, 1, object.Change{Kind: object.Field, Name: []byte("seen"), Data: []byte("v")})
	w.at(1).plant(w.key, held.Append(nil))
	r := change(w.key, collection.HashSet, "other", "v")
	r.Update.HasContext, r.Update.Context, r.R = true, held.Context(), 1
	w.at(0).must(r)
	for place := range 3 {
		if got := w.at(place).must(get(w.key)).Object.Elements; len(got) != 2 {
			t.Errorf("place %d has %+v, want both fields", place, got)
		}
	}
}

func TestChangeElements_ContextOfWhatNobodyHas_IsRefused(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C", "D")
	lost := edited(object.Object{}, 1, object.Change{Kind: object.Field, Name: []byte("lost"), Data: []byte("v")})
	withContext := func(op collection.Op, args ...string) *Request {
		r := change(w.key, op, args...)
		r.Update.HasContext, r.Update.Context = true, lost.Context()
		return r
	}
	for place := range 4 {
		if err := w.at(place).fails(withContext(collection.HashSet, "f", "v")); !errors.Is(err, ErrUnseen) {
			t.Errorf("through place %d it is answered %v, want %v", place, err, ErrUnseen)
		}
	}
	w.at(0).must(change(w.key, collection.HashSet, "f", "v"))
	del := &Request{Key: w.key, Update: &register.Update{Kind: register.Delete, HasContext: true, Context: lost.Context()}}
	w.at(0).must(del) // the whole key: it says the same of all elements
	if got := w.at(1).must(get(w.key)).Object; len(got.Elements) != 1 || !got.Context().Includes(lost.Context()) {
		t.Errorf("after the deletion of what the client has seen, there is %+v", got)
	}
}

// edited returns what an event of a node of no cluster makes of an object.
func edited(o object.Object, counter causal.Counter, changes ...object.Change) (next object.Object) {
	dot := causal.Dot{Actor: causal.Actor{Node: 99, Epoch: 1}, Counter: counter}
	next.BecomeEdited(o, &object.Edit{Changes: changes, Seen: o.Context(), Dot: dot, Time: causal.TimestampOf(time.Now().UnixMilli()), Now: 1})
	return next
}

// setBound bounds the bytes of a collection at all nodes.
func (w *world) setBound(bytes int64) {
	for _, n := range w.nodes {
		n.coordinator.cfg.CollectionBytes = bytes
	}
}

// Until all members read the format of entries, nothing of a stream is written. The client is told
// so, also by a node that forwards to a coordinator of an older version.
func TestChangeElements_OlderMember_RefusesEntries(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C", "D")
	for _, n := range w.nodes {
		n.coordinator.cfg.Sums = func() error { return errors.New("waiting for C") }
	}
	id := collection.StreamID{Millis: 5, Sequence: 1}
	asked, fields := collection.NewID{Rule: collection.ExplicitID, ID: id}, collection.AppendFields(nil, [][]byte{[]byte("f"), []byte("v")})
	add := func() *Request {
		return change(w.key, collection.StreamAdd, string(asked.Append(nil)), string(fields), "")
	}
	store := change(w.key, collection.StreamStore, string(id.Append(nil)), string(fields))
	for name, r := range map[string]*Request{"XADD": add(), "RESTORE": store} {
		if err := w.at(0).fails(r); !errors.Is(err, ErrNotAllRead) {
			t.Errorf("%s is answered %v, want %v", name, err, ErrNotAllRead)
		}
	}
	if encoded, _, err := w.at(0).store.Get(w.at(0).partition(w.key), w.key, nil); err != nil || len(encoded) > 0 {
		t.Errorf("the key is %x, %v, after all was refused", encoded, err)
	}
	unknown := change(w.key, 255) // as XADD is to a coordinator that has no streams
	if err := w.at(3).fails(unknown); !errors.Is(err, ErrNotAllRead) {
		t.Errorf("a forwarded XADD is answered %v, want %v", err, ErrNotAllRead)
	}
	w.at(0).must(change(w.key, collection.HashSet, "f", "v"))
	for _, n := range w.nodes {
		n.coordinator.cfg.Sums = func() error { return nil }
	}
	w.at(0).must(del(w.key))
	w.at(3).must(add())
	if encoded, _, err := w.at(0).store.Get(w.at(0).partition(w.key), w.key, nil); err != nil || len(encoded) == 0 || encoded[0] != 6 {
		t.Errorf("the stream is of format %v, %v, want 6", encoded[:min(1, len(encoded))], err)
	}
}
