package handoff

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/message"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/core/wire"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/cluster/sim/poll"
	"github.com/quorate/quorate/engine"
)

// post is a HintChannel that records the keys delivered to each node.
type post struct {
	mu        sync.Mutex
	up        map[ring.NodeID]bool
	refuse    bool
	cannot    string // a key that is not stored, though all others are
	delivered map[ring.NodeID][]string
}

func (p *post) Available(to ring.NodeID) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.up[to]
}

func (p *post) Call(_ context.Context, to ring.NodeID, _ peer.Class, kind peer.Kind, body []byte) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refuse || kind != peer.Write {
		return nil, errors.New("refused")
	}
	var refused []byte
	r := wire.NewReader(body)
	for i := range message.ReadCount(&r) {
		w := message.ReadWrite(&r)
		if key := string(w.Key); key == p.cannot {
			refused = message.Refusal{Code: message.CodeText, Text: "no room"}.Append(wire.AppendUvarint(refused, uint64(i)))
		} else {
			p.delivered[to] = append(p.delivered[to], key)
		}
	}
	return refused, r.Done("write")
}

// hinted is a deliverer on node A of a ring of three, with one hint for B.
func hinted(t *testing.T, change func(*ring.State)) (*Deliverer, *engine.Store, *post) {
	t.Helper()
	id := ring.IDOf
	store, err := engine.Open(engine.Options{Dir: "a", FS: vfs.NewMem(), Self: id("A"), Name: "A", Partitions: 8})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	member := func(name string) ring.Member { return ring.Member{ID: id(name), Name: name, Instance: name} }
	state := ring.NewState("c", 8, ring.Quorums{N: 3, R: 2, W: 2}, member("A"), member("B"), member("C"))
	if change != nil {
		change(state)
	}
	now := ring.NewRing(state)
	keepHint(t, store, now, "k")
	p := &post{up: map[ring.NodeID]bool{}, delivered: map[ring.NodeID][]string{}}
	d := NewDeliverer(HintConfig{
		Self: id("A"), Store: store, Channel: p, Ring: func() *ring.Ring { return now },
		Logger: slog.New(slog.DiscardHandler),
	})
	return d, store, p
}

func anObject() object.Object {
	dot := causal.Dot{Actor: causal.Actor{Node: ring.IDOf("A"), Epoch: 1}, Counter: 1}
	return object.Put(object.Object{}, nil, dot, causal.TimestampOf(1), object.Value{Data: []byte("v")})
}

// keepHint stores a hint for B.
func keepHint(t *testing.T, store *engine.Store, now *ring.Ring, key string) {
	t.Helper()
	encoded := anObject()
	record := &engine.Record{Partition: now.PartitionOf([]byte(key)), Key: []byte(key), Hint: ring.IDOf("B"), Merge: encoded.Append(nil)}
	commit, err := store.Apply([]*engine.Record{record})
	if err == nil {
		err = errors.Join(commit.Wait(), record.Err)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestDeliverer_OneRefusedHint_HoldsUpNoOther(t *testing.T) {
	for name, change := range map[string]func(*ring.State){
		"to its node": nil,
		"to the primaries": func(s *ring.State) {
			if err := s.Remove(ring.IDOf("B")); err != nil {
				t.Fatal(err)
			}
			for s.Advance() {
			}
		},
	} {
		d, store, p := hinted(t, change)
		b := ring.IDOf("B")
		for i := range 50 {
			keepHint(t, store, d.cfg.Ring(), fmt.Sprint("k", i))
		}
		p.up[b], p.up[ring.IDOf("C")], p.cannot = true, true, "k7"
		for range 3 {
			d.deliver(t.Context(), b)
			if n := store.Hints().Targets()[b].Count; n != 1 || d.Stats().Delivered != 50 {
				t.Fatalf("%s: %d hints left, %d delivered; want the refused one left, 50 delivered", name, n, d.Stats().Delivered)
			}
		}
		if d.Stats().Failures != 3 {
			t.Errorf("%s: %d failures counted, want 3", name, d.Stats().Failures)
		}
		p.cannot = ""
		if d.deliver(t.Context(), b); len(store.Hints().Targets()) != 0 {
			t.Errorf("%s: a hint is kept that its node would take now", name)
		}
	}
}

func TestDeliverer_Hint_StaysUntilItsNodeAcknowledges(t *testing.T) {
	d, store, p := hinted(t, nil)
	b := ring.IDOf("B")
	d.deliver(t.Context(), b)
	if len(store.Hints().Targets()) != 1 || len(p.delivered) != 0 {
		t.Fatal("a hint went to a node that is down")
	}
	p.up[b], p.refuse = true, true
	d.deliver(t.Context(), b)
	if len(store.Hints().Targets()) != 1 || d.Stats().Failures != 1 {
		t.Fatal("a hint was dropped though its node refused it")
	}
	p.refuse = false
	d.deliver(t.Context(), b)
	if got := p.delivered[b]; len(got) != 1 || got[0] != "k" || len(store.Hints().Targets()) != 0 || d.Stats().Delivered != 1 {
		t.Fatalf("delivered %q, %d targets left", got, len(store.Hints().Targets()))
	}
}

func TestDeliverer_NodeLeftTheRing_HintGoesToThePrimaries(t *testing.T) {
	d, store, p := hinted(t, func(s *ring.State) {
		if err := s.Remove(ring.IDOf("B")); err != nil {
			t.Fatal(err)
		}
		for s.Advance() {
		}
	})
	a, b, c := ring.IDOf("A"), ring.IDOf("B"), ring.IDOf("C")
	p.up[c] = true
	d.deliver(t.Context(), b)
	if len(p.delivered[c]) != 1 || len(p.delivered[b]) != 0 || len(store.Hints().Targets()) != 0 {
		t.Fatalf("delivered %v, %d targets left", p.delivered, len(store.Hints().Targets()))
	}
	part := d.cfg.Ring().PartitionOf([]byte("k"))
	if _, found, err := store.Get(part, []byte("k"), nil); err != nil || !found {
		t.Errorf("%016x, a primary itself, does not have the object: %v", uint64(a), err)
	}
}

func TestDeliverer_Run_DeliversWhenTriggered(t *testing.T) {
	d, store, p := hinted(t, nil)
	d.cfg.Tick = time.Hour
	p.up[ring.IDOf("B")] = true
	ctx, cancel := context.WithCancel(t.Context())
	var run sync.WaitGroup
	run.Go(func() {
		if err := d.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	d.Trigger()
	poll.Until(t, "the hints to be delivered", func() bool { return len(store.Hints().Targets()) == 0 })
	cancel()
	run.Wait()
}

func TestDeliverer_Targets_HaveTheirTurnInTheOrderOfIds(t *testing.T) {
	d, store, _ := hinted(t, nil)
	encoded := anObject()
	for _, name := range []string{"C", "D"} {
		record := &engine.Record{Partition: 1, Key: []byte("k"), Hint: ring.IDOf(name), Merge: encoded.Append(nil)}
		if _, err := store.Apply([]*engine.Record{record}); err != nil || record.Err != nil {
			t.Fatal(err, record.Err)
		}
	}
	first := d.targets()
	if len(first) != 3 || !slices.IsSorted(first) {
		t.Fatalf("targets %v, want three in the order of their ids", first)
	}
	d.last = first[0]
	if next, want := d.targets(), []ring.NodeID{first[1], first[2], first[0]}; !slices.Equal(next, want) {
		t.Errorf("targets %v after the first was served, want %v", next, want)
	}
}
