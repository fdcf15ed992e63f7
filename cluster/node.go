package cluster

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/quorate/quorate/cluster/antientropy"
	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/coverage"
	"github.com/quorate/quorate/cluster/handoff"
	"github.com/quorate/quorate/cluster/membership"
	"github.com/quorate/quorate/cluster/membership/gossip"
	"github.com/quorate/quorate/cluster/operation"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/cluster/replica"
	"github.com/quorate/quorate/cluster/settings"
	"github.com/quorate/quorate/engine"
)

// stateInstance is the name under which the engine keeps the id of its data
// directory, by which a disk that was lost is told from one that came back.
const stateInstance = "instance"

// peersPatience is how long a node waits for streams to the others before it serves.
const peersPatience = time.Second

// ErrCrashed ends Run after [Node.Crash].
var ErrCrashed = errors.New("the node was killed")

// Node is one member of a cluster. Its methods may be called from any
// goroutine; those that need the ring must wait for [Node.Ready].
type Node struct {
	cfg      Config
	log      *slog.Logger
	id       ring.NodeID
	instance string
	born     time.Time

	store       *engine.Store
	channel     *peer.Channel
	mux         *peer.Mux
	gossip      *gossip.Gossip
	state       *membership.StateStore
	membership  *membership.Membership
	clock       *causal.Clock
	settings    *settings.Store
	coordinator *replica.Coordinator
	*coverage.Reader
	disseminator *settings.Disseminator
	deliverer    *handoff.Deliverer
	mover        *handoff.Mover
	exchanger    *antientropy.Exchanger
	scheduler    *antientropy.Scheduler
	reaper       *antientropy.Reaper
	operations   *operation.Registry

	ready   chan struct{}
	once    sync.Once
	fatal   chan error
	crashed atomic.Bool
}

// New opens the node's store and binds its peer port. On success the caller
// must call Run, which gives both back.
func New(cfg Config) (*Node, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg.setDefaults()
	n := &Node{
		cfg: cfg, id: ring.IDOf(cfg.Name), log: cfg.Logger.With("component", "cluster"), born: cfg.Now(),
		ready: make(chan struct{}), fatal: make(chan error, 1),
	}
	n.clock = causal.NewClock(func() int64 { return cfg.Now().UnixMilli() })
	if err := n.openStore(); err != nil {
		return nil, err
	}
	if err := n.assemble(); err != nil {
		return nil, errors.Join(err, n.store.Close())
	}
	return n, nil
}

func (n *Node) openStore() (err error) {
	o := n.cfg.Store
	o.Self, o.Name, o.Partitions, o.Now = n.id, n.cfg.Name, n.cfg.Partitions, n.cfg.Now
	o.Logger = n.cfg.Logger.With("component", "engine")
	o.OnFatal = n.fail
	if n.store, err = engine.Open(o); err != nil {
		return err
	}
	if n.state, err = membership.OpenState(n.store.State(), n.cfg.Now); err == nil {
		n.instance, err = loadInstance(n.store)
	}
	if err == nil {
		n.settings, err = settings.Open(n.store.State(), n.cfg.Policy)
	}
	if err != nil {
		return errors.Join(err, n.store.Close())
	}
	return nil
}

// loadInstance returns the id of the data directory, made on its first use.
func loadInstance(store *engine.Store) (string, error) {
	data, err := store.State().Load(stateInstance)
	if err != nil || len(data) > 0 {
		return string(data), err
	}
	id := make([]byte, 8)
	rand.Read(id) // never fails, see its documentation
	instance := hex.EncodeToString(id)
	return instance, store.State().Save(stateInstance, []byte(instance))
}

// assemble puts the parts together; nothing runs yet.
func (n *Node) assemble() (err error) {
	n.channel, err = peer.Listen(peer.Config{
		Self: n.id, Name: n.cfg.Name, Instance: n.instance,
		Addr: n.cfg.PeerAddr, Advertise: n.cfg.AdvertisePeerAddr,
		ClusterID: n.state.ClusterID, Secret: n.cfg.Secret, Links: n.cfg.Links, Connected: n.connected,
		RequestTimeout: n.cfg.RequestTimeout, Logger: n.cfg.Logger.With("component", "peer"),
	})
	if err != nil {
		return err
	}
	if n.cfg.AdvertisePeerAddr == "" {
		n.cfg.AdvertisePeerAddr = n.channel.Addr()
	}
	n.disseminator = settings.NewDisseminator(settings.Config{
		Self: n.id, Store: n.settings, Channel: n.channel,
		Others:   func() []ring.NodeID { return n.membership.Others() },
		Announce: func() { n.gossip.AnnounceSettings() },
		Name:     func(id ring.NodeID) string { return n.state.Ring().Name(id) },
		Logger:   n.cfg.Logger.With("component", "settings"),
	})
	n.gossip, err = gossip.New(gossip.Config{
		Self: n.id, Name: n.cfg.Name, Instance: n.instance, ClusterID: n.state.ClusterID,
		PeerAddr: n.cfg.AdvertisePeerAddr, ClientAddr: n.cfg.ClientAddr, AdminAddr: n.cfg.AdminAddr,
		Secret: n.cfg.Secret, Profile: n.cfg.GossipProfile,
		Transport: n.channel.Gossip(), Delegate: gossipDelegate{n}, Settings: n.disseminator,
		Logger: n.cfg.Logger.With("component", "gossip"),
	})
	if err != nil {
		n.channel.Close()
		return err
	}
	n.mux = peer.NewMux(n.state.Joined)
	n.membership = membership.New(membership.Config{
		Self: ring.Member{
			ID: n.id, Name: n.cfg.Name, Zone: n.cfg.Zone, Instance: n.instance,
			ClientAddr: n.cfg.ClientAddr, PeerAddr: n.cfg.AdvertisePeerAddr, AdminAddr: n.cfg.AdminAddr,
		},
		State: n.state, Channel: n.channel, Gossip: n.gossip, Queue: n.mux.Do, RingChanged: n.ringChanged,
		Lacking: n.store.DiskLoss().Unrepaired, Logger: n.cfg.Logger.With("component", "membership"),
		Start: membership.Start{
			Quorums: ring.Quorums{N: n.cfg.N, R: n.cfg.R, W: n.cfg.W}, Partitions: n.cfg.Partitions,
			Founders: n.cfg.Founders, ClusterID: n.cfg.ClusterID, Join: n.cfg.Join, Whereabouts: n.cfg.Whereabouts,
		},
	})
	n.coordinator = replica.New(replica.Config{
		Self: n.id, Store: n.store, Channel: n.channel, Ring: n.state.Ring, Policy: n.settings.Policy,
		Clock: n.clock, Logger: n.cfg.Logger.With("component", "replica"), Now: n.cfg.Now,
		RequestTimeout: n.cfg.RequestTimeout,
		SiblingsWarn:   n.cfg.SiblingsWarn, SiblingsRefuse: n.cfg.SiblingsRefuse,
	})
	n.Reader = coverage.New(coverage.Config{
		Self: n.id, Ring: n.state.Ring, Store: n.store, Channel: n.channel, Coordinator: n.coordinator, Now: n.cfg.Now,
	})
	n.deliverer = handoff.NewDeliverer(handoff.HintConfig{
		Self: n.id, Store: n.store, Channel: n.channel, Ring: n.state.Ring,
		Logger: n.cfg.Logger.With("component", "handoff"), Now: n.cfg.Now,
	})
	n.assembleRepair()
	n.register(n.mux)
	return nil
}

