package replica

import (
	"time"

	"github.com/quorate/quorate/cluster/core/coordination"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/quorum"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
)

// phase says how far an op has come.
type phase uint8

const (
	phaseRead    phase = iota // waiting for R replicas
	phaseApply                // ready to be applied to this node's copy
	phaseWrite                // waiting for W replicas
	phaseForward              // waiting for the coordinator that it was sent to
	phaseDone
)

// op is one request being carried out. Its fields are guarded by the wave's mutex
// once frames are out.
type op struct {
	opState
	read    coordination.Read
	write   coordination.Write
	encoded []byte // room for the encoding of a new version
}

// opState is what is of one use of an op alone. Many ops are under way at once, and all of
// them are met several times: what few of them need is elsewhere (see forwarding).
type opState struct {
	req      *Request
	f        *wave
	at       int // its index in the wave
	p        ring.Partition
	walk     []ring.NodeID
	others   []ring.NodeID // besides the primaries, that get the write: see ringchange.go
	n        int           // primaries among walk
	self     int           // this node's place in walk, or coordination.Nobody
	group    int           // the wave's first op on the same key
	followed bool          // others of the wave are on the same key
	carrier  int           // phaseWrite: the op of the group whose object replicates
	reads    bool          // phaseRead: with a read of its own; else its group's head reads for it
	up       quorum.Nodes  // of the head of a group: who can be asked, as seen last
	phase    phase
	since    time.Time // when nodes were last found late, or the phase began
	size     int       // bytes of the largest copy that has to travel, as far as known

	known      []byte      // updates: what the read found, encoded
	batch      int         // the engine batch that the update was applied in
	object     []byte      // what replicates
	delta      []byte      // what goes in its place to those that take it, or nil
	made       int         // of the head of a group: the edits of the group in its batch
	edits      *edits      // of the head of a group: those that a delta has, or nil
	wide       bool        // it reads from all replicas within reach
	partly     bool        // object is nil: the engine has read some elements only
	large      bool        // the collection is: see large.go
	looks      uint8       // of the head of a group: how often it has looked again, see part.go
	rebase     bool        // the next edit writes again what the op wrote
	round      uint8       // how often it did so
	forwarding *forwarding // nil unless another node may coordinate
}

// forwarding is the state of an op whose update another node may coordinate.
type forwarding struct {
	machine  coordination.Forward
	held     bool            // until this node has taken over
	issues   bool            // its origin is one of this node's issuer
	answered bool            // a coordinator has answered with result or refusal
	result   register.Result // that it answered
	steps    []byte          // the trace that came with it, encoded
	refusal  error           // that it answered, or of the last node that refused to coordinate
}

// follows reports whether an earlier op of the wave is on the same key.
func (o *op) follows() bool { return o.group != o.at }

// isPrimary reports whether this node is a primary of the key.
func (o *op) isPrimary() bool { return o.self >= 0 && o.self < o.n }

// placeOf returns a node's place in the walk, or coordination.Nobody.
func (o *op) placeOf(id ring.NodeID) int {
	for i, n := range o.walk {
		if n == id {
			return i
		}
	}
	return coordination.Nobody
}

// replicas describes the op's walk to its machines.
func (o *op) replicas() coordination.Replicas {
	return coordination.Replicas{Walk: len(o.walk), Primaries: o.n, Self: o.self}
}

// nodeAt returns the node at a place, of the walk or of the others behind it.
func nodeAt(o *op, place int) ring.NodeID {
	if place < len(o.walk) {
		return o.walk[place]
	}
	return o.others[place-len(o.walk)]
}

// firstAsked returns the place of the primary that a read asks first. All reads of one
// slot of time prefer the same node, so that more of their questions travel in one frame.
// Which one it is differs from slot to slot as if drawn.
func (o *op) firstAsked() (first int) {
	var highest uint64
	for at, id := range o.walk[:o.n] {
		if rank := uint64(id) * o.f.slot; at != o.self && rank > highest {
			first, highest = at, rank
		}
	}
	return first
}

// askSlot is how long reads prefer the same node.
const askSlot = 10 * time.Millisecond

