package replica

import (
	"bytes"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/message"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/engine"
)

// redelivery sends deltas of large collections again to primaries that had not taken them when the
// client was answered: the frame was late or lost, or the primary lacks what the delta replaces. The
// alternative is a comparison, which moves the whole collection.
//
//  1. A late delta joins the queue of its primary, with memory of its own.
//  2. One frame at a time goes to each primary, with the first deltas of its queue. Those that it
//     refuses go to the end of the queue, so that they stop no others. If the frame fails, all go back
//     to the front. While the primary takes none, the pauses between frames double.
//  3. A delta is given up after [Config.RedeliverFor]. It is then left to a comparison or a hint, as is
//     one for which there is no room.
//
// A delta may arrive twice, and long after it was made: it is merged. Before each frame, deltas are
// dropped that no longer concern the primary. Some of what the delta says may have been removed here
// for good, by a clear or because it has been dead for long, or this node has given away the
// partition. So this node must still know of all that the delta says: no copy that was made anew takes
// in what was there before.
type redelivery struct {
	c    *Coordinator
	wake chan struct{}

	mu struct {
		sync.Mutex
		queues map[ring.NodeID]*deltaQueue
		count  int  // of the deltas for which there is room, those under way included
		bytes  int  // of them
		closed bool // there is no room any more
	}
}

// deltaQueue has the late deltas for one primary.
type deltaQueue struct {
	waiting  []lateDelta
	underWay bool          // a frame is; its deltas are not among those that wait
	pause    time.Duration // after a frame of which no delta was taken
	next     time.Time     // when the next frame goes
}

// lateDelta is a delta to be sent again. Its slices are its own.
type lateDelta struct {
	partition  ring.Partition
	key, delta []byte
	until      time.Time // when it is given up
}

// Bounds of redelivery.
const (
	mostLateKey       = 1 << 10   // bytes of a key
	mostLateDelta     = 1 << 20   // bytes of one delta
	mostLateDeltas    = 1 << 14   // deltas for all primaries
	mostLateBytes     = 16 << 20  // bytes of them
	mostFrameDeltas   = 256       // deltas in a frame
	mostFrameBytes    = 256 << 10 // bytes of them, if they are several
	leastRedeliverGap = 50 * time.Millisecond
	mostRedeliverGap  = 500 * time.Millisecond
	idleRedelivery    = time.Hour // whoever has something to send wakes it
)

func newRedelivery(c *Coordinator) *redelivery {
	r := &redelivery{c: c, wake: make(chan struct{}, 1)}
	r.mu.queues = make(map[ring.NodeID]*deltaQueue)
	return r
}

// reserve returns a copy of a delta that may have to be sent again, or nil if there is no room for
// one. Whoever has it adds it or releases it.
func (r *redelivery) reserve(key, delta []byte) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(delta) == 0 || len(delta) > mostLateDelta || len(key) > mostLateKey || r.mu.closed || r.mu.count >= mostLateDeltas || r.mu.bytes+len(delta) > mostLateBytes {
		return nil
	}
	r.mu.count, r.mu.bytes = r.mu.count+1, r.mu.bytes+len(delta)
	return bytes.Clone(delta)
}

// release gives back the room of some deltas.
func (r *redelivery) release(deltas ...[]byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, d := range deltas {
		if d != nil {
			r.mu.count, r.mu.bytes = r.mu.count-1, r.mu.bytes-len(d)
		}
	}
}

// add takes the late delta of a hint, for which there is room, and reports whether there was one.
func (r *redelivery) add(h *lateHint) bool {
	if h.delta == nil {
		return false
	}
	d := lateDelta{partition: h.partition, key: h.key, delta: h.delta, until: time.Now().Add(r.c.cfg.RedeliverFor)}
	r.mu.Lock()
	defer r.mu.Unlock()
	q := r.mu.queues[h.node]
	if q == nil {
		q = &deltaQueue{pause: leastRedeliverGap, next: time.Now().Add(leastRedeliverGap)}
		r.mu.queues[h.node] = q
	}
	q.waiting = append(q.waiting, d)
	r.c.count.LateDeltas.Add(1)
	r.c.count.LateWaiting.Add(1)
	r.signal()
	return true
}

func (r *redelivery) signal() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// run sends late deltas until the coordinator closes. What is left then is found by the comparison
// that follows a start.
func (r *redelivery) run() {
	timer := time.NewTimer(idleRedelivery)
	defer timer.Stop()
	for {
		timer.Reset(r.sendDue())
		select {
		case <-r.c.closing:
			r.mu.Lock()
			r.mu.closed = true
			r.mu.Unlock()
			return
		case <-r.wake:
		case <-timer.C:
		}
	}
}

// sendDue sends the frames that are due, and returns the time until the next one is.
func (r *redelivery) sendDue() (wait time.Duration) {
	now := time.Now()
	wait = idleRedelivery
	r.mu.Lock()
	var due []*redelivered
	for _, id := range slices.Sorted(maps.Keys(r.mu.queues)) {
		q := r.mu.queues[id]
		switch {
		case q.underWay:
		case len(q.waiting) == 0:
			delete(r.mu.queues, id)
		case q.next.After(now):
			wait = min(wait, q.next.Sub(now))
		default:
			q.underWay = true
			due = append(due, &redelivered{r: r, to: id, deltas: q.take()})
		}
	}
	r.mu.Unlock()
	for _, x := range due {
		x.send(now)
	}
	return wait
}

