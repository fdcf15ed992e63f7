package antientropy

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/engine"
)

// Two copies of a collection that is being changed differ at any moment, by the changes that are under
// way between them. To move all of a large one for that would cost much, and hold up the changes. So
// before a comparison does, it looks again:
//
//  1. It takes the context of this node's copy, the events that it knows of.
//  2. After a pause, it asks for the context of the peer's copy.
//  3. After a pause, it takes the context of this node's copy once more.
//
// A copy knows of an event only when it has taken in what the event did. So if the peer's context
// includes the first one here, the peer has got all that was here at step 1. If the last one here
// includes the peer's, this node has got all that was at the peer at step 2. Then neither has missed
// anything that is older than a pause. What is younger is under way, and its coordinator sees to it:
// it has the copies compared again if it gives up.
//
// That explains a difference only if the copy has changed meanwhile. Copies that know of the same
// events and differ all the same are exchanged, and so is a copy that lacks something.

// mostLooks bounds how many collections are looked at again at once.
const mostLooks = 1024

// mostUnderWay is how many comparisons in a row of one partition with one peer may find nothing but
// changes under way. The next one moves what differs: two copies that differ for another reason would
// never be equal while clients write.
const mostUnderWay = 32

// runs counts these comparisons.
type runs struct {
	mu struct {
		sync.Mutex
		length map[place]int
	}
}

// place is a partition and the peer with which it is compared.
type place struct {
	peer      ring.NodeID
	partition ring.Partition
}

// tooMany reports whether the next comparison moves what differs.
func (r *runs) tooMany(peer ring.NodeID, partition ring.Partition) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.mu.length[place{peer, partition}] >= mostUnderWay
}

// note takes whether a comparison has found changes under way.
func (r *runs) note(peer ring.NodeID, partition ring.Partition, underWay bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch at := (place{peer, partition}); {
	case !underWay:
		delete(r.mu.length, at)
	case r.mu.length == nil:
		r.mu.length = map[place]int{at: 1}
	default:
		r.mu.length[at]++
	}
}

// head is what a node knows of a collection without its elements.
type head struct {
	alone   bool // it could be read without them, and there is nothing else but elements
	digest  object.Digest
	context causal.Context
}

// headOf reads the head of the copy on this node. That of an object which is no large collection is not
// alone.
func (x *Exchanger) headOf(p ring.Partition, key []byte) (h head, err error) {
	found, err := x.objects.FindPart(p, key, engine.HeadAlone, nil)
	if err != nil || !found.Part {
		return head{}, err
	}
	o, err := object.Decode(found.Encoded)
	if err != nil || len(o.Siblings)+len(o.Sums) > 0 {
		return head{}, err
	}
	return head{alone: true, digest: found.Digest, context: o.Context()}, nil
}

// headsOf reads the heads of some keys on this node.
func (x *Exchanger) headsOf(p ring.Partition, keys [][]byte) ([]head, error) {
	heads := make([]head, len(keys))
	for i, key := range keys {
		var err error
		if heads[i], err = x.headOf(p, key); err != nil {
			return nil, err
		}
	}
	return heads, nil
}

// onlyUnderWay reports whether what differs is under way: see above.
func onlyUnderWay(first, theirs, last head) bool {
	switch {
	case !first.alone || !theirs.alone || !last.alone:
		return false
	case theirs.digest == first.digest || theirs.digest == last.digest:
		return true
	}
	return theirs.context.Includes(first.context) && last.context.Includes(theirs.context) && !first.context.Includes(last.context)
}

// lookAgain returns those of some large collections that have to be exchanged.
func (c *comparison) lookAgain(ctx context.Context, differing []listed) (left []listed, err error) {
	var keys [][]byte
	var first []head
	at := make([]int, 0, len(differing)) // of the keys
	for i := range differing {
		h, err := c.x.headOf(c.partition, differing[i].key)
		switch {
		case err != nil:
			return nil, err
		case !h.alone:
			left = append(left, differing[i])
		default:
			keys, first, at = append(keys, differing[i].key), append(first, h), append(at, i)
		}
	}
	if len(keys) == 0 {
		return left, nil
	}
	if err := pause(ctx, c.x.cfg.LookPause); err != nil {
		return nil, err
	}
	theirs, err := c.heads(ctx, keys)
	if refusal := (*peer.RemoteError)(nil); errors.As(err, &refusal) { // an old node does not know the question
		return differing, nil
	}
	if err == nil {
		err = pause(ctx, c.x.cfg.LookPause)
	}
	if err != nil {
		return nil, err
	}
	last, err := c.x.headsOf(c.partition, keys)
	if err != nil {
		return nil, err
	}
	for k, i := range at {
		if onlyUnderWay(first[k], theirs[k], last[k]) {
			c.stats.KeysUnderWay++
		} else {
			left = append(left, differing[i])
		}
	}
	return left, nil
}

// heads asks the peer for the heads of some keys.
func (c *comparison) heads(ctx context.Context, keys [][]byte) ([]head, error) {
	answer, err := c.call(ctx, peer.Heads, appendFetchRequest(nil, c.partition, keys))
	if err != nil {
		return nil, err
	}
	return decodeHeads(answer, len(keys))
}

// pause waits for some time. It returns the error of the context if that ends first.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (x *Exchanger) serveHeads(body []byte) ([]byte, error) {
	p, keys, err := decodeFetchRequest(body)
	if err == nil {
		err = x.checkPartition(p)
	}
	if err == nil && len(keys) > mostLooks {
		err = fmt.Errorf("heads of %d keys, at most %d: %w", len(keys), mostLooks, ErrBadMessage)
	}
	if err != nil {
		return nil, err
	}
	heads, err := x.headsOf(p, keys)
	if err != nil {
		return nil, err
	}
	var answer []byte
	for i := range heads {
		answer = heads[i].append(answer)
	}
	return answer, nil
}
