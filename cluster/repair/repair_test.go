package repair

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/operation"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/cluster/sim/poll"
	"github.com/quorate/quorate/cluster/testcluster"
)

// link is a channel to members that take every write, once they are up.
type link struct{ up atomic.Bool }

func (l *link) Available(ring.NodeID) bool { return l.up.Load() }

func (l *link) Call(_ context.Context, _ ring.NodeID, _ peer.Class, kind peer.Kind, _ []byte) ([]byte, error) {
	if kind != peer.Write {
		return nil, errors.New("refused")
	}
	return nil, nil
}

// A node that has left owns nothing; what it still has for others are hints.
func TestRepair_HintOfAMemberThatReturns_LeavesTheNodeDrained(t *testing.T) {
	c := testcluster.New(t, 8, ring.Quorums{N: 3, R: 2, W: 2}, "A", "B", "C")
	left := c.Start("D")
	dot := causal.Dot{Actor: causal.Actor{Node: ring.IDOf("A"), Epoch: 1}, Counter: 1}
	o := object.Put(object.Object{}, causal.Context{}, dot, causal.TimestampOf(1), object.Value{Data: []byte("v")})
	left.Hint(ring.IDOf("B"), "k", o.Append(nil))
	var b link
	r := New(Config{
		Self: left.ID, Ring: c.Ring, Store: left.Store, Channel: &b, Operations: operation.NewRegistry(operation.Config{Now: c.Now}),
		Announce: func(context.Context) error { return nil }, Done: func(uint64) error { return nil },
		Logger: slog.New(slog.DiscardHandler), Now: c.Now,
	})
	left.Run(r.Run)
	poll.Until(t, "the partitions are known to be empty", r.mover.Drained)
	if r.Drained() || r.Status().Hints.Delivered != 0 {
		t.Fatalf("drained %v with a hint, %d delivered", r.Drained(), r.Status().Hints.Delivered)
	}
	b.up.Store(true)
	r.Reachable(ring.IDOf("B"))
	poll.Until(t, "the hint is delivered", r.Drained)
	if n := r.Status().Hints.Delivered; n != 1 {
		t.Errorf("%d hints delivered, want 1", n)
	}
}
