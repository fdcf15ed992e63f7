package membership

import (
	"errors"
	"fmt"
	"testing"

	"github.com/quorate/quorate/cluster/core/ring"
)

func founded(members ...string) *ring.State {
	var all []ring.Member
	for _, name := range members {
		all = append(all, member(name))
	}
	return ring.NewState("c", 16, ring.Quorums{N: 3, R: 2, W: 2}, all...)
}

func TestStateStore_BeforeThereIsARing_RefusesChanges(t *testing.T) {
	s := openState(t, newDisk())
	if err := s.Change(func(*ring.State) error { return nil }); !errors.Is(err, ErrNotJoined) {
		t.Errorf("change: %v", err)
	}
	if err := s.Merge(founded("A")); !errors.Is(err, ErrNotJoined) {
		t.Errorf("merge: %v", err)
	}
	if s.Ring() != nil || s.Digest() != 0 || s.ClusterID() != "" || s.Encode() != nil || !errors.Is(s.Joined(), ErrNotJoined) {
		t.Error("there is a ring")
	}
}

func TestStateStore_Change_IsSavedBeforeItIsInForce(t *testing.T) {
	d := newDisk()
	s := openState(t, d)
	if err := s.Adopt(founded("A", "B")); err != nil {
		t.Fatal(err)
	}
	if err := s.Change(func(state *ring.State) error { return state.Join(member("C")) }); err != nil {
		t.Fatal(err)
	}
	if again := openState(t, d); again.Digest() != s.Digest() || len(again.Ring().Members()) != 3 || again.ClusterID() != "c" {
		t.Errorf("after a restart %d members, digest %x, want %x", len(again.Ring().Members()), again.Digest(), s.Digest())
	}
	d.err = errDisk
	before := s.Digest()
	if err := s.Change(func(state *ring.State) error { return state.Leave(ring.IDOf("C")) }); !errors.Is(err, errDisk) {
		t.Errorf("change on a broken disk: %v", err)
	}
	if s.Digest() != before || s.Ring().Digest() != before {
		t.Error("a change that was not saved is in force")
	}
}

func TestStateStore_NothingNew_ChangesNothing(t *testing.T) {
	d := newDisk()
	s := openState(t, d)
	if err := s.Adopt(founded("A", "B")); err != nil {
		t.Fatal(err)
	}
	d.err = errDisk // nothing may be saved
	view := s.Ring()
	if err := s.Merge(founded("A", "B")); err != nil {
		t.Error(err)
	}
	if err := s.Change(func(*ring.State) error { return nil }); err != nil {
		t.Error(err)
	}
	if refused := errors.New("refused"); s.Change(func(*ring.State) error { return refused }) != refused {
		t.Error("the error of the edit is lost")
	}
	if s.Ring() != view || len(s.changes) != 0 {
		t.Error("a new ring")
	}
}

func TestStateStore_History_HasTheNewestStates(t *testing.T) {
	s := openState(t, newDisk())
	if err := s.Adopt(founded("A")); err != nil {
		t.Fatal(err)
	}
	for i := range maxHistory + maxChanges { // more than anybody takes
		r := 1 + i%2
		if err := s.Change(func(state *ring.State) error { return state.SetQuorums(ring.Quorums{N: 3, R: r, W: 3}) }); err != nil {
			t.Fatal(err)
		}
	}
	h := s.History()
	if len(h) != maxHistory || h[maxHistory-1].Digest != s.Digest() || h[0].Version >= h[1].Version {
		t.Errorf("%d states, the newest %+v", len(h), h[len(h)-1])
	}
	if len(s.changes) != maxChanges {
		t.Errorf("%d changes wait", len(s.changes))
	}
}

// concurrent returns a ring of four members of which one leaves, as two of the others have it
// when both have got their share at once: of one version, and not equal.
func concurrent(t *testing.T) (a, b *ring.State) {
	t.Helper()
	a = founded("A", "B", "C", "D")
	if err := a.Leave(ring.IDOf("D")); err != nil {
		t.Fatal(err)
	}
	b = a.Clone()
	if err := errors.Join(a.MarkDone(a.Pending()[0], a.Target()), b.MarkDone(b.Pending()[1], b.Target())); err != nil {
		t.Fatal(err)
	}
	if a.Version() != b.Version() || a.Digest() == b.Digest() {
		t.Fatalf("versions %d and %d, digests %x and %x", a.Version(), b.Version(), a.Digest(), b.Digest())
	}
	return a, b
}

func TestStateStore_History_HasEachVersionOnce(t *testing.T) {
	a, b := concurrent(t)
	s := openState(t, newDisk())
	if err := s.Adopt(a); err != nil {
		t.Fatal(err)
	}
	before := s.History()
	if err := s.Merge(b); err != nil {
		t.Fatal(err)
	}
	after := s.History()
	first, now := before[len(before)-1], after[len(after)-1]
	if len(after) != len(before) || now.Digest == first.Digest || now.Digest != s.Digest() || !now.Time.Equal(first.Time) {
		t.Errorf("%+v, and merged with the other %+v", before, after)
	}
}

func TestOpenState_DamagedState_IsRefused(t *testing.T) {
	d := newDisk()
	d.saved[stateName] = []byte("rubbish")
	if _, err := OpenState(d, nil); err == nil {
		t.Error("accepted")
	} else if fmt.Sprint(err) == "" {
		t.Error("an error without words")
	}
}
