package antientropy

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/engine"
)

// grown returns a set after one more event of a node, which adds some members.
func grown(o object.Object, node causal.NodeID, members int) (next object.Object) {
	e := object.Edit{Seen: o.Context(), Dot: causal.Dot{Actor: causal.Actor{Node: node, Epoch: 1}, Counter: o.Clock.Counter(causal.Actor{Node: node, Epoch: 1}) + 1}, Time: o.Clock.Latest() + 1}
	for i := range members {
		e.Changes = append(e.Changes, object.Change{Kind: object.Member, Name: fmt.Appendf(nil, "member %d of %d %d %s", i, node, e.Dot.Counter, make([]byte, 400))})
	}
	next.BecomeEdited(o, &e)
	return next
}

// watched is a channel that calls functions before and after each call.
type watched struct {
	Channel
	before, after func(peer.Kind)
}

func (w watched) Call(ctx context.Context, to ring.NodeID, class peer.Class, kind peer.Kind, body []byte) ([]byte, error) {
	w.before(kind)
	defer w.after(kind)
	return w.Channel.Call(ctx, to, class, kind, body)
}

// A large set that differs by changes under way is not moved. One of which a side has missed a change
// is.
func TestSync_LargeCollectionChanges_LooksAgain(t *testing.T) {
	key := []byte("set")
	first := grown(object.Object{}, 1, 300)
	ours, theirs := grown(first, 1, 1), grown(first, 2, 1)
	both, _ := object.Merge(ours, theirs)
	for name, c := range map[string]struct {
		a, b       object.Object // as they differ
		atB, atA   object.Object // what has come when B is asked, and after that
		underWay   int64
		wantsFetch bool
	}{
		"changes are under way":      {a: ours, b: theirs, atB: ours, atA: both, underWay: 1},
		"B has caught up":            {a: ours, b: first, atB: ours, atA: first, underWay: 1},
		"B has missed a change":      {a: ours, b: theirs, atB: first, atA: both, wantsFetch: true},
		"A has missed a change":      {a: ours, b: theirs, atB: ours, atA: grown(ours, 1, 1), wantsFetch: true},
		"nothing is under way":       {a: ours, b: first, atB: first, atA: first, wantsFetch: true},
		"nothing comes, both differ": {a: ours, b: theirs, atB: first, atA: first, wantsFetch: true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 1, 2, "A", "B")
			a, b := w.node("A"), w.node("B")
			put := func(n *node, o object.Object) {
				n.Apply(&engine.Record{Key: key, Merge: o.Append(nil)})
			}
			put(a, c.a)
			put(b, c.b)
			fetched := false
			a.x.cfg.Channel = watched{Channel: a, before: func(kind peer.Kind) {
				switch kind {
				case peer.Heads:
					put(b, c.atB)
				case peer.Fetch:
					fetched = true
				}
			}, after: func(kind peer.Kind) {
				if kind == peer.Heads {
					put(a, c.atA)
				}
			}}
			stats, err := a.x.Sync(t.Context(), b.ID, 0)
			if err != nil || stats.KeysUnderWay != c.underWay || fetched != c.wantsFetch {
				t.Errorf("%+v, fetched: %v, %v", stats, fetched, err)
			}
			if fetched {
				requireSame(t, a, b)
			}
		})
	}
}

// Copies that know of the same events and differ are never taken for equal.
func TestOnlyUnderWay_SameEvents_IsNot(t *testing.T) {
	o := grown(object.Object{}, 1, 1)
	h := head{alone: true, digest: 1, context: o.Context()}
	other := head{alone: true, digest: 2, context: o.Context()}
	if onlyUnderWay(h, other, h) {
		t.Error("the difference is taken for one under way")
	}
	if onlyUnderWay(head{}, head{}, head{}) {
		t.Error("what is no large collection is taken for one")
	}
}

