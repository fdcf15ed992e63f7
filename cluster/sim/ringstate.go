package sim

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/handoff"
	"github.com/quorate/quorate/cluster/peer"
)

// ringState is a node's copy of the ring: saved, pushed to the others when it
// changes here, pulled when another node is seen to have a different one. It
// stands for the state store and the dissemination of package cluster, in whose
// place gossip would tell of digests.
type ringState struct {
	l    *life
	view atomic.Pointer[ring.Ring]
	lock chan *ring.State // one element: the state; held while it is changed
}

const (
	savedRing  = "ring"
	gossipTick = 700 * time.Millisecond
	pushBudget = 2 * time.Second
)

// loadRing takes the saved state, or the one that the node was founded or admitted
// with.
func (l *life) loadRing(given *ring.State) error {
	l.state = &ringState{l: l, lock: make(chan *ring.State, 1)}
	data, err := l.store.State().Load(savedRing)
	if err != nil {
		return err
	}
	state := given
	if data != nil {
		if state, err = ring.DecodeState(data); err != nil {
			return err
		}
	} else if err := l.store.State().Save(savedRing, state.Encode()); err != nil {
		return err
	}
	l.state.view.Store(ring.NewRing(state))
	l.state.lock <- state
	return nil
}

// change applies an edit, and reports whether it changed anything.
func (r *ringState) change(edit func(*ring.State) error) (bool, error) {
	state := <-r.lock
	next := state.Clone()
	err := edit(next)
	if err == nil && next.Digest() != state.Digest() {
		next.Flip()
		err = r.l.store.State().Save(savedRing, next.Encode())
	}
	if err != nil || next.Digest() == state.Digest() {
		r.lock <- state
		return false, err
	}
	r.view.Store(ring.NewRing(next))
	r.lock <- next
	r.l.deliverer.Trigger()
	r.l.mover.Trigger()
	return true, nil
}

func (r *ringState) encoded() []byte {
	state := <-r.lock
	defer func() { r.lock <- state }()
	return state.Encode()
}

// merge takes in what another node knows; nothing is nothing new.
func (r *ringState) merge(encoded []byte) error {
	if len(encoded) == 0 {
		return nil
	}
	other, err := ring.DecodeState(encoded)
	if err != nil {
		return err
	}
	_, err = r.change(func(s *ring.State) error { _, err := s.Merge(other); return err })
	return err
}

// push brings the state to every member that can be reached.
func (r *ringState) push(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pushBudget)
	defer cancel()
	body := r.encoded()
	for _, m := range r.view.Load().Members() {
		if m.ID == r.l.node.id || !r.l.Available(m.ID) {
			continue
		}
		answer, err := r.l.Call(ctx, m.ID, peer.Background, peer.RingPush, body)
		if err == nil {
			err = r.merge(answer)
		}
		if err != nil {
			return fmt.Errorf("tell %s of the ring: %w", m.Name, err)
		}
	}
	return nil
}

// gossip asks the other members in turn for what they know, and tells them what
// they do not know. A node that has moved is found by the others in this way.
func (r *ringState) gossip(ctx context.Context) error {
	tick := time.NewTicker(r.l.node.odd(gossipTick, 4))
	defer tick.Stop()
	for turn := 0; ; turn++ {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		view := r.view.Load()
		members := view.Members()
		m := members[turn%len(members)]
		if m.ID == r.l.node.id || !r.l.Available(m.ID) {
			continue
		}
		ask, cancel := context.WithTimeout(ctx, pushBudget)
		answer, err := r.l.Call(ask, m.ID, peer.Background, peer.RingPull, binary.BigEndian.AppendUint64(nil, view.Digest()))
		if err == nil && len(answer) > 0 {
			err = r.merge(answer)
			if err == nil && !bytes.Equal(answer, r.encoded()) {
				_, err = r.l.Call(ask, m.ID, peer.Background, peer.RingPush, r.encoded())
			}
		}
		cancel()
		if err != nil {
			r.l.log.Debug("gossip", "peer", m.Name, "err", err) // the next turn is soon
		}
	}
}

// answerPush merges a pushed state, and replies with this node's own if it has more.
func (r *ringState) answerPush(body []byte) ([]byte, error) {
	if err := r.merge(body); err != nil {
		return nil, err
	}
	other, err := ring.DecodeState(body)
	if err != nil {
		return nil, err
	}
	return r.unless(other.Digest()), nil
}

// answerPull replies with this node's state, unless the other node has the same.
func (r *ringState) answerPull(body []byte) ([]byte, error) {
	return r.unless(binary.BigEndian.Uint64(body)), nil
}

// unless returns the state, or nothing if it has the digest.
func (r *ringState) unless(digest uint64) []byte {
	if r.view.Load().Digest() == digest {
		return nil
	}
	return r.encoded()
}

// newMover makes the part that moves partitions.
func (l *life) newMover() *handoff.Mover {
	n := l.node
	return handoff.NewMover(handoff.MoverConfig{
		Self: n.id, Ring: l.ring, Store: l.store, Exchanger: l.exchanger, Logger: l.log, Now: n.wall,
		Announce: l.state.push, Available: func(id ring.NodeID) bool { return id == n.id || l.Available(id) },
		Done: func(target uint64) error {
			_, err := l.state.change(func(s *ring.State) error { return s.MarkDone(n.id, target) })
			return err
		},
		Tick: n.odd(time.Second, 5), Grace: 10 * 24 * time.Hour,
	})
}
