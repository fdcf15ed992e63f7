package antientropy

import (
	"context"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
)

// patience is a channel that notes how long each call may take.
type patience struct{ allowed map[peer.Kind]time.Duration }

func (patience) Available(ring.NodeID) bool { return true }

func (p patience) Call(ctx context.Context, _ ring.NodeID, _ peer.Class, kind peer.Kind, _ []byte) ([]byte, error) {
	until, _ := ctx.Deadline()
	p.allowed[kind] = time.Until(until)
	return nil, nil
}

// A request that carries the largest value, and one that is answered with it, may take the
// time that the value needs at the slowest rate. That is less than the reaper waits for
// old copies under way.
func TestComparison_LargestValue_HasTheTimeItNeeds(t *testing.T) {
	p := patience{allowed: make(map[peer.Kind]time.Duration)}
	c := comparison{x: &Exchanger{cfg: Config{Channel: p, CallTimeout: defaultCallTimeout}}, limiter: rate.NewLimiter(rate.Inf, 1)}
	needs := peer.TransferTime(register.MaxValue)
	for _, call := range []struct {
		kind  peer.Kind
		size  int
		least time.Duration
	}{
		{peer.PushObjects, register.MaxValue, needs + defaultCallTimeout},
		{peer.PushObjects, 1, defaultCallTimeout},
		{peer.MerkleNodes, 1, defaultCallTimeout},
		{peer.Fetch, 1, needs + defaultCallTimeout},
		{peer.Objects, 1, needs + defaultCallTimeout},
	} {
		body := make([]byte, call.size) // never touched: it costs no memory
		if _, err := c.call(t.Context(), call.kind, body); err != nil {
			t.Fatal(err)
		}
		if got, slack := p.allowed[call.kind], 10*time.Second; got < call.least-slack || got > call.least+slack {
			t.Errorf("kind %d with %d bytes may take %v, want %v", call.kind, call.size, got, call.least)
		}
	}
	if settle := NewReaper(ReapConfig{}).cfg.Settle; carryLimit < needs+defaultCallTimeout || carryLimit >= settle {
		t.Errorf("an object is carried for %v at most, the largest value takes %v, and the reaper waits %v", time.Duration(carryLimit), needs, settle)
	}
}
