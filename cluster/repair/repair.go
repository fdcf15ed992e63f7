package repair

import (
	"context"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/quorate/quorate/cluster/antientropy"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/handoff"
	"github.com/quorate/quorate/cluster/operation"
	"github.com/quorate/quorate/engine"
)

// Config configures a [Repair]. Zero fields below Logger have the defaults of the parts.
type Config struct {
	Self       ring.NodeID
	Ring       func() *ring.Ring
	Store      *engine.Store
	Channel    antientropy.Channel
	Operations *operation.Registry
	// Announce sends the present ring to every member that can be reached, and Done marks
	// this node done in the ring state: see [handoff.MoverConfig].
	Announce func(ctx context.Context) error
	Done     func(target uint64) error
	// Logger has no component: each part adds its own.
	Logger *slog.Logger

	Interval time.Duration // between two comparisons with another node
	Rate     int           // of anti-entropy, in bytes a second
	Grace    time.Duration // for which tombstones are kept
	Now      func() time.Time
}

// Repair makes copies equal, and moves data to where it belongs. Its methods may be called
// from any goroutine.
type Repair struct {
	exchanger *antientropy.Exchanger
	scheduler *antientropy.Scheduler
	reaper    *antientropy.Reaper
	deliverer *handoff.Deliverer
	mover     *handoff.Mover
	store     *engine.Store
	work      *operation.Registry
	held      func() antientropy.Holding
}

// New returns a Repair. AwaitRing must be called once the node has a ring, and then Run.
func New(cfg Config) *Repair {
	r := &Repair{store: cfg.Store, work: cfg.Operations, held: func() antientropy.Holding { return held(cfg.Store, cfg.Ring()) }}
	compare, move := cfg.Logger.With("component", "antientropy"), cfg.Logger.With("component", "handoff")
	r.exchanger = antientropy.NewExchanger(antientropy.Config{
		Self: cfg.Self, Store: cfg.Store, Channel: cfg.Channel, Ring: cfg.Ring, RepairRate: cfg.Rate,
	})
	r.scheduler = antientropy.NewScheduler(antientropy.ScheduleConfig{
		Self: cfg.Self, Ring: cfg.Ring, Exchanger: r.exchanger, Available: cfg.Channel.Available,
		Logger: compare, Tick: cfg.Interval, Now: cfg.Now, Operations: cfg.Operations,
		Held: r.held,
	})
	r.reaper = antientropy.NewReaper(antientropy.ReapConfig{
		Self: cfg.Self, Ring: cfg.Ring, Exchanger: r.exchanger, Available: cfg.Channel.Available,
		Logger: compare, Grace: cfg.Grace, Now: cfg.Now,
	})
	r.deliverer = handoff.NewDeliverer(handoff.HintConfig{
		Self: cfg.Self, Store: cfg.Store, Channel: cfg.Channel, Ring: cfg.Ring, Logger: move, Now: cfg.Now,
		Operations: cfg.Operations,
	})
	r.mover = handoff.NewMover(handoff.MoverConfig{
		Self: cfg.Self, Ring: cfg.Ring, Store: cfg.Store, Exchanger: r.exchanger,
		Announce: cfg.Announce, Done: cfg.Done,
		Available: func(id ring.NodeID) bool { return id == cfg.Self || cfg.Channel.Available(id) },
		Logger:    move, Grace: cfg.Grace, Now: cfg.Now, Operations: cfg.Operations,
	})
	return r
}

// AwaitRing waits until the ring is up to date enough to move data by it: see
// [handoff.Mover.AwaitRing].
func (r *Repair) AwaitRing(ctx context.Context) error { return r.mover.AwaitRing(ctx) }

// Run runs the parts until ctx ends.
func (r *Repair) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return r.deliverer.Run(ctx) })
	group.Go(func() error { return r.mover.Run(ctx) })
	group.Go(func() error { return r.exchanger.Run(ctx) })
	group.Go(func() error { return r.scheduler.Run(ctx) })
	group.Go(func() error { return r.reaper.Run(ctx) })
	group.Go(func() error {
		return followRebuild(ctx, r.work, func() rebuilding {
			return rebuilding{unready: r.store.Metrics().UnreadyPartitions, held: r.held()}
		})
	})
	return group.Wait()
}

// RingChanged makes the parts that move data look at the new ring.
func (r *Repair) RingChanged() {
	r.deliverer.Trigger()
	r.mover.Trigger()
}

// Reachable makes the parts use a member that can be reached again.
func (r *Repair) Reachable(id ring.NodeID) {
	r.deliverer.Trigger()
	r.mover.Trigger()
	r.scheduler.Trigger(id)
}

// Missed makes the copies here and on a member that has missed something be compared soon.
func (r *Repair) Missed(id ring.NodeID) { r.scheduler.Missed(id) }

// HintsDelivered returns how many hints each node has got from this one since it started.
func (r *Repair) HintsDelivered() map[ring.NodeID]int64 { return r.deliverer.DeliveredTo() }

// Exchanger returns the exchanger, which compares a partition with another node's copy.
func (r *Repair) Exchanger() *antientropy.Exchanger { return r.exchanger }

// Scheduler returns the scheduler, which makes all partitions equal to other nodes' copies.
func (r *Repair) Scheduler() *antientropy.Scheduler { return r.scheduler }

// Pause stops anti-entropy, and Resume starts it again: see [antientropy.Scheduler.Pause].
// Hints, moves and the reaping of tombstones go on.
func (r *Repair) Pause() { r.scheduler.Pause() }

// Resume ends a pause.
func (r *Repair) Resume() { r.scheduler.Resume() }

// HoldHints keeps hints from being delivered, and ReleaseHints lets them go: see
// [handoff.Deliverer.Hold].
func (r *Repair) HoldHints() { r.deliverer.Hold() }

// ReleaseHints ends a hold of hints.
func (r *Repair) ReleaseHints() { r.deliverer.Release() }

// Drained reports whether this node holds nothing that other nodes lack.
func (r *Repair) Drained() bool { return r.mover.Drained() && len(r.store.Hints().Targets()) == 0 }

// Status tells how the work of a [Repair] goes.
type Status struct {
	Hints     handoff.HintStats
	Transfers handoff.MoverProgress
	Exchanges antientropy.Stats // of the comparisons that this node began
	Pairs     antientropy.Summary
	Failing   []antientropy.Progress // pairs whose last exchange failed, the first of them
	Reaping   antientropy.ReapStatus
	Paused    time.Time // wall clock: since when anti-entropy is paused; zero: it is not
	HintsHeld time.Time // wall clock: since when hints are held; zero: they are not
}

// Status returns how the work goes.
func (r *Repair) Status() Status {
	return Status{
		Hints: r.deliverer.Stats(), Transfers: r.mover.Progress(), Exchanges: r.exchanger.Totals(),
		Pairs: r.scheduler.Summary(), Failing: r.scheduler.Failing(), Reaping: r.reaper.Status(),
		Paused: r.scheduler.PausedSince(), HintsHeld: r.deliverer.HeldSince(),
	}
}
