package sim

import (
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
)

// maxJoins is how many nodes may join in one run.
const maxJoins = 2

// leaveTick is how often a leaving node looks whether it may end.
const leaveTick = 500 * time.Millisecond

// member is the node as the ring knows it.
func (n *node) member() ring.Member {
	return ring.Member{ID: n.id, Name: n.identity(), Instance: n.identity(), PeerAddr: n.addr}
}

// operator makes a change through a node that is up, and reports whether it took
// it.
func (s *Sim) operator(through *node, edit func(*ring.State) error) bool {
	l := through.life
	var err error
	changed := false
	s.step(l, func() {
		if changed, err = l.state.change(edit); changed {
			go func() { _ = l.state.push(l.ctx) }() // whom it does not reach hears of it by gossip
		}
	})
	s.note("ring changed through %s: %v, %v", through.name, changed, err)
	return changed
}

// someoneUp is a member that can take an operator's word, other than one.
func (s *Sim) someoneUp(but *node) *node {
	start := s.rng.IntN(len(s.nodes))
	for i := range s.nodes {
		n := s.nodes[(start+i)%len(s.nodes)]
		if n != but && !n.out && n.life != nil && !n.life.frozen {
			return n
		}
	}
	return nil
}

// join has the next node join.
func (s *Sim) join() {
	through := s.someoneUp(nil)
	for _, n := range s.nodes {
		if !n.out || n.lives > 0 || through == nil || s.ring().InTransition() {
			continue
		}
		if s.operator(through, func(state *ring.State) error { return state.Join(n.member()) }) {
			n.out = false
			through.life.bubble.do(func() { // the admission carries the state
				s.state = <-through.life.state.lock
				through.life.state.lock <- s.state
				s.state = s.state.Clone()
			})
			s.start(n)
		}
		return
	}
}

// members counts those that belong to the ring.
func (s *Sim) members() (n int) {
	for _, other := range s.nodes {
		if !other.out {
			n++
		}
	}
	return n
}

// leave has a member give its partitions to the others.
func (s *Sim) leave(n *node) {
	if through := s.someoneUp(nil); through != nil && !n.out && n.life != nil && s.members() > 3 && !s.ring().InTransition() {
		if s.operator(through, func(state *ring.State) error { return state.Leave(n.id) }) {
			n.out = true
			s.awaitLeave(n)
		}
	}
}

// awaitLeave ends a node that has left and holds nothing that others lack.
func (s *Sim) awaitLeave(n *node) {
	s.after(leaveTick, func() {
		if l := n.life; l != nil && !l.frozen {
			gone := false
			s.step(l, func() {
				m, known := l.ring().Member(n.id)
				gone = known && m.Status == ring.Removed && l.mover.Drained() && len(l.store.Hints().Targets()) == 0
			})
			if gone {
				s.note("%s has left", n.name)
				s.crash(n)
				return
			}
		}
		s.awaitLeave(n)
	})
}

// remove lets a member die for good, and has it struck off. One in a run: the
// copies of an acknowledged write may be two.
func (s *Sim) remove(n *node) {
	through := s.someoneUp(n)
	if s.removed || through == nil || n.out || s.members() <= 3 || s.ring().InTransition() {
		return
	}
	if n.life != nil {
		s.crash(n)
	}
	if s.operator(through, func(state *ring.State) error { return state.Remove(n.id) }) {
		n.out, s.removed = true, true
	}
}
