package membership

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
)

// callTimeout bounds a push to all members, and a pull from one.
const callTimeout = 2 * time.Second

// Disseminator brings this node's ring state to other nodes, and takes in theirs. Its
// methods may be called from any goroutine.
type Disseminator struct {
	self     ring.NodeID
	state    *StateStore
	identity *Identity
	channel  Channel
	queue    func(func(context.Context)) bool
	log      *slog.Logger
}

func newDisseminator(cfg *Config, identity *Identity) *Disseminator {
	return &Disseminator{
		self: cfg.Self.ID, state: cfg.State, identity: identity,
		channel: cfg.Channel, queue: cfg.Queue, log: cfg.Logger,
	}
}

// Push sends this node's ring state to every member that can be reached, and merges
// what they know beyond it.
func (d *Disseminator) Push(ctx context.Context) error {
	body := d.state.Encode()
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var group errgroup.Group
	for _, other := range d.state.Ring().Members() {
		if other.ID == d.self || !d.channel.Available(other.ID) {
			continue
		}
		group.Go(func() error {
			if err := d.send(ctx, d.memberCall(other.ID), peer.RingPush, body); err != nil {
				return fmt.Errorf("tell %s of the ring: %w", other.Name, err)
			}
			return nil
		})
	}
	return group.Wait()
}

// Behind tells that a member has a ring state with that digest.
func (d *Disseminator) Behind(member ring.NodeID, digest uint64) {
	if digest != d.state.Digest() {
		d.Exchange(member)
	}
}

// Exchange makes this node's ring state and a member's equal, later. If too much is
// queued already, gossip will name the difference again.
func (d *Disseminator) Exchange(with ring.NodeID) {
	d.queue(func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, callTimeout)
		defer cancel()
		if err := d.exchange(ctx, d.memberCall(with)); err != nil {
			d.log.Debug("ring states not exchanged", "peer", d.state.Ring().Name(with), "err", err)
		}
	})
}
