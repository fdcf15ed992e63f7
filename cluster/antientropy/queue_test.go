package antientropy

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/engine"
)

func TestExchanger_Serve_QueueFull_IsRefused(t *testing.T) {
	x := NewExchanger(Config{Store: new(engine.Store)})
	var waiting []answer
	for range queueLength {
		a := make(answer, 1)
		x.Serve(peer.MerkleRoots, []byte{1, 2}, a)
		waiting = append(waiting, a)
	}
	refused := make(answer, 1)
	x.Serve(peer.MerkleRoots, nil, refused)
	if r := <-refused; !errors.Is(r.err, ErrBusy) {
		t.Fatal(r.err)
	}
	// What waits when Run ends is refused as well: every request has its answer.
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := x.Run(ctx); err != nil {
		t.Fatal(err)
	}
	for _, a := range waiting {
		if r := <-a; r.err == nil {
			t.Fatal("answered, with no ring")
		}
	}
	if x.queue.bytes != 0 {
		t.Fatalf("%d bytes counted as queued", x.queue.bytes)
	}
}

func TestExchanger_Serve_TooManyBytes_AreRefused_ButOneAlwaysFits(t *testing.T) {
	q := newRequestQueue()
	if !q.reserve(queueBytes + 1) {
		t.Fatal("a large value can never be moved")
	}
	if q.reserve(1) {
		t.Fatal("no bound")
	}
	q.release(queueBytes + 1)
	if !q.reserve(1) || !q.reserve(queueBytes-1) || q.reserve(1) {
		t.Fatal("wrong count")
	}
}

func TestExchanger_Serve_RequestThatWaitedTooLong_IsNotCarriedOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := NewExchanger(Config{Store: new(engine.Store)})
		a := make(answer, 1)
		x.Serve(peer.PushObjects, nil, a)
		time.Sleep(defaultCallTimeout + time.Second)
		x.answer(<-x.queue.requests)
		if r := <-a; !errors.Is(r.err, ErrBusy) {
			t.Fatal(r.err)
		}
	})
}

func TestKinds_AreThoseOfAntiEntropyOnly(t *testing.T) {
	if want := []peer.Kind{20, 21, 22, 23, 24, 25, 26, 27}; !slices.Equal(Kinds(), want) {
		t.Errorf("%v, want %v", Kinds(), want)
	}
}

func TestExchanger_Serve_UnknownKind_IsRefused(t *testing.T) {
	if _, err := NewExchanger(Config{Store: new(engine.Store)}).respond(28, nil); !errors.Is(err, ErrBadMessage) {
		t.Error(err)
	}
}
