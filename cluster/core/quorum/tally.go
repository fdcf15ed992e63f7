package quorum

import (
	"fmt"
	"math/bits"
)

// MaxNodes bounds the nodes that one request may use: primaries and fallbacks.
const MaxNodes = 64

// Nodes is a set of nodes, by their place in the walk of the key's partition: 0 up to
// MaxNodes-1.
type Nodes uint64

// FirstNodes returns the set of the first n places.
func FirstNodes(n int) Nodes {
	if n < 0 || n > MaxNodes {
		panic(fmt.Sprintf("quorum: a set of %d nodes", n))
	}
	return Nodes(1)<<n - 1
}

// Has reports whether the node at a place is in s.
func (s Nodes) Has(place int) bool { return s&node(place) != 0 }

// With returns s with the node at a place added.
func (s Nodes) With(place int) Nodes { return s | node(place) }

// Without returns s with the node at a place removed.
func (s Nodes) Without(place int) Nodes { return s &^ node(place) }

// Len returns the number of nodes in s.
func (s Nodes) Len() int { return bits.OnesCount64(uint64(s)) }

func node(place int) Nodes {
	if place < 0 || place >= MaxNodes {
		panic(fmt.Sprintf("quorum: no node has place %d", place))
	}
	return Nodes(1) << place
}

// Tally counts the answers to one phase of a request: a read that waits for R
// replicas, a write that waits for W, or a forward that waits for one coordinator.
//
// A node is in one of these states:
//
//	new       not asked
//	waiting   asked; its answer may still come in time
//	silent    asked, and out of time: another node may be asked in its place
//	failed    its answer was an error, or it could not be reached
//	refused   it answered that it cannot do this now
//	answered  its answer counts
//
// Ask makes a new node waiting. Answer makes any node answered, also a silent or a
// failed one: a late answer is as good as another. Fail, Refuse and Silence leave a
// node that has answered as it is. Retry makes failed nodes new again. Recount makes
// a node that has answered wait again, because more is wanted of it.
//
// A request whose quorum cannot be reached now is not given up: a node that is down
// may come back before the request's deadline, and the driver asks it then. So a tally
// knows that it has won, and never that it has lost.
//
// The zero Tally has asked nobody and needs no answer. It is a value: copy it freely.
type Tally struct {
	need int
	// A node is in one of these sets, or in none while it is new.
	waiting, silent, failed, refused, answered Nodes
}

// Start begins a phase in which need distinct nodes have to answer.
func (t *Tally) Start(need int) { *t = Tally{need: need} }

// Raise lets the phase need more answers; a smaller need changes nothing.
func (t *Tally) Raise(need int) { t.need = max(t.need, need) }

// Ask records that a new node was asked.
func (t *Tally) Ask(place int) {
	if !t.Asked().Has(place) {
		t.waiting = t.waiting.With(place)
	}
}

// Answer counts a node's answer.
func (t *Tally) Answer(place int) { t.move(node(place), &t.answered) }

// Fail records that asking a node failed, unless it has answered.
func (t *Tally) Fail(place int) { t.move(node(place)&^t.answered, &t.failed) }

// Refuse records that a node cannot do what it was asked now, unless it has answered.
func (t *Tally) Refuse(place int) { t.move(node(place)&^t.answered, &t.refused) }

// Silence records that the nodes that are waited for took too long, and returns them.
// What they answer later still counts.
func (t *Tally) Silence() Nodes {
	late := t.waiting
	t.move(late, &t.silent)
	return late
}

// Retry makes the nodes that failed new again, so that they may be asked once more.
func (t *Tally) Retry() { t.failed = 0 }

// Recount takes back a node's answer: more is wanted of it.
func (t *Tally) Recount(place int) { t.move(node(place)&t.answered, &t.waiting) }

// move puts nodes into one of the sets, and out of the others.
func (t *Tally) move(nodes Nodes, set *Nodes) {
	t.waiting &^= nodes
	t.silent &^= nodes
	t.failed &^= nodes
	t.refused &^= nodes
	t.answered &^= nodes
	*set |= nodes
}

// Asked returns the nodes that are not new.
func (t *Tally) Asked() Nodes { return t.waiting | t.silent | t.failed | t.refused | t.answered }

// Answered returns the nodes whose answers count.
func (t *Tally) Answered() Nodes { return t.answered }

// Waiting returns the nodes whose answers may still come in time.
func (t *Tally) Waiting() Nodes { return t.waiting }

// Heeded returns the nodes that have answered, or whose answers may still come in time.
func (t *Tally) Heeded() Nodes { return t.waiting | t.answered }

// RefusedByAll reports whether nodes were asked and each of them refused.
func (t *Tally) RefusedByAll() bool { return t.refused != 0 && t.Asked() == t.refused }

// Need returns how many nodes have to answer.
func (t *Tally) Need() int { return t.need }

// Got returns how many nodes have answered.
func (t *Tally) Got() int { return t.answered.Len() }

// Won reports whether enough nodes have answered.
func (t *Tally) Won() bool { return t.Got() >= t.need }
