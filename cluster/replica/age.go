package replica

import (
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
	q := &ageQuestion{answered: make(chan struct{})}
	timer := time.NewTimer(ageAnswer)
	defer timer.Stop()
	begun := c.issuer.age(time.Now())
	c.cfg.Channel.Send(from, peer.Foreground, peer.Age, nil, q)
	select {
	case <-q.answered:
	case <-timer.C:
		return false
	case <-c.closing:
		return false
	}
	var old *peer.RemoteError // an old node does not know the question
	switch {
	case errors.As(q.err, &old):
		return true
	case q.err != nil || q.age.Life != life:
		return false
	}
	c.transits.asked(from, q.age, begun, c.issuer.age(time.Now()))
	return true
}

// ageQuestion is the completion of a question for a node's age. What it has may be looked at
// when answered is closed.
type ageQuestion struct {
	answered chan struct{}
	age      message.Age
	err      error
}

// Complete takes the answer, or the failure to get one.
func (q *ageQuestion) Complete(_ ring.NodeID, body []byte, err error) {
	if q.err = err; err == nil {
		d := wire.NewReader(body)
		q.age = message.ReadAge(&d)
		q.err = d.Done("age")
	}
	close(q.answered)
}
