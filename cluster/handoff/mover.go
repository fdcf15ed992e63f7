package handoff

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/quorate/quorate/cluster/antientropy"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/operation"
	"github.com/quorate/quorate/engine"
)

// Exchanger is what a Mover needs to make copies of a partition equal: see
// [antientropy.Exchanger].
type Exchanger interface {
	Differing(ctx context.Context, peer ring.NodeID, parts []ring.Partition) (differing, unknown []ring.Partition, err error)
	Transfer(ctx context.Context, peer ring.NodeID, p ring.Partition) (antientropy.Stats, error)
	Offer(ctx context.Context, peer ring.NodeID, p ring.Partition) (antientropy.Stats, error)
	Unrepaired(ctx context.Context, member ring.NodeID) (bool, error)
}

// MoverConfig configures a [Mover]. The first seven fields are required.
type MoverConfig struct {
	Self      ring.NodeID
	Ring      func() *ring.Ring
	Store     *engine.Store
	Exchanger Exchanger
	// Announce sends the present ring to every member that can be reached, so that
	// coordinators write to the nodes that gain as well.
	Announce func(ctx context.Context) error
	// Done marks this node done in the ring state, durably.
	Done func(target uint64) error
	// Available reports whether a member can be reached now.
	Available func(id ring.NodeID) bool
	Logger    *slog.Logger // default: none
	// Operations lists what is moved. Default: a registry of its own.
	Operations *operation.Registry

	// Tick is how often to look for work without a trigger. Default: 1 s.
	Tick time.Duration
	// OwnerWait is how long to wait for an owner that does not answer before copying
	// from the others only, if they are enough. Default: 5 s.
	OwnerWait time.Duration
	// Settle is how long the new owners must have had everything before the old
	// copy is dropped: longer than the engine's sync interval, so that what is
	// dropped here is on their disks. Default: 3 s.
	Settle time.Duration
	// Pause is how long a transfer that was cancelled rests before the next one
	// begins. Default: 1 minute.
	Pause time.Duration
	// Grace is the Reaper's. Default: 10 days.
	Grace time.Duration
	// Now is the wall clock, and Monotonic a clock of which only differences are
	// taken. Default of both: time.Now.
	Now, Monotonic func() time.Time
}

const (
	moveAtOnce   = 4                      // partitions being moved, each way
	firstBackoff = 100 * time.Millisecond // after a round that failed; doubles
	lastBackoff  = 10 * time.Second
)

// Mover moves whole partitions when the ring changes: it copies what this node
// gains, and gives away and drops what this node no longer owns. It is driven by
// the ring state and the store alone, so that a node that crashed in the middle
// goes on by itself, and cheaply, because what it has already compares as equal.
//
// To gain (gain.go):
//
//  1. Announce the ring. From here on every coordinator that can be reached
//     writes to this node too, so that only what was written before must be
//     copied.
//  2. Compare the roots of everything gained with every primary, by one message
//     for each of them, and exchange what differs.
//  3. Compare once more, for writes that were under way at step 1.
//  4. Mark this node done. When all are done, the ring flips.
//
// To release (release.go) a partition that this node holds data of, and neither
// owns nor gains:
//
//  1. Offer it to every primary. All must be reachable, and have merged all of it.
//     While one is not reachable, make the partition equal with the others' copies:
//     they get what only this node has, and this node what is deleted meanwhile.
//  2. After Settle, do that again. If any of it was news to a primary, or the
//     partition changed here, start over: a stray write is never dropped.
//  3. Drop it, on condition that it still is what was offered.
//
// Each direction is an operation while it lasts: see transfer.
//
// Every write acknowledged on the way survives, because a partition has its old
// owners until the new ones have everything, and an old copy is dropped only when
// all new owners were seen to cover it.
type Mover struct {
	cfg     MoverConfig
	trigger chan struct{}

	// Used by Run only. The goroutines of a round read them.
	done      uint64                          // target that this node was marked done for; the mark may have been taken back
	silent    map[ring.NodeID]time.Time       // monotonic: since when members have not answered
	confirmed map[ring.Partition]confirmation // partitions that all primaries had
	inSync    lastInSync
	gaining   transfer
	releasing transfer
	released  handedOver // in the operation releasing
	throttle  logThrottle

	mu struct {
		sync.Mutex
		progress MoverProgress
	}
}

