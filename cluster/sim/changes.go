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

// operator changes the ring by hand. It removes one node in a run: the copies of an
// acknowledged write may be two.
type operator struct {
	*cluster
	removed bool
}

// change makes a change through a node that is up, and reports whether it took
// it.
func (o *operator) change(through *node, edit func(*ring.State) error) bool {
	l := through.life
	var err error
	changed := false
	o.step(l, func() {
		if changed, err = l.state.change(edit); changed {
			go func() { _ = l.state.push(l.ctx) }() // whom it does not reach hears of it by gossip
		}
	})
	o.note("ring changed through %s: %v, %v", through.name, changed, err)
	return changed
}

// someoneUp is a member that can take an operator's word, other than one.
func (o *operator) someoneUp(but *node) *node {
	start := o.rng.IntN(len(o.nodes))
	for i := range o.nodes {
		n := o.nodes[(start+i)%len(o.nodes)]
		if n != but && !n.out && n.life != nil && !n.life.frozen {
			return n
		}
	}
	return nil
}

// join has the next node join.
func (o *operator) join() {
	through := o.someoneUp(nil)
	for _, n := range o.nodes {
		if !n.out || n.lives > 0 || through == nil || o.ring().InTransition() {
			continue
		}
		if o.change(through, func(state *ring.State) error { return state.Join(n.member()) }) {
			n.out = false
			through.life.bubble.do(func() { // the admission carries the state
				o.state = <-through.life.state.lock
				through.life.state.lock <- o.state
				o.state = o.state.Clone()
			})
			o.start(n)
		}
		return
	}
}

// members counts those that belong to the ring.
func (o *operator) members() (n int) {
	for _, other := range o.nodes {
		if !other.out {
			n++
		}
	}
	return n
}

// leave has a member give its partitions to the others.
func (o *operator) leave(n *node) {
	if through := o.someoneUp(nil); through != nil && !n.out && n.life != nil && o.members() > 3 && !o.ring().InTransition() {
		if o.change(through, func(state *ring.State) error { return state.Leave(n.id) }) {
			n.out = true
			o.awaitLeave(n)
		}
	}
}

// awaitLeave ends a node that has left and holds nothing that others lack.
func (o *operator) awaitLeave(n *node) {
	o.after(leaveTick, func() {
		if l := n.life; l != nil && !l.frozen {
			gone := false
			o.step(l, func() {
				m, known := l.ring().Member(n.id)
				gone = known && m.Status == ring.Removed && l.mover.Drained() && len(l.store.Hints().Targets()) == 0
			})
			if gone {
				o.note("%s has left", n.name)
				o.crash(n)
				return
			}
		}
		o.awaitLeave(n)
	})
}

// remove lets a member die for good, and has it struck off.
func (o *operator) remove(n *node) {
	through := o.someoneUp(n)
	if o.removed || through == nil || n.out || o.members() <= 3 || o.ring().InTransition() {
		return
	}
	if n.life != nil {
		o.crash(n)
	}
	if o.change(through, func(state *ring.State) error { return state.Remove(n.id) }) {
		n.out, o.removed = true, true
	}
}

// changeQuorums sets R and W for the whole cluster. A write stays on two nodes at
// least, for one of them may be removed.
func (o *operator) changeQuorums() {
	choices := [...]ring.Quorums{{N: 3, R: 2, W: 2}, {N: 3, R: 1, W: 3}, {N: 3, R: 3, W: 2}, {N: 3, R: 3, W: 3}}
	q := choices[o.rng.IntN(len(choices))]
	if through := o.someoneUp(nil); through != nil {
		o.note("R = %d, W = %d", q.R, q.W)
		o.change(through, func(state *ring.State) error { return state.SetQuorums(q) })
	}
}
