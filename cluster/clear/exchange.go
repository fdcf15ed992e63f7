package clear

import (
	"context"
	"maps"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/wire"
	"github.com/quorate/quorate/cluster/peer"
)

// repairEvery is how often a node exchanges clears with one member, in turn.
const repairEvery = 5 * time.Second

// Differs makes x exchange clears with a member, which has another one than this node or is
// connected anew. It does not block.
func (x *Clearer) Differs(member causal.NodeID) {
	x.mu.Lock()
	x.wanted[member] = struct{}{}
	x.mu.Unlock()
	select {
	case x.wake <- struct{}{}:
	default:
	}
}

func (x *Clearer) take() map[causal.NodeID]struct{} {
	x.mu.Lock()
	defer x.mu.Unlock()
	taken := x.wanted
	x.wanted = make(map[causal.NodeID]struct{})
	return taken
}

// Run exchanges clears until ctx ends.
func (x *Clearer) Run(ctx context.Context) error {
	repair := time.NewTicker(repairEvery)
	defer repair.Stop()
	for turn := int(uint16(x.cfg.Self)); ; { // so that not all begin with the same member
		due := false
		select {
		case <-ctx.Done():
			return nil
		case <-x.wake:
		case <-repair.C:
			due = true
		}
		// Both may wait by now. They are served together, not in an order that is drawn.
		select {
		case <-repair.C:
			due = true
		default:
		}
		members := x.take()
		if due {
			turn++
			all := memberIDs(x.cfg.Ring())
			members[all[turn%len(all)]] = struct{}{}
		}
		x.exchangeWith(ctx, members)
	}
}

// CatchUp exchanges clears with every member that can be reached, before this node serves.
func (x *Clearer) CatchUp(ctx context.Context) {
	all := make(map[causal.NodeID]struct{})
	for _, id := range memberIDs(x.cfg.Ring()) {
		all[id] = struct{}{}
	}
	x.exchangeWith(ctx, all)
}

// exchangeWith exchanges clears with some members, and returns when all have answered or were
// given [askTimeout].
func (x *Clearer) exchangeWith(ctx context.Context, members map[causal.NodeID]struct{}) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	var group errgroup.Group
	group.SetLimit(maxCalls)
	for _, id := range slices.Sorted(maps.Keys(members)) {
		if id == x.cfg.Self || !x.cfg.Channel.Available(id) || !x.cfg.Channel.Knows(id, peer.Clears) {
			continue
		}
		group.Go(func() error {
			theirs, _, err := x.exchange(ctx, id, nil)
			if err == nil {
				err = x.takeIn(theirs)
			}
			if err != nil {
				x.cfg.Logger.Debug("clears are not exchanged yet", "peer", x.cfg.Ring().Name(id), "err", err)
			}
			return nil
		})
	}
	_ = group.Wait() // no function returns an error
}

// exchange sends this node's clear, joined with another one, to a member. It returns the
// member's clear, and whether the member has carried that out.
func (x *Clearer) exchange(ctx context.Context, id causal.NodeID, with object.Clear) (theirs object.Clear, done bool, err error) {
	ours := x.cfg.Store.Current().Join(with)
	reply, err := x.cfg.Channel.Call(ctx, id, peer.Foreground, peer.ClearExchange, ours.Append(nil))
	if err != nil {
		return nil, false, err
	}
	r := wire.NewReader(reply)
	done = r.Flag()
	theirs, err = object.DecodeClear(r.Rest())
	return theirs, done, err
}

// takeIn carries out the clear of another node, unless this node obeys it already.
func (x *Clearer) takeIn(theirs object.Clear) error {
	if x.cfg.Store.Current().Includes(theirs) {
		return nil
	}
	return x.cfg.Store.Apply(theirs)
}

// Register names the handlers of the messages about clears.
func (x *Clearer) Register(m *peer.Mux) {
	m.Queue(peer.ClearPrepare, x.answerPrepare)
	m.Queue(peer.ClearBound, x.answerBound)
	m.Queue(peer.ClearExchange, x.answerExchange)
}

// answerPrepare answers [peer.ClearPrepare] with a clear of all that is stored here.
func (x *Clearer) answerPrepare([]byte) ([]byte, error) {
	held, err := x.cfg.Store.Prepare()
	if err != nil {
		return nil, err
	}
	return held.Append(nil), nil
}

// answerBound answers [peer.ClearBound], which says what all members have seen of one another.
func (x *Clearer) answerBound(body []byte) ([]byte, error) {
	seen, err := object.DecodeClear(body)
	if err != nil {
		return nil, err
	}
	return wire.AppendUint64(nil, uint64(x.cfg.Store.Bound(seen.Below(x.cfg.Self)))), nil
}

// answerExchange answers [peer.ClearExchange]: it takes the clear in, and answers with this
// node's, and whether that is carried out.
func (x *Clearer) answerExchange(body []byte) ([]byte, error) {
	theirs, err := object.DecodeClear(body)
	if err != nil {
		return nil, err
	}
	if err := x.takeIn(theirs); err != nil {
		return nil, err
	}
	ours := x.cfg.Store.Current()
	return ours.Append(wire.AppendFlag(nil, x.cfg.Store.Mark() == ours.Mark())), nil
}