// NewMover makes a mover; Run must be called.
func NewMover(cfg MoverConfig) *Mover {
	cfg.Tick = cmp.Or(cfg.Tick, time.Second)
	cfg.OwnerWait = cmp.Or(cfg.OwnerWait, 5*time.Second)
	cfg.Settle = cmp.Or(cfg.Settle, 3*time.Second)
	cfg.Pause = cmp.Or(cfg.Pause, time.Minute)
	cfg.Grace = cmp.Or(cfg.Grace, antientropy.DefaultGrace)
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Monotonic == nil {
		cfg.Monotonic = time.Now
	}
	if cfg.Operations == nil {
		cfg.Operations = operation.NewRegistry(operation.Config{Now: cfg.Now})
	}
	return &Mover{
		cfg: cfg, trigger: make(chan struct{}, 1),
		silent: make(map[ring.NodeID]time.Time), confirmed: make(map[ring.Partition]confirmation),
		gaining: transfer{kind: operation.Gain}, releasing: transfer{kind: operation.Release},
	}
}

// Trigger makes the Mover look for work now. It is for callers that know that the
// ring changed or that a member came back.
func (m *Mover) Trigger() {
	select {
	case m.trigger <- struct{}{}:
	default:
	}
}

// Run moves partitions until ctx ends.
func (m *Mover) Run(ctx context.Context) error {
	if err := m.inSync.load(m.cfg.Store.State()); err != nil {
		return err
	}
	defer func() {
		m.gaining.stop(ctx.Err())
		m.releasing.stop(ctx.Err())
	}()
	backoff := firstBackoff
	for {
		wait := m.cfg.Tick
		switch err := m.round(ctx); {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, errRingMoved):
			backoff, wait = firstBackoff, 0
		case err != nil:
			wait, backoff = backoff, min(2*backoff, lastBackoff)
		default:
			backoff = firstBackoff
		}
		select {
		case <-ctx.Done():
			return nil
		case <-m.trigger:
		case <-time.After(wait):
			select {
			case <-m.trigger: // of a change that the next round sees anyway
			default:
			}
		}
	}
}

// errRingMoved ends a round whose ring is no longer the one in force.
var errRingMoved = errors.New("the ring changed")

// round does what the present ring asks for. It ends early when the ring changes.
func (m *Mover) round(ctx context.Context) error {
	m.watchMembers(ctx, m.cfg.Ring())
	view := m.cfg.Ring()
	ctx, cancel := context.WithCancel(ctx)
	var watch sync.WaitGroup
	watch.Go(func() { m.watchRing(ctx, view, cancel) })
	err := errors.Join(m.gain(ctx, view), m.release(ctx, view))
	cancel()
	watch.Wait()
	if outdated(view, m.cfg.Ring()) {
		err = errRingMoved
	}
	m.throttle.record(m, err)
	return err
}

// watchRing cancels a round when the ring no longer asks for what it works towards. A
// trigger that comes meanwhile also asks for another round.
func (m *Mover) watchRing(ctx context.Context, started *ring.Ring, cancel context.CancelFunc) {
	tick := time.NewTicker(m.cfg.Tick)
	defer tick.Stop()
	triggered := false
	defer func() {
		if triggered {
			m.Trigger()
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return
		case <-m.trigger:
			triggered = true
		case <-tick.C:
		}
		if outdated(started, m.cfg.Ring()) {
			cancel()
			return
		}
	}
}

// outdated reports whether latest asks for something else than before did.
func outdated(before, latest *ring.Ring) bool {
	return before.Target() != latest.Target() || before.LayoutNumber() != latest.LayoutNumber()
}

// watchMembers notes since when members have been silent.
func (m *Mover) watchMembers(ctx context.Context, view *ring.Ring) {
	at := m.cfg.Monotonic()
	for _, member := range view.Members() {
		if member.ID == m.cfg.Self {
			continue
		}
		if m.cfg.Available(member.ID) {
			delete(m.silent, member.ID)
		} else if _, known := m.silent[member.ID]; !known {
			m.silent[member.ID] = at
		}
	}
	m.renewLastInSync(ctx)
}

// givenUp reports whether a member has not answered for OwnerWait.
func (m *Mover) givenUp(id ring.NodeID) bool {
	since, silent := m.silent[id]
	return silent && m.cfg.Monotonic().Sub(since) >= m.cfg.OwnerWait
}

// root returns the root of a partition's tree on this node.
func (m *Mover) root(p ring.Partition) uint64 { return m.cfg.Store.Merkle().Root(p) }
