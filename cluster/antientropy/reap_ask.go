package antientropy

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/engine"
)

// ask asks every member about refs, and returns those that all agree on. It notes who did
// not, or whose answer was none.
func (r *Reaper) ask(ctx context.Context, view *ring.Ring, p ring.Partition, refs []engine.Ref, o *obstacles) ([]engine.Ref, error) {
	if len(refs) == 0 {
		return nil, nil
	}
	agreed, err := r.cfg.Exchanger.agrees(view, p, refs)
	if err != nil {
		return nil, err
	}
	var differing obstacles
	differing.addAnswer(r.cfg.Self, agreed)
	err = r.callOthers(ctx, view, peer.ReapAsk, appendReapRequest(nil, p, view.Digest(), refs), func(a reapAnswer) error {
		err := a.err
		var theirs []bool
		if err == nil {
			theirs, err = decodeBits(a.body, len(refs))
		}
		if err != nil {
			o.add(Blocker{Node: a.from, Refusal: err})
			return err
		}
		differing.addAnswer(a.from, theirs)
		for i := range agreed {
			agreed[i] = agreed[i] && theirs[i]
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("ask for digests: %w", err)
	}
	o.answered(differing)
	var kept []engine.Ref
	for i, ref := range refs {
		if agreed[i] {
			kept = append(kept, ref)
		}
	}
	return kept, nil
}

// reapAnswer is what a member answers to a request, or why there is no answer.
type reapAnswer struct {
	from ring.NodeID
	body []byte
	err  error
}

// callOthers sends a request to all other members, some at once, and gives each
// answer to take, one at a time. It sends to all, whatever the others answer, and
// returns an error if take returns one.
func (r *Reaper) callOthers(ctx context.Context, view *ring.Ring, kind peer.Kind, body []byte, take func(reapAnswer) error) error {
	var group errgroup.Group
	group.SetLimit(8)
	answers := make(chan reapAnswer, len(view.Members()))
	for _, m := range view.Members() {
		if m.ID == r.cfg.Self {
			continue
		}
		group.Go(func() error {
			c := comparison{x: r.cfg.Exchanger, peer: m.ID, limiter: r.cfg.Exchanger.repair}
			defer c.finish()
			answer, err := c.call(ctx, kind, body)
			if err != nil {
				answers <- reapAnswer{from: m.ID, err: fmt.Errorf("%s: %w", m.Name, err)}
				return nil
			}
			answers <- reapAnswer{from: m.ID, body: answer}
			return c.throttle(ctx)
		})
	}
	err := group.Wait()
	close(answers)
	for answer := range answers {
		err = errors.Join(err, take(answer))
	}
	return err
}
