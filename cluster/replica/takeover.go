package replica

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/quorate/quorate/cluster/core/message"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/core/wire"
	"github.com/quorate/quorate/cluster/peer"
)

// An update that computes from the old value belongs to the first primary that can be
// reached. When that primary starts, the next one has been its deputy, and the nodes find
// out at different times that it is back. If both coordinated, two increments could be
// made of one value, and one of them would count for nothing. So a node that starts takes
// over in steps:
//
//  1. It connects: it refuses computing updates, and holds those of its own clients until
//     it can reach all members, so that it knows whose they are.
//  2. It abstains: its clients' updates go to the next primary. It coordinates only if it
//     can reach no other primary.
//  3. It asks all members whether they can reach it and have no hints for it. What was
//     acknowledged while it was down is in its own copies then.
//  4. It holds computing updates, and asks again. A member answers when all updates that
//     it had begun are over; those that it begins later go to this node.
//  5. When all have answered, it serves. If one cannot answer soon, it abstains again.
//
// Members that cannot be reached are waited for only for a while, and so are hints: see
// connectPatience, takeOverPatience and takeOverLimit. In a split each side has its own
// coordinator.

// stage says what a node does with updates that compute from the old value.
type stage int32

const (
	serves stage = iota
	connects
	abstains
	takesOver
)

const (
	takeOverTick     = 50 * time.Millisecond
	takeOverMostTick = 2 * time.Second
	takeOverAnswer   = time.Second        // for which one question waits
	takeOverDrain    = takeOverAnswer / 2 // for which a member waits for its own updates
	connectPatience  = 2 * time.Second
	takeOverPatience = 10 * time.Second // for which all members are waited for
	takeOverLimit    = time.Minute      // for which hints are waited for
)

// Refusals of a node that does not serve computing updates.
var (
	errAbstains  = errors.New("this node has just started and leaves updates that compute from the old value to the others")
	errTakesOver = errors.New("this node is about to coordinate updates that compute from the old value")
)

// takeOverState is what a coordinator knows of its own taking over.
type takeOverState struct {
	stage atomic.Int32
	// asked has one element for each question of another node that is being answered.
	asked chan struct{}
}

// maxTakeOvers bounds the questions that are answered at once; beyond it the answer is no.
const maxTakeOvers = 64

func (c *Coordinator) stage() stage     { return stage(c.takeOver.stage.Load()) }
func (c *Coordinator) setStage(s stage) { c.takeOver.stage.Store(int32(s)) }

// refusesSerial returns why this node does not coordinate a computing update that another
// node has sent, or nil.
func (c *Coordinator) refusesSerial() error {
	switch c.stage() {
	case connects, abstains:
		return errAbstains
	case takesOver:
		return errTakesOver
	}
	return nil
}

// TakeOver lets a node with [Config.Abstain] serve updates that compute from the old value,
// once the others have left them to it. It returns then, or when ctx ends.
func (c *Coordinator) TakeOver(ctx context.Context, others func() []ring.NodeID) error {
	started, tick := time.Now(), c.cfg.TakeOverTick
	for c.stage() != serves {
		all := others()
		reached := c.availableOf(all)
		if c.stage() == connects && (len(reached) == len(all) || time.Since(started) > connectPatience) {
			c.setStage(abstains)
		}
		if len(reached) == len(all) || time.Since(started) > takeOverPatience {
			if c.askToTakeOver(ctx, reached, false) {
				c.setStage(takesOver)
				if c.askToTakeOver(ctx, reached, true) {
					c.setStage(serves)
					break
				}
				c.setStage(abstains)
			}
			if time.Since(started) > takeOverLimit {
				c.cfg.Logger.Warn("others may still have hints for this node; it coordinates updates that compute from the old value all the same")
				c.setStage(serves)
				break
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(tick):
		}
		if c.stage() == abstains {
			tick = min(2*tick, takeOverMostTick)
		}
	}
	return nil
}

func (c *Coordinator) availableOf(all []ring.NodeID) (up []ring.NodeID) {
	for _, id := range all {
		if c.cfg.Channel.Available(id) {
			up = append(up, id)
		}
	}
	return up
}

// askToTakeOver asks nodes whether this one may take over, and reports whether all have
// agreed in time.
func (c *Coordinator) askToTakeOver(ctx context.Context, nodes []ring.NodeID, drain bool) bool {
	body := message.TakeOver{Node: c.cfg.Self, Drain: drain}.Append(nil)
	q := &takeOverQuestion{answered: make(chan struct{}, len(nodes))}
	for _, id := range nodes {
		c.cfg.Channel.Send(id, peer.Background, peer.TakeOver, body, q)
	}
	timer := time.NewTimer(takeOverAnswer)
	defer timer.Stop()
	for range nodes {
		select {
		case <-q.answered:
		case <-timer.C:
			return false
		case <-ctx.Done():
			return false
		}
	}
	return !q.refused.Load()
}

// takeOverQuestion is the completion of a question to several nodes.
type takeOverQuestion struct {
	answered chan struct{}
	refused  atomic.Bool
}

func (q *takeOverQuestion) Complete(_ ring.NodeID, body []byte, err error) {
	var old *peer.RemoteError // an old node does not know the question
	d := wire.NewReader(body)
	if agreed := d.Flag(); !errors.As(err, &old) && (err != nil || !agreed || d.Done("answer") != nil) {
		q.refused.Store(true)
	}
	q.answered <- struct{}{}
}

// serveTakeOver answers a node that wants to coordinate computing updates: whether this
// node sends them to it, and has no hint for it. Errors would be taken for the answer of
// an old node.
func (c *Coordinator) serveTakeOver(r *peer.Request) {
	d := wire.NewReader(r.Body)
	m := message.ReadTakeOver(&d)
	if err := d.Done("question of a node that takes over"); err != nil {
		r.ReplyError(err)
		return
	}
	select {
	case <-c.closing:
		r.Reply(wire.AppendFlag(nil, false))
		return
	case c.takeOver.asked <- struct{}{}:
	default:
		r.Reply(wire.AppendFlag(nil, false))
		return
	}
	c.tasks.Go(func() {
		defer func() { <-c.takeOver.asked }()
		r.Reply(wire.AppendFlag(nil, c.letsTakeOver(m)))
	})
}

// letsTakeOver reports whether a node may coordinate computing updates. It drains this
// node's updates first if it is asked to.
func (c *Coordinator) letsTakeOver(m message.TakeOver) bool {
	// What begins from here on goes to that node.
	if !c.cfg.Channel.Available(m.Node) {
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), takeOverDrain)
	defer cancel()
	if m.Drain && !c.AwaitReplicas(ctx) {
		return false
	}
	// An update that has failed at that node may have left a hint which is not stored yet.
	return c.hinting.wait(ctx) && c.cfg.Store.Hints().Targets()[m.Node].Count == 0
}
