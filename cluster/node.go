package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/quorate/quorate/cluster/agreement"
	"github.com/quorate/quorate/cluster/clear"
	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/ring"
	coresettings "github.com/quorate/quorate/cluster/core/settings"
	"github.com/quorate/quorate/cluster/coverage"
	"github.com/quorate/quorate/cluster/logsummary"
	"github.com/quorate/quorate/cluster/membership"
	"github.com/quorate/quorate/cluster/membership/gossip"
	"github.com/quorate/quorate/cluster/operation"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/cluster/recovery"
	"github.com/quorate/quorate/cluster/repair"
	"github.com/quorate/quorate/cluster/replica"
	"github.com/quorate/quorate/cluster/settings"
	"github.com/quorate/quorate/engine"
)

// Bounds of what a node waits for before it serves.
const (
	peersTimeout    = time.Second     // streams to the others
	settingsTimeout = 5 * time.Second // the settings of the cluster, if it has no copy
)

// ErrCrashed ends Run after [Node.Crash].
var ErrCrashed = errors.New("the node was killed")

// Node is one member of a cluster. Its methods may be called from any goroutine.
type Node struct {
	cfg      Config
	log      *slog.Logger
	id       ring.NodeID
	instance string
	born     time.Time

	store        *engine.Store
	channel      *peer.Channel
	mux          *peer.Mux
	gossip       *gossip.Gossip
	state        *membership.StateStore
	membership   *membership.Membership
	clock        *causal.Clock
	settings     *settings.Store
	coordinator  *replica.Coordinator
	coverage     *coverage.Reader
	disseminator *settings.Disseminator
	clearer      *clear.Clearer
	repair       *repair.Repair
	recovery     *recovery.Recovery
	operations   *operation.Registry

	ready   chan struct{}
	fatal   chan error
	crashed atomic.Bool
	running sync.WaitGroup // the parts; Run leaves them behind if the disk does not answer
}

// New opens the node's store and puts its parts together. The sockets, for peers, are the
// node's from now on: an error closes them. On success the caller must call Run, which
// gives the store and the sockets back.
func New(cfg Config, sockets peer.Sockets) (*Node, error) {
	if err := cfg.Validate(); err != nil {
		return nil, errors.Join(err, sockets.Close())
	}
	cfg.setDefaults()
	n := &Node{
		cfg: cfg, id: ring.IDOf(cfg.Name), log: cfg.Logger.With("component", "cluster"), born: time.Now(),
		ready: make(chan struct{}), fatal: make(chan error, 1),
	}
	n.clock = causal.NewClock(func() int64 { return cfg.Now().UnixMilli() })
	if err := n.openStore(); err != nil {
		return nil, errors.Join(err, sockets.Close())
	}
	if err := n.assemble(sockets); err != nil {
		return nil, errors.Join(err, n.store.Close())
	}
	return n, nil
}

func (n *Node) openStore() (err error) {
	o := n.cfg.Store
	o.Self, o.Name, o.Partitions, o.Now = n.id, n.cfg.Name, n.cfg.Partitions, n.cfg.Now
	o.Logger = n.cfg.Logger.With("component", "engine")
	o.Observe = func(t causal.Timestamp) { n.coordinator.Observe(t) } // nothing is merged before there is one
	o.OnFatal = func(err error) { n.fail(fmt.Errorf("the store failed: %w", err)) }
	o.MayStrip = func() bool { return n.allMembers(peer.Stripped) == nil }
	if n.store, err = engine.Open(o); err != nil {
		return err
	}
	if n.state, err = membership.OpenState(n.store.State(), n.cfg.Now); err == nil {
		n.instance, err = membership.LoadInstance(n.store.State())
	}
	if err == nil {
		n.settings, err = settings.Open(n.store.State(), n.cfg.Policy)
	}
	if err != nil {
		return errors.Join(err, n.store.Close())
	}
	return nil
}

// allMembers returns nil if all other members are known to be of a version with a feature.
func (n *Node) allMembers(what peer.Feature) error {
	select {
	case <-n.ready:
		return agreement.All(n.state.Ring().Members(), n.id, func(id ring.NodeID) (does, known bool) { return n.channel.Speaks(id, what) })
	default:
		return agreement.ErrNoRing
	}
}