// slotAt returns the number of the slot of a time, spread over 64 bits by the golden ratio.
func slotAt(t time.Time) uint64 { return uint64(t.UnixNano()/int64(askSlot))*0x9e3779b97f4a7c15 | 1 }

// upNow returns the other nodes of the walk that can be asked now.
func (o *op) upNow() quorum.Nodes { return o.upAmong(0, len(o.walk)) }

// upAtStart returns the primaries that can be asked when a phase starts, and the fallbacks
// too if a primary cannot be. All ops on one key are told the same, so that they go the
// same way, in their order.
func (o *op) upAtStart() quorum.Nodes {
	head := &o.f.mu.ops[o.group]
	if o.follows() {
		return head.up
	}
	o.up = o.upOfPrimaries()
	return o.up
}

// upOfPrimaries returns the primaries that can be asked now, and the fallbacks too if a
// primary cannot be.
func (o *op) upOfPrimaries() quorum.Nodes {
	up := o.upAmong(0, o.n)
	others := quorum.FirstNodes(o.n)
	if o.isPrimary() {
		others = others.Without(o.self)
	}
	if up != others {
		up |= o.upAmong(o.n, len(o.walk))
	}
	return up
}

// upAmong returns those of the places from first to before end that can be asked now.
func (o *op) upAmong(first, end int) (up quorum.Nodes) {
	for at := first; at < end; at++ {
		if at != o.self && o.canAsk(o.walk[at]) {
			up = up.With(at)
		}
	}
	return up
}

// canAsk reports whether a node can be asked now. A large copy goes to a node that is silent
// for a moment, too: a hint of it would cost this node as much, and has to travel all the same.
func (o *op) canAsk(id ring.NodeID) bool {
	channel := o.f.c.cfg.Channel
	return channel.Available(id) || peer.TransferTime(o.size) > 0 && channel.Connected(id)
}

// tally returns the count of the phase that the op is in.
func (o *op) tally() quorum.Tally {
	switch o.phase {
	case phaseForward:
		return o.forwarding.machine.Tally()
	case phaseRead, phaseApply:
		return o.read.Tally()
	default:
		return o.write.Tally()
	}
}

// nrw returns the cluster's quorums for as many primaries as the key has.
func (o *op) nrw() quorum.NRW {
	q := o.f.ring.Quorums()
	return quorum.NRW{N: o.n, R: q.R, W: q.W}
}

// timePassed returns what to tell a machine now: that its nodes are late, if they have
// had the time that they may take.
func (o *op) timePassed(now time.Time, wait time.Duration) coordination.Event {
	e := coordination.Event{Kind: coordination.Look, Up: o.f.mu.ops[o.group].up}
	if now.Sub(o.since) >= wait {
		e.Kind, o.since = coordination.Late, now
	}
	return e
}

// longestStoreWait returns how long some nodes of the walk may take to store a copy. One that
// is merely slow, and still answers on its stream, has the copy or will get it. A stand-in
// would only add work where there is no room for it, so that such a node has half of the
// request's time.
func (o *op) longestStoreWait(nodes quorum.Nodes) time.Duration {
	d := o.longestWait(nodes)
	if nodes&o.f.mu.ops[o.group].up != 0 {
		d = max(d, o.f.c.cfg.RequestTimeout/2)
	}
	return d
}

// longestWait returns the longest wait time of some nodes of the walk.
func (o *op) longestWait(nodes quorum.Nodes) (d time.Duration) {
	for i, id := range o.walk {
		if nodes.Has(i) {
			d = max(d, o.f.c.cfg.Channel.WaitTime(id))
		}
	}
	return d + peer.TransferTime(o.size)
}

// hops is how often a copy travels, at most, one after the other: to the coordinator of an
// update, and from there to the replicas and their disks.
const hops = 2

// moves notes that a copy of some bytes has to travel for the op. A large one moves the
// deadline of the wave.
func (o *op) moves(size int) {
	if size > o.size {
		o.f.allowance.Add(int64(hops * (peer.TransferTime(size) - peer.TransferTime(o.size))))
		o.size = size
	}
}
