package replica

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/message"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/core/wire"
	"github.com/quorate/quorate/cluster/peer"
)

// ageAnswer is how long a node is waited for that is asked for its age.
const ageAnswer = 500 * time.Millisecond

// begun returns when a node began a frame that has arrived, and whether that was measured. It
// is not measurable where the node cannot be asked for its age.
func (c *Coordinator) begun(from ring.NodeID, head message.ForwardHeader, arrived time.Time, all []*Request) (begun time.Time, measured, measurable bool) {
	known := c.transits.knows(from, head.Life)
	if !known && !c.measure(from, head.Life) {
		return arrived, false, false
	}
	age := c.issuer.age(arrived)
	late, measured := c.transits.lateness(from, head.Life, head.Sent, age)
	overdue := func(r *Request) bool { return late > r.issue.budget }
	if known && measured && slices.ContainsFunc(all, overdue) && c.measure(from, head.Life) {
		// The first question may have taken long. Then frames seem later than they are.
		late, measured = c.transits.lateness(from, head.Life, head.Sent, age)
	}
	return arrived.Add(-late), measured, true
}

// measure asks a node for its age, so that the frames of a life of it can be measured. It
// reports false where they cannot be: the node did not answer, or it has another life now,
// so that nobody waits for the answer to what the earlier one sent.
func (c *Coordinator) measure(from ring.NodeID, life causal.Life) bool {
	ctx, cancel := context.WithTimeout(context.Background(), ageAnswer)
	defer cancel()
	begun := c.issuer.age(time.Now())
	reply := peer.NewFuture()
	c.cfg.Channel.Send(from, peer.Foreground, peer.Age, nil, reply)
	body, err := reply.Wait(ctx)
	if old := (*peer.RemoteError)(nil); errors.As(err, &old) {
		return true // it does not know the question
	}
	d := wire.NewReader(body)
	age := message.ReadAge(&d)
	if err != nil || d.Done("age") != nil || age.Life != life {
		return false
	}
	c.transits.asked(from, age, begun, c.issuer.age(time.Now()))
	return true
}