// assemble puts the parts together; nothing runs yet.
func (n *Node) assemble(sockets peer.Sockets) (err error) {
	n.channel, err = peer.New(peer.Config{
		Self: n.id, Name: n.cfg.Name, Instance: n.instance,
		Advertise: n.cfg.AdvertisePeerAddr, ClusterID: n.state.ClusterID,
		Secret: n.cfg.Secret, Links: n.cfg.Links, Connected: n.connected,
		Claimed:    func(name, cluster string) { n.membership.Called(membership.Caller{Name: name, Cluster: cluster}) },
		MaxStreams: n.cfg.PeerStreams, Lanes: n.cfg.PeerLanes, AcceptSecrets: n.cfg.AcceptSecrets,
		RequestTimeout: n.cfg.RequestTimeout, Logger: n.cfg.Logger.With("component", "peer"),
	}, sockets)
	if err != nil {
		return err
	}
	if n.cfg.AdvertisePeerAddr == "" {
		n.cfg.AdvertisePeerAddr = n.channel.Addr()
	}
	n.assembleRepair()
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
		Secret: n.cfg.Secret, AcceptSecrets: n.cfg.AcceptSecrets, Profile: n.cfg.GossipProfile,
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
		State: n.state, Channel: n.channel, Gossip: n.gossip, Queue: n.mux.Do, RingChanged: n.repair.RingChanged,
		Incarnation: n.store.Incarnation(), Disk: n.recovery, Fail: n.fail, Resolve: peer.Resolve,
		Logger: n.cfg.Logger.With("component", "membership"),
		Start: membership.Start{
			Quorums: ring.Quorums{N: n.cfg.N, R: n.cfg.R, W: n.cfg.W}, Partitions: n.cfg.Partitions,
			Founders: n.cfg.Founders, ClusterID: n.cfg.ClusterID, Join: n.cfg.Join, Whereabouts: n.cfg.Whereabouts,
			Replace: n.cfg.Replace, FoundAfter: n.cfg.FoundAfter, FoundIfAbsent: n.cfg.FoundIfAbsent,
		},
	})
	n.coordinator = replica.New(replica.Config{
		Self: n.id, Store: n.store, Channel: n.channel, Ring: n.state.Ring, Policy: n.settings.Policy,
		Clock: n.clock, Logger: n.cfg.Logger.With("component", "replica"), Now: n.cfg.Now,
		RequestTimeout: n.cfg.RequestTimeout, Abstain: true, Lanes: n.cfg.PeerLanes,
		SiblingsWarn: n.cfg.SiblingsWarn, SiblingsRefuse: n.cfg.SiblingsRefuse,
		ClearsDiffer: func(id ring.NodeID) { n.clearer.Differs(id) }, Missed: n.repair.Missed,
		Collections: agreement.New(n.store.State(), "elements", func() error { return n.allMembers(peer.Elements) }).Err,
		Sums:        agreement.New(n.store.State(), "sums", func() error { return n.allMembers(peer.Sums) }).Err,
	})
	n.coverage = coverage.New(coverage.Config{
		Self: n.id, Ring: n.state.Ring, Store: n.store, Channel: n.channel, Coordinator: n.coordinator,
		Policy: n.settings.Policy, Now: n.cfg.Now,
	})
	n.clearer = clear.New(clear.Config{Self: n.id, Store: n.store.Clears(), Channel: n.channel, Ring: n.state.Ring,
		DeleteAll: n.coverage.DeleteAll, Logger: n.cfg.Logger.With("component", "clear"),
	})
	n.register(n.mux)
	return nil
}

// assembleRepair puts together what makes this node's data whole, and knows whether it is.
func (n *Node) assembleRepair() {
	n.operations = operation.NewRegistry(operation.Config{Now: n.cfg.Now})
	n.repair = repair.New(repair.Config{
		Self: n.id, Ring: n.state.Ring, Store: n.store, Channel: n.channel, Operations: n.operations,
		Announce: func(ctx context.Context) error { return n.membership.Disseminator().Push(ctx) },
		Done:     func(target uint64) error { return n.membership.MarkDone(target) },
		Logger:   n.cfg.Logger, Interval: n.cfg.AntiEntropyInterval, Rate: int(n.cfg.AntiEntropyRate),
		Grace: n.cfg.TombstoneGrace, Now: n.cfg.Now,
	})
	n.recovery = recovery.New(recovery.Config{
		Self: n.id, Ring: n.state.Ring, Store: n.store, Scheduler: n.repair.Scheduler(),
		Grace: n.cfg.TombstoneGrace, Now: n.cfg.Now, Logger: n.log,
	})
}