// Run lives the node's life until ctx ends, and returns when all of it has
// stopped. It returns nil on a plain stop, [membership.ErrLeft] when the node has left the
// ring, and the cause when the node can no longer be trusted.
func (n *Node) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	group, ctx := errgroup.WithContext(ctx)
	// The coordinator outlives those who feed it, so that what was accepted is
	// answered; it stops when they have.
	serving, stopServing := context.WithCancel(context.WithoutCancel(ctx))
	var last errgroup.Group
	last.Go(func() error { return n.coordinator.Run(serving) })
	last.Go(func() error { return n.store.Run(serving) })
	last.Go(func() error { return n.mux.Run(serving) })

	group.Go(func() error { return n.channel.Run(ctx, n.mux) })
	group.Go(func() error {
		select {
		case err := <-n.fatal:
			return err
		case <-ctx.Done():
			return nil
		}
	})
	group.Go(func() error { return n.live(ctx) })
	err := group.Wait()
	stopServing()
	err = errors.Join(err, last.Wait())
	if n.crashed.Load() {
		n.store.Crash()
		return err
	}
	return errors.Join(err, n.store.Close())
}

// live is what the node does once it can talk: find its ring, then keep it.
func (n *Node) live(ctx context.Context) error {
	if ctx.Err() != nil {
		return nil // it never came to life: leave no trace
	}
	origin, err := n.membership.Bootstrap(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	if err := n.foundSettings(origin); err != nil {
		return err
	}
	if err := n.gossip.Start(); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return n.gossip.Run(ctx) })
	group.Go(func() error { return n.membership.Run(ctx) })
	group.Go(func() error { return n.disseminator.Run(ctx) })
	n.membership.AwaitPeers(ctx, peersPatience)
	if err := n.awaitSettings(ctx, origin); err != nil {
		group.Go(func() error { return err }) // which ends the others
		return group.Wait()
	}
	if err := n.mover.AwaitRing(ctx); err != nil {
		group.Go(func() error { return err }) // which ends the others
		return group.Wait()
	}
	n.once.Do(func() { close(n.ready) })
	group.Go(func() error { return n.deliverer.Run(ctx) })
	group.Go(func() error { return n.mover.Run(ctx) })
	group.Go(func() error { return n.exchanger.Run(ctx) })
	group.Go(func() error { return n.scheduler.Run(ctx) })
	group.Go(func() error { return n.reaper.Run(ctx) })
	group.Go(func() error { return n.membership.AwaitLeave(ctx, n.drained) })
	group.Go(func() error { return n.watch(ctx) })
	group.Go(func() error { return n.awaitFilled(ctx) })
	return group.Wait()
}

// Crash stops a running node as kill -9 would: peers are told nothing, and nothing is
// flushed. It must be called instead of cancelling Run's context.
func (n *Node) Crash() {
	n.crashed.Store(true)
	n.channel.Close()
	n.fail(ErrCrashed)
}

// fail ends the node: its disk can no longer be trusted.
func (n *Node) fail(err error) {
	select {
	case n.fatal <- fmt.Errorf("the store failed: %w", err):
	default:
	}
}

// Ready is closed when the node has a ring and serves.
func (n *Node) Ready() <-chan struct{} { return n.ready }

// ID, Name and Ring say who the node is and what it believes.
func (n *Node) ID() ring.NodeID { return n.id }

// Name is the node's name.
func (n *Node) Name() string { return n.cfg.Name }

// Ring is the ring as this node knows it; nil before the node is ready.
func (n *Node) Ring() *ring.Ring { return n.state.Ring() }

// PeerAddr is the address that the peer port is bound to.
func (n *Node) PeerAddr() string { return n.channel.Addr() }

// Do carries out a pipeline of requests: see [replica.Coordinator.Do].
func (n *Node) Do(ctx context.Context, reqs []*replica.Request) { n.coordinator.Do(ctx, reqs) }
