package sim

import "github.com/quorate/quorate/cluster/core/ring"

// maxJoins is how many nodes may join in one run.
const maxJoins = 2

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
	before := l.state.Digest()
	var err error
	o.step(l, func() { err = l.state.Change(edit) })
	changed := err == nil && l.state.Digest() != before
	o.note("ring changed through %s: %v, %v", through.name, changed, err)
	return changed
}

// someoneUp is a member that can take an operator's word, other than one.
func (o *operator) someoneUp(but *node) *node {
	start := o.rng.IntN(len(o.nodes))
	for i := range o.nodes {
		n := o.nodes[(start+i)%len(o.nodes)]
		if n != but && !n.out && n.serves() && !n.life.frozen {
			return n
		}
	}
	return nil
}

// ready reports whether the ring may be changed now. A hasty operator does not wait for the
// end of the change before.
func (o *operator) ready() bool { return o.on(FaultHaste) || !o.ring().InTransition() }

// join has the next node join.
func (o *operator) join() {
	for _, n := range o.nodes {
		if n.joins && n.lives == 0 && o.someoneUp(nil) != nil && o.ready() {
			n.out = false
			o.start(n)
			return
		}
	}
}

// members counts those that are to stay in the ring.
func (o *operator) members() (n int) {
	for _, m := range o.ring().Members() {
		if m.Status == ring.Up || m.Status == ring.Joining {
			n++
		}
	}
	return n
}

// leave has a member give its partitions to the others. Its process ends by itself.
func (o *operator) leave(n *node) {
	if through := o.someoneUp(nil); through != nil && !n.out && n.serves() && o.members() > 3 && o.ready() {
		o.change(through, func(state *ring.State) error { return state.Leave(n.id) })
	}
}

// remove lets a member die for good, and has it struck off.
func (o *operator) remove(n *node) {
	through := o.someoneUp(n)
	if o.removed || through == nil || n.out || o.members() <= 3 || !o.ready() || !o.unreliable(n) {
		return
	}
	if n.life != nil {
		o.crash(n)
	}
	o.losesAll(n)
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