// take takes the deltas of one frame out of the queue.
func (q *deltaQueue) take() []lateDelta {
	n, size := 0, 0
	for ; n < min(len(q.waiting), mostFrameDeltas); n++ {
		if size += len(q.waiting[n].delta); n > 0 && size > mostFrameBytes {
			break
		}
	}
	taken := slices.Clone(q.waiting[:n])
	q.waiting = slices.Delete(q.waiting, 0, n)
	return taken
}

// redelivered is a frame of late deltas under way.
type redelivered struct {
	r      *redelivery
	to     ring.NodeID
	deltas []lateDelta
}

// send sends those of the deltas that are still to be sent.
func (x *redelivered) send(now time.Time) {
	c := x.r.c
	all := x.deltas
	x.deltas = nil
	view := c.cfg.Ring()
	var own ownContext
	var gone [][]byte
	var givenUp []lateHint // one for each key
	for i := range all {
		d := &all[i]
		switch fate := own.fateOf(c, d); {
		case !wantsHint(view, d.partition, x.to) || fate == dropped:
		case fate == sentAgain && now.Before(d.until):
			x.deltas = append(x.deltas, *d)
			continue
		default:
			c.count.LateGivenUp.Add(1)
			if h := (lateHint{node: x.to, partition: d.partition, key: d.key, current: true}); !slices.ContainsFunc(givenUp, h.isFor) {
				givenUp = append(givenUp, h)
			}
		}
		gone = append(gone, d.delta)
	}
	x.r.done(gone)
	for _, h := range givenUp {
		c.keepLate(h)
	}
	if len(x.deltas) == 0 || !c.cfg.Channel.Connected(x.to) {
		x.Complete(x.to, nil, peer.ErrNotSent)
		return
	}
	body := message.AppendHead(nil, len(x.deltas), c.cfg.Store.Clears().Mark())
	for i := range x.deltas {
		d := &x.deltas[i]
		body = message.Write{Partition: d.partition, Key: d.key, Object: d.delta}.Append(body)
	}
	c.cfg.Channel.Send(x.to, peer.Foreground, peer.Delta, body, x)
}

// done ends the wait of some deltas.
func (r *redelivery) done(deltas [][]byte) {
	r.release(deltas...)
	r.c.count.LateWaiting.Add(int64(-len(deltas)))
}

// Complete takes the answer of a primary, or the failure to get one.
func (x *redelivered) Complete(_ ring.NodeID, body []byte, err error) {
	var refused []message.RefusedItem
	if err == nil {
		refused, err = message.DecodeRefusals(body, len(x.deltas))
	}
	if err != nil {
		x.r.putBack(x.to, outcome{lost: x.deltas})
		return
	}
	var behind []lateDelta
	var taken [][]byte
	for i, d := range x.deltas {
		if slices.ContainsFunc(refused, func(one message.RefusedItem) bool { return one.Item == i && !one.Stored() }) {
			behind = append(behind, d)
		} else {
			taken = append(taken, d.delta)
		}
	}
	x.r.c.count.DeltasRefused.Add(int64(len(behind)))
	x.r.c.count.DeltasAgain.Add(int64(len(taken)))
	x.r.done(taken)
	x.r.putBack(x.to, outcome{refused: behind, taken: len(taken)})
}

// outcome is what became of the deltas of a frame.
type outcome struct {
	lost, refused []lateDelta
	taken         int
}

// putBack ends a frame to a primary. What it did not take joins its queue again.
func (r *redelivery) putBack(to ring.NodeID, o outcome) {
	r.mu.Lock()
	defer r.mu.Unlock()
	q := r.mu.queues[to]
	q.underWay = false
	q.waiting = slices.Concat(o.lost, q.waiting, o.refused)
	if o.taken > 0 {
		q.pause, q.next = leastRedeliverGap, time.Now()
	} else if len(o.lost)+len(o.refused) > 0 {
		q.next = time.Now().Add(q.pause)
		q.pause = min(2*q.pause, mostRedeliverGap)
	}
	r.signal()
}

// fateOfDelta says what becomes of a late delta before a frame goes.
type fateOfDelta uint8

const (
	sentAgain fateOfDelta = iota // this node still knows of all that it says
	dropped                      // some of what it says is gone for good
	givenUp                      // this node cannot tell
)

// ownContext is what this node knows of the key that was looked up last. The late deltas of one
// collection mostly follow one another.
type ownContext struct {
	key     []byte // nil: none was looked up
	context causal.Context
	found   bool
	err     error
}

// fateOf looks whether this node still knows of all that a late delta says.
func (o *ownContext) fateOf(c *Coordinator, late *lateDelta) fateOfDelta {
	d, err := object.DecodeDelta(late.delta)
	if err != nil {
		return givenUp
	}
	if left, cleared := c.cfg.Store.Clears().Filter(d.Object); cleared && len(left.Clock) > 0 {
		return givenUp // what is left builds on what is gone
	} else if cleared {
		return dropped
	}
	if o.key == nil || !bytes.Equal(o.key, late.key) {
		o.lookUp(c, late)
	}
	switch {
	case o.err != nil:
		return givenUp
	case !o.found:
		return dropped
	case !o.context.Includes(d.Object.Context()):
		return givenUp
	}
	return sentAgain
}

func (o *ownContext) lookUp(c *Coordinator, late *lateDelta) {
	own, err := c.cfg.Store.FindPart(late.partition, late.key, engine.HeadAlone, nil)
	*o = ownContext{key: late.key, found: own.Found, err: err}
	if err == nil && own.Found {
		var head object.Object
		head, o.err = object.Decode(own.Encoded)
		o.context = head.Context()
	}
}
