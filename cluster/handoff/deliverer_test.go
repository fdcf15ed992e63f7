package handoff

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/message"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/core/wire"
	"github.com/quorate/quorate/cluster/operation"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/cluster/sim/poll"
	"github.com/quorate/quorate/cluster/testcluster"
)

// post is a HintChannel that records the keys delivered to each node.
type post struct {
	mu        sync.Mutex
	up        map[ring.NodeID]bool
	refuse    bool
	cannot    string // a key that is not stored, though all others are
	delivered map[ring.NodeID][]string
	requests  int
	answered  func(requests int) // called for each request; nil: not
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
	if p.requests++; p.answered != nil {
		p.answered(p.requests)
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
func hinted(t *testing.T, change func(*ring.State) error) (*Deliverer, *testcluster.Node, *post) {
	t.Helper()
	c := testcluster.New(t, 8, ring.Quorums{N: 3, R: 2, W: 2}, "A", "B", "C")
	if change != nil {
		c.Change(change)
	}
	a := c.Start("A")
	a.Hint(ring.IDOf("B"), "k", anObject())
	p := &post{up: map[ring.NodeID]bool{}, delivered: map[ring.NodeID][]string{}}
	d := NewDeliverer(HintConfig{
		Self: a.ID, Store: a.Store, Channel: p, Ring: c.Ring, Logger: slog.New(slog.DiscardHandler),
	})
	return d, a, p
}

func removeB(s *ring.State) error {
	err := s.Remove(ring.IDOf("B"))
	for s.Flip() {
	}
	return err
}

func anObject() []byte {
	dot := causal.Dot{Actor: causal.Actor{Node: ring.IDOf("A"), Epoch: 1}, Counter: 1}
	o := object.Put(object.Object{}, causal.Context{}, dot, causal.TimestampOf(1), object.Value{Data: []byte("v")})
	return o.Append(nil)
}

func TestDeliverer_OneRefusedHint_HoldsUpNoOther(t *testing.T) {
	for name, change := range map[string]func(*ring.State) error{"to its node": nil, "to the primaries": removeB} {
		d, a, p := hinted(t, change)
		b := ring.IDOf("B")
		for i := range 50 {
			a.Hint(b, fmt.Sprint("k", i), anObject())
		}
		p.up[b], p.up[ring.IDOf("C")], p.cannot = true, true, "k7"
		for range 3 {
			d.deliver(t.Context(), b)
			if n := a.Store.Hints().Targets()[b].Count; n != 1 || d.Stats().Delivered != 50 {
				t.Fatalf("%s: %d hints left, %d delivered; want the refused one left, 50 delivered", name, n, d.Stats().Delivered)
			}
		}
		if d.Stats().Failures != 3 {
			t.Errorf("%s: %d failures counted, want 3", name, d.Stats().Failures)
		}
		p.cannot = ""
		if d.deliver(t.Context(), b); len(a.Store.Hints().Targets()) != 0 {
			t.Errorf("%s: a hint is kept that its node would take now", name)
		}
	}
}

func TestDeliverer_Hint_StaysUntilItsNodeAcknowledges(t *testing.T) {
	d, a, p := hinted(t, nil)
	b := ring.IDOf("B")
	d.deliver(t.Context(), b)
	if len(a.Store.Hints().Targets()) != 1 || len(p.delivered) != 0 {
		t.Fatal("a hint went to a node that is down")
	}
	p.up[b], p.refuse = true, true
	d.deliver(t.Context(), b)
	if len(a.Store.Hints().Targets()) != 1 || d.Stats().Failures != 1 {
		t.Fatal("a hint was dropped though its node refused it")
	}
	p.refuse = false
	d.deliver(t.Context(), b)
	if got := p.delivered[b]; len(got) != 1 || got[0] != "k" || len(a.Store.Hints().Targets()) != 0 || d.Stats().Delivered != 1 {
		t.Fatalf("delivered %q, %d targets left", got, len(a.Store.Hints().Targets()))
	}
}

func TestDeliverer_DeliveriesThatStop_AreLoggedOnceWithTheirNumber(t *testing.T) {
	d, a, p := hinted(t, nil)
	var text strings.Builder
	d.cfg.Logger = slog.New(slog.NewTextHandler(&text, nil))
	at := time.Unix(1000, 0)
	d.cfg.Now = func() time.Time { return at }
	b := ring.IDOf("B")
	p.up[b] = true
	deliver := func(what string, refuse bool, times int, want string) {
		t.Helper()
		text.Reset()
		p.refuse = refuse
		for range times {
			a.Hint(b, "k", anObject())
			d.deliver(t.Context(), b)
		}
		if got := text.String(); strings.Count(got, "\n") != strings.Count(want, " ") || !strings.Contains(got, strings.TrimSpace(want)) {
			t.Errorf("%s: want one line with %q:\n%s", what, want, got)
		}
	}
	const stopped, goesOn = ` level=WARN`, ` stopped_before=`
	deliver("it stops", true, 20, stopped)
	deliver("it goes on", false, 1, goesOn+"20")
	deliver("all is well", false, 20, "")
	deliver("it stops again at once", true, 3, "")
	deliver("and goes on", false, 1, "")
	at = at.Add(tellStops)
	deliver("it stops a minute later", true, 3, stopped)
	at = at.Add(tellStops)
	deliver("it goes on a minute later", false, 1, goesOn+"3")
	if got := d.DeliveredTo()[b]; got != 23 {
		t.Errorf("%d hints delivered to B, want 23", got)
	}
}

func TestDeliverer_NodeLeftTheRing_HintGoesToThePrimaries(t *testing.T) {
	d, a, p := hinted(t, removeB)
	b, c := ring.IDOf("B"), ring.IDOf("C")
	p.up[c] = true
	d.deliver(t.Context(), b)
	if len(p.delivered[c]) != 1 || len(p.delivered[b]) != 0 || len(a.Store.Hints().Targets()) != 0 {
		t.Fatalf("delivered %v, %d targets left", p.delivered, len(a.Store.Hints().Targets()))
	}
	if a.Value("k") != "v" {
		t.Error("A, a primary itself, does not have the object")
	}
}

// Where the primaries were down, hints are all copies of an acknowledged write. Their age
// is no reason to drop them, nor is a clock that jumps.
func TestDeliverer_OldHint_StaysUntilOtherPrimariesHaveIt(t *testing.T) {
	d, a, p := hinted(t, nil)
	b, c := ring.IDOf("B"), ring.IDOf("C")
	later := a.Store.Hints().Targets()[ring.IDOf("B")].Oldest.Add(100 * time.Hour)
	d.cfg.Now = func() time.Time { return later }
	expire := func() int {
		var group errgroup.Group
		d.nextExpiry = time.Time{}
		d.expire(t.Context(), &group)
		_ = group.Wait()
		return int(a.Store.Hints().Targets()[b].Count)
	}
	if n := expire(); n != 1 {
		t.Fatalf("%d hints left, want the one that may be the last copy", n)
	}
	p.up[c], p.refuse = true, true
	if n := expire(); n != 1 {
		t.Fatalf("%d hints left, though the other primary did not take it", n)
	}
	p.refuse = false
	if n := expire(); n != 0 || !slices.Equal(p.delivered[c], []string{"k"}) || a.Value("k") != "v" {
		t.Errorf("%d hints left, C got %q, A has %q; want none left, and both to have it", n, p.delivered[c], a.Value("k"))
	}
	if len(p.delivered[b]) != 0 {
		t.Errorf("B, which is down, got %q", p.delivered[b])
	}
}

// Members do not ask a node that has left before they forget a deletion.
func TestDeliverer_NodeHasLeft_DropsOldHintsByAge(t *testing.T) {
	d, a, _ := hinted(t, func(s *ring.State) error {
		err := s.Remove(ring.IDOf("A"))
		for s.Flip() {
		}
		return err
	})
	later := a.Store.Hints().Targets()[ring.IDOf("B")].Oldest.Add(100 * time.Hour)
	d.cfg.Now = func() time.Time { return later }
	var group errgroup.Group
	d.expire(t.Context(), &group)
	if left := a.Store.Hints().Targets(); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

func TestDeliverer_Run_DeliversWhenTriggered(t *testing.T) {
	d, a, p := hinted(t, nil)
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
	poll.Until(t, "the hints to be delivered", func() bool { return len(a.Store.Hints().Targets()) == 0 })
	cancel()
	run.Wait()
}

func TestDeliverer_Targets_HaveTheirTurnInTheOrderOfIds(t *testing.T) {
	d, a, _ := hinted(t, nil)
	a.Hint(ring.IDOf("C"), "k", anObject())
	a.Hint(ring.IDOf("D"), "k", anObject())
	first := d.targets()
	if len(first) != 3 || !slices.IsSorted(first) {
		t.Fatalf("targets %v, want three in the order of their ids", first)
	}
	d.last = first[0]
	if next, want := d.targets(), []ring.NodeID{first[1], first[2], first[0]}; !slices.Equal(next, want) {
		t.Errorf("targets %v after the first was served, want %v", next, want)
	}
}

// A delivery of one request is no operation; a longer one tells its progress, and rests for a
// minute when an operator cancels it.
func TestDeliverer_LongDelivery_IsAnOperation(t *testing.T) {
	d, a, p := hinted(t, nil)
	b := ring.IDOf("B")
	p.up[b] = true
	d.deliver(t.Context(), b)
	if all := d.cfg.Operations.List(); len(all) != 0 {
		t.Fatalf("a short delivery is listed: %+v", all)
	}
	const hints = deliverKeys + 500
	fill := func() {
		for i := range hints {
			a.Hint(b, fmt.Sprint("k", i), anObject())
		}
	}
	fill()
	d.deliver(t.Context(), b)
	all := d.cfg.Operations.List()
	if len(all) != 1 || all[0].Kind != operation.Deliver || all[0].State != operation.Done || all[0].Subject != "hints for B" {
		t.Fatalf("%+v, want a delivery that is done", all)
	}
	if keys, bytes := all[0].Keys, all[0].Bytes; keys != (operation.Amount{Done: hints, Total: hints}) || bytes.Done == 0 {
		t.Errorf("%+v keys, %+v bytes, want %d keys", keys, bytes, hints)
	}
	fill()
	p.answered = func(requests int) {
		if requests == 2 { // the operation has begun
			if err := d.cfg.Operations.Cancel(d.cfg.Operations.List()[0].ID); err != nil {
				t.Error(err)
			}
		}
	}
	p.requests = 0
	d.deliver(t.Context(), b)
	if o := d.cfg.Operations.List()[0]; o.State != operation.Cancelled || !d.rests(b) || d.Stats().Failures != 0 {
		t.Errorf("%+v, rests %v, %d failures", o, d.rests(b), d.Stats().Failures)
	}
}
