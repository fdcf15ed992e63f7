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

// answer takes the error of the one answer to a request.
type answer chan error

func (a answer) Answer(_ []byte, err error) { a <- err }

// send gives an Exchanger a request, whose answer will come.
func send(x *Exchanger, kind peer.Kind, body []byte) answer {
	a := make(answer, 1)
	x.ServePeer([]*peer.Request{peer.NewRequest(1, peer.Background, kind, body, a)})
	return a
}

func TestExchanger_ServePeer_QueueFull_IsRefused(t *testing.T) {
	x := NewExchanger(Config{Store: new(engine.Store)})
	var waiting []answer
	for range queueLength {
		waiting = append(waiting, send(x, peer.MerkleRoots, []byte{1, 2}))
	}
	refused := send(x, peer.MerkleRoots, nil)
	if err := <-refused; !errors.Is(err, ErrBusy) {
		t.Fatal(err)
	}
	// What waits when Run ends is refused as well: every request has its answer.
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := x.Run(ctx); err != nil {
		t.Fatal(err)
	}
	for _, a := range waiting {
		if err := <-a; err == nil {
			t.Fatal("answered, with no ring")
		}
	}
	if x.queue.bytes != 0 {
		t.Fatalf("%d bytes counted as queued", x.queue.bytes)
	}
}

func TestExchanger_ServePeer_TooManyBytes_AreRefused_ButOneAlwaysFits(t *testing.T) {
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

func TestExchanger_ServePeer_RequestThatWaitedTooLong_IsNotCarriedOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := NewExchanger(Config{Store: new(engine.Store)})
		a := send(x, peer.PushObjects, nil)
		time.Sleep(defaultCallTimeout + time.Second)
		x.answer(<-x.queue.requests)
		if err := <-a; !errors.Is(err, ErrBusy) {
			t.Fatal(err)
		}
	})
}

func TestKinds_AreThoseOfAntiEntropyOnly(t *testing.T) {
	if want := []peer.Kind{20, 21, 22, 23, 24, 25, 26, 27, 29, 28}; !slices.Equal(Kinds(), want) {
		t.Errorf("%v, want %v", Kinds(), want)
	}
}

func TestExchanger_ServePeer_UnknownKind_IsRefused(t *testing.T) {
	if _, err := NewExchanger(Config{Store: new(engine.Store)}).respond(28, nil); !errors.Is(err, ErrBadMessage) {
		t.Error(err)
	}
}
