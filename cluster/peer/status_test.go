package peer

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/sim/poll"
)

func TestChannel_Status_OfAPeerThatRunsAndThenStops(t *testing.T) {
	a, b := pair(t, func(c *Config) { c.RequestTimeout = 20 * time.Second })
	got := a.Status()[b.id()]
	if !got.Foreground || !got.Background || !got.Available || got.WaitTime != defaultWait || got.LastError != nil {
		t.Errorf("of a peer that runs: %+v", got)
	}
	answer := make(chan error, 1)
	a.Send(b.id(), Foreground, Count, nil, completion(func(err error) { answer <- err })) // echo never answers it
	if got := a.Status()[b.id()]; got.Unanswered != 1 {
		t.Errorf("with a request that is not answered, Unanswered is %d", got.Unanswered)
	}
	before := time.Now()
	b.Close()
	<-answer
	poll.Until(t, "the status says why", func() bool {
		got = a.Status()[b.id()]
		return !got.Foreground && !got.Background && got.LastError != nil
	})
	if got.Available || got.Queued != 0 || got.Unanswered != 0 || got.FailedAt.Before(before) {
		t.Errorf("of a peer that stopped: %+v", got)
	}
}

func TestChannel_Status_CountsTheBytesThatAPeerHasNotTaken(t *testing.T) {
	a, b := pair(t, func(c *Config) { c.RequestTimeout = 20 * time.Second })
	s := a.remote(b.id()).streams[Background].Load()
	body := bytes.Repeat([]byte("x"), 100)
	s.mu.Lock()
	s.mu.out.add(header{length: uint32(len(body)), kind: Read}, [][]byte{body})
	s.mu.Unlock()
	if got := a.Status()[b.id()]; got.Queued != headerSize+len(body) {
		t.Errorf("Queued is %d, want %d", got.Queued, headerSize+len(body))
	}
}

func TestChannel_Status_OfAPeerThatRefuses_HasTheReason(t *testing.T) {
	a := start(t, "A", func(c *Config) { c.Secret = "s" })
	b := start(t, "B", func(c *Config) { c.Secret = "t" })
	a.SetPeers(map[causal.NodeID]string{b.id(): b.Addr()})
	poll.Until(t, "the handshake fails", func() bool { return a.Status()[b.id()].LastError != nil })
	var refused *RefusedError
	if err := a.Status()[b.id()].LastError; !errors.As(err, &refused) || refused.Reason != RefusedSecret {
		t.Errorf("LastError is %v", err)
	}
}
