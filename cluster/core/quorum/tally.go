package quorum

import (
	"fmt"
	"math/bits"
)

// MaxNodes is how many nodes one request may turn to.
const MaxNodes = 64

// Nodes is a set of the nodes that one request may turn to, by their place in
// the key's walk: 0 up to MaxNodes-1.
type Nodes uint64

// FirstNodes is the set of the first n places.
func FirstNodes(n int) Nodes {
	if n < 0 || n > MaxNodes {
		panic(fmt.Sprintf("quorum: a set of %d nodes", n))
	}
	return Nodes(1)<<n - 1
}

// Has says whether the node at a place is in s.
func (s Nodes) Has(place int) bool { return s&node(place) != 0 }

// With is s and the node at a place.
func (s Nodes) With(place int) Nodes { return s | node(place) }

// Without is s less the node at a place.
func (s Nodes) Without(place int) Nodes { return s &^ node(place) }

// Len is the number of nodes in s.
func (s Nodes) Len() int { return bits.OnesCount64(uint64(s)) }

func node(place int) Nodes {
	if place < 0 || place >= MaxNodes {
		panic(fmt.Sprintf("quorum: no node has place %d", place))
	}
	return Nodes(1) << place
}

// Outcome is where a tally stands.
type Outcome uint8

// A tally's outcomes.
const (
	Pending Outcome = iota // more replies can settle it
	Won                    // enough nodes have answered
	Lost                   // not enough are left that could
)

func (o Outcome) String() string {
	switch o {
	case Pending:
		return "pending"
	case Won:
		return "won"
	case Lost:
		return "lost"
	}
	return fmt.Sprintf("outcome(%d)", uint8(o))
}

// Tally counts the replies to one request, each node once. A node that failed may
// still answer: a late answer is as good as another. One that answered cannot
// fail any more.
type Tally struct {
	need     int
	asked    Nodes
	answered Nodes
	failed   Nodes
}

// NewTally is the tally of a request that need distinct nodes have to answer.
func NewTally(need int) Tally { return Tally{need: need} }

// Ask counts a node among those that may answer, once more if it failed before.
func (t *Tally) Ask(place int) {
	t.asked = t.asked.With(place)
	t.failed = t.failed.Without(place)
}

// Answer counts a node's answer, asked or not.
func (t *Tally) Answer(place int) {
	t.asked = t.asked.With(place)
	t.answered = t.answered.With(place)
	t.failed = t.failed.Without(place)
}

// Fail counts a node out, unless it has answered.
func (t *Tally) Fail(place int) {
	if !t.answered.Has(place) {
		t.asked = t.asked.With(place)
		t.failed = t.failed.With(place)
	}
}

// Asked is the set of the nodes that were asked.
func (t *Tally) Asked() Nodes { return t.asked }

// Answered is the set of the nodes that answered.
func (t *Tally) Answered() Nodes { return t.answered }

// Need is how many nodes have to answer.
func (t *Tally) Need() int { return t.need }

// Got is how many nodes have answered.
func (t *Tally) Got() int { return t.answered.Len() }

// Failed is how many nodes were asked in vain.
func (t *Tally) Failed() int { return t.failed.Len() }

// Left is how many nodes may still answer.
func (t *Tally) Left() int { return (t.asked &^ t.answered &^ t.failed).Len() }

// Outcome tells where t stands if others could still be asked: so many of them as
// spare says. What it cannot win even with all of those is lost.
func (t *Tally) Outcome(spare int) Outcome {
	switch got := t.Got(); {
	case got >= t.need:
		return Won
	case got+t.Left()+spare < t.need:
		return Lost
	}
	return Pending
}
