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
// what they know beyond it. A node that has just left is told, too.
func (d *Disseminator) Push(ctx context.Context) error {
	body := d.state.Encode()
	return d.toAll(ctx, func(ctx context.Context, with call) error { return d.send(ctx, with, peer.RingPush, body) })
}

// ExchangeAll makes this node's ring state equal with that of every member that can be
// reached, and of those that have just left. Few bytes are sent where they are equal.
func (d *Disseminator) ExchangeAll(ctx context.Context) error { return d.toAll(ctx, d.exchange) }

// toAll calls every node that has to hear of the ring and can be reached.
func (d *Disseminator) toAll(ctx context.Context, what func(context.Context, call) error) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var group errgroup.Group
	for _, other := range d.state.Ring().Audience() {
		if other.ID == d.self || !d.channel.Available(other.ID) {
			continue
		}
		group.Go(func() error {
			if err := what(ctx, d.memberCall(other.ID)); err != nil {
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
