package antientropy

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
)

func TestScheduler_PeerComesBack_IsCaughtUpWith(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		view := ring.NewRing(ring.NewState("cluster", 256, ring.Quorums{N: 3, R: 2, W: 2}, fiveMembers()...))
		s.cfg.Ring, s.shared = func() *ring.Ring { return view }, sharedPartitions(view, ring.IDOf("A"))
		var text strings.Builder
		s.cfg.Logger = slog.New(slog.NewTextHandler(&text, nil))
		b := ring.IDOf("B")
		s.down.Store(b, true)
		s.differs = func(p pair) bool { return p.peer == b && s.synced[p] == 0 }
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { _ = s.Run(ctx) })
		time.Sleep(time.Minute)
		if s.pairs() != 0 {
			t.Error("exchanged with a peer that is down")
		}
		s.down.Delete(b)
		s.Trigger(b)
		synctest.Wait()
		if s.pairs() != len(s.shared[b]) {
			t.Errorf("%d of %d pairs exchanged", s.pairs(), len(s.shared[b]))
		}
		cancel()
		running.Wait()
		want := fmt.Sprintf("msg=\"copies made equal with peer\" peer=B keys=%d\n", len(s.shared[b]))
		if got := text.String(); strings.Count(got, "copies made equal") != 1 || !strings.Contains(got, want) || len(s.shared[b]) <= catchUpShare {
			t.Errorf("want one line for all shares, %q:\n%s", want, got)
		}
	})
}