// Run runs the node until ctx ends, and returns when all of it has stopped. It returns nil
// on a plain stop, [membership.ErrLeft] when the node has left the ring, and the cause if
// the node's disk can no longer be trusted.
//
// If the disk neither succeeds nor fails, Run returns [engine.ErrFatal] after a time:
// what its parts may take to stop (see [Node.awaitParts]) and the store's CloseTimeout.
// Nothing can end the goroutines that wait for the disk, so that Run leaves them behind;
// the process is to end.
func (n *Node) Run(ctx context.Context) error {
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
	stopped := make(chan error, 1)
	n.running.Go(func() {
		err := group.Wait()
		stopServing()
		stopped <- errors.Join(err, last.Wait())
	})
	<-ctx.Done() // to be stopped, or a part has ended
	err := n.awaitParts(ctx, stopped)
	if n.crashed.Load() {
		n.store.Crash()
		return err
	}
	return errors.Join(err, n.store.Close())
}

// awaitParts waits until all parts have stopped, at most for the time of a request and the
// store's CloseTimeout. It returns their errors, or why ctx has ended if they do not stop.
func (n *Node) awaitParts(ctx context.Context, stopped <-chan error) error {
	limit := cmp.Or(n.cfg.RequestTimeout, DefaultRequestTimeout) + cmp.Or(n.cfg.Store.CloseTimeout, engine.DefaultCloseTimeout)
	deadline := time.NewTimer(limit)
	defer deadline.Stop()
	select {
	case err := <-stopped:
		return err
	case <-deadline.C:
	}
	err := fmt.Errorf("%w: the node has not stopped within %v, because its disk does not answer", engine.ErrFatal, limit)
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return errors.Join(cause, err)
	}
	return err
}

// live finds the node's ring, once the node can talk, and then runs the parts that need
// one.
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
	var assumed *coresettings.Document // settings of a cluster that has none
	switch origin {
	case membership.Founded: // the founders' flags are the settings
		err = n.settings.Merge(coresettings.Founded(n.cfg.Policy))
	case membership.Loaded: // the flags of an old member count, less than anything else
		assumed = coresettings.Assumed(n.cfg.Policy)
	}
	if err != nil {
		return err
	}
	if err := n.gossip.Start(); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return n.gossip.Run(ctx) })
	group.Go(func() error { return n.membership.Run(ctx) })
	group.Go(func() error { return n.disseminator.Run(ctx) })
	group.Go(func() error { return n.clearer.Run(ctx) })
	n.membership.AwaitPeers(ctx, peersTimeout)
	n.clearer.CatchUp(ctx)
	if err = n.disseminator.Await(ctx, settingsTimeout, assumed); err == nil {
		err = n.repair.AwaitRing(ctx)
	}
	if err != nil {
		group.Go(func() error { return err }) // which ends the others
		return group.Wait()
	}
	if now := n.settings.Policy(); now != n.cfg.Policy {
		n.log.Info("the conflict policy is the cluster's, not that of this node's flag", "policy", now, "flag", n.cfg.Policy)
	}
	n.membership.Changes().LogQuorums(ring.Quorums{N: n.cfg.N, R: n.cfg.R, W: n.cfg.W}.NRW())
	close(n.ready)
	group.Go(func() error { return n.coordinator.TakeOver(ctx, n.membership.Others) })
	group.Go(func() error { return n.repair.Run(ctx) })
	group.Go(func() error { return n.membership.AwaitLeave(ctx, n.repair.Drained) })
	group.Go(func() error { return n.summary().Run(ctx) })
	group.Go(func() error { return n.recovery.Run(ctx) })
	return group.Wait()
}

// Crash stops a running node as kill -9 would: peers are told nothing, and nothing is
// flushed. It must be called instead of cancelling Run's context.
func (n *Node) Crash() {
	n.crashed.Store(true)
	n.channel.Close()
	n.fail(ErrCrashed)
}

// fail ends the node.
func (n *Node) fail(err error) {
	select {
	case n.fatal <- err:
	default:
	}
}

// summary returns what logs the things that happen too often to be logged each time.
func (n *Node) summary() *logsummary.Summary {
	return logsummary.New(logsummary.Config{
		Hints: n.store.Hints().Targets, Delivered: n.repair.HintsDelivered,
		NoQuorum: n.coordinator.Counters().NoQuorum.Load,
		Name:     func(id ring.NodeID) string { return n.state.Ring().Name(id) },
		Logger:   n.log,
	})
}
