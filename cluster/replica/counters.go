package replica

import "sync/atomic"

// Counters count since the node started. They are read while they change.
type Counters struct {
	Reads, Writes atomic.Int64 // coordinated here
	Forwards      atomic.Int64 // updates sent to their coordinator
	AtPrimary     atomic.Int64 // requests of this node's clients on keys that it is a primary of
	Elsewhere     atomic.Int64 // and on others: one hop more
	Applied       atomic.Int64 // objects received from other coordinators
	Divergent     atomic.Int64 // reads that found siblings
	ManySiblings  atomic.Int64 // writes that left more siblings than the warning mark
	NoQuorum      atomic.Int64 // requests that too few replicas answered
	ReadRepairs   atomic.Int64 // stale replicas brought up to date by a read
	ToFallbacks   atomic.Int64 // copies given to a fallback
	ClockRefused  atomic.Int64 // stamps that were too far ahead of this node's clock
	HintsStored   atomic.Int64 // late hints kept on this node
	Deltas        atomic.Int64 // changes of collections sent as deltas
	DeltasRefused atomic.Int64 // refusals of those, because the replica was behind
	DeltasAgain   atomic.Int64 // those that a replica took when they were sent again
	LateDeltas    atomic.Int64 // those that a replica had not taken when the client was answered
	LateGivenUp   atomic.Int64 // and that were sent again in vain
	LateWaiting   atomic.Int64 // those that are to be sent again, now
	HintsDropped  atomic.Int64 // copies left to anti-entropy

	LeftToComparison atomic.Int64 // changes of large collections that a replica missed: see large.go

	// Siblings counts reads by how many values they found: up to each of
	// SiblingBounds, and more. SiblingSum is the sum of those values.
	Siblings   [len(SiblingBounds) + 1]atomic.Int64
	SiblingSum atomic.Int64
}

// SiblingBounds are the upper bounds of the buckets of Counters.Siblings.
var SiblingBounds = [...]int{0, 1, 2, 3, 5, 10, 25, 100}

// found counts one read by the number of values that it found.
func (c *Counters) found(siblings int) {
	at := 0
	for at < len(SiblingBounds) && siblings > SiblingBounds[at] {
		at++
	}
	c.Siblings[at].Add(1)
	if siblings > 0 {
		c.SiblingSum.Add(int64(siblings))
	}
	if siblings > 1 {
		c.Divergent.Add(1)
	}
}

// Counters returns the coordinator's counters.
func (c *Coordinator) Counters() *Counters { return &c.count }