func TestHeads_EncodedAndDecoded(t *testing.T) {
	o := grown(grown(object.Object{}, 1, 1), 2, 1)
	heads := []head{{alone: true, digest: 7, context: o.Context()}, {}}
	encoded := heads[1].append(heads[0].append(nil))
	got, err := decodeHeads(encoded, 2)
	if err != nil || !got[0].alone || got[0].digest != 7 || !got[0].context.Includes(o.Context()) || got[1].alone {
		t.Errorf("%+v, %v", got, err)
	}
	for n := range encoded {
		if _, err := decodeHeads(encoded[:n], 2); err == nil {
			t.Errorf("%d of %d bytes are enough", n, len(encoded))
		}
	}
	if _, err := decodeHeads(encoded, 1); err == nil {
		t.Error("one more head is ignored")
	}
}

// Many missed changes lead to one catch-up at once, and to one more after a while.
func TestScheduler_Missed_OneCatchUpInAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.cfg.Tick = time.Hour
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { _ = s.Run(ctx) })
		time.Sleep(time.Minute)
		b := ring.IDOf("B")
		before := s.comparisons(b)
		for range 100 {
			s.Missed(b)
			synctest.Wait()
		}
		if got := s.comparisons(b) - before; got != 1 {
			t.Errorf("%d comparisons at once, want 1", got)
		}
		time.Sleep(defaultMissedGap - time.Second)
		s.Missed(b)
		synctest.Wait()
		if got := s.comparisons(b) - before; got != 1 {
			t.Errorf("%d comparisons before the gap is over, want 1", got)
		}
		time.Sleep(2 * time.Second)
		if got := s.comparisons(b) - before; got != 2 {
			t.Errorf("%d comparisons after the gap, want 2", got)
		}
		s.Trigger(b)
		synctest.Wait()
		if got := s.comparisons(b) - before; got != 3 {
			t.Errorf("%d comparisons after a peer came back, want 3", got)
		}
		cancel()
		running.Wait()
	})
}

// Two copies of a large set truly differ: they know of the same events, and one has a member that the other has
// not. Clients write to the set all the time. It has to be repaired all the same, after a few comparisons.
func TestSync_CopiesDifferUnderConstantWrites_AreRepaired(t *testing.T) {
	key := []byte("set")
	whole := grown(object.Object{}, 1, 300)
	lacks := whole
	lacks.Elements = slices.Clone(whole.Elements[1:])
	w := newWorld(t, 1, 2, "A", "B")
	a, b := w.node("A"), w.node("B")
	a.Apply(&engine.Record{Key: key, Merge: whole.Append(nil)})
	b.Apply(&engine.Record{Key: key, Merge: lacks.Append(nil)})
	current := whole
	var late []byte
	write := func() { // a write reaches A, and the one before it reaches B
		dot := causal.Dot{Actor: causal.Actor{Node: 1, Epoch: 1}, Counter: current.Clock[0].Counter + 1}
		e := object.Edit{Seen: current.Context(), Dot: dot, Time: current.Clock.Latest() + 1, Changes: []object.Change{{Kind: object.Member, Name: fmt.Append(nil, "new", dot.Counter)}}}
		var next object.Object
		next.BecomeEdited(current, &e)
		d, ok := (&object.Delta{}).Follow(object.Step{Before: &current, After: &next, Dot: dot, Names: e.Names})
		if !ok {
			t.Fatal("no delta")
		}
		a.Apply(&engine.Record{Key: key, Merge: d.Append(nil), Delta: true})
		if late != nil {
			b.Apply(&engine.Record{Key: key, Merge: late, Delta: true})
		}
		current, late = next, d.Append(nil)
	}
	fetched := 0
	a.x.cfg.Channel = watched{Channel: a, before: func(kind peer.Kind) {
		switch kind {
		case peer.Heads:
			write()
		case peer.Fetch:
			fetched++
		}
	}, after: func(kind peer.Kind) {
		if kind == peer.Heads {
			write()
		}
	}}
	var all Stats
	for range 50 {
		write()
		stats, err := a.x.Sync(t.Context(), b.ID, 0)
		if err != nil {
			t.Fatal(err)
		}
		all.Add(stats)
	}
	if fetched == 0 {
		t.Errorf("after 50 comparisons nothing was exchanged: %+v", all)
	}
}
