package recovery

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/quorate/quorate/cluster/antientropy"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/handoff"
	"github.com/quorate/quorate/cluster/membership"
	"github.com/quorate/quorate/engine"
)

// Scheduler makes copies equal: see [antientropy.Scheduler].
type Scheduler interface {
	Trigger(peer ring.NodeID)
	AwaitRefilled(ctx context.Context) error
}

// Config configures a [Recovery]. The first four fields are required.
type Config struct {
	Self      ring.NodeID
	Ring      func() *ring.Ring
	Store     *engine.Store
	Scheduler Scheduler
	Grace     time.Duration    // for which tombstones are kept; default: 10 days
	Now       func() time.Time // the wall clock; default: time.Now
	Logger    *slog.Logger     // default: none
}

// Recovery knows whether the node's data may lack what the node has acknowledged. Its
// methods may be called from any goroutine.
type Recovery struct {
	cfg     Config
	doubted chan struct{} // the data may lack something, from now on
}

// New returns a Recovery; Run must be called once the node has a ring.
func New(cfg Config) *Recovery {
	cfg.Grace = cmp.Or(cfg.Grace, antientropy.DefaultGrace)
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &Recovery{cfg: cfg, doubted: make(chan struct{}, 1)}
}

// Unrepaired reports whether the node may lack what it has acknowledged.
func (r *Recovery) Unrepaired() bool { return r.cfg.Store.DiskLoss().Unrepaired() }

// Outdated notes durably that the disk does not know of a start of the node, so that the
// others fill it. It returns [membership.ErrOutdated] for a copy from before the tombstone
// grace. That one cannot be filled: it holds values whose deletion nobody remembers.
func (r *Recovery) Outdated(start ring.Incarnation) error {
	last, err := handoff.LastInSync(r.cfg.Store.State())
	if err != nil {
		return err
	}
	if handoff.LongAway(last, r.cfg.Now(), r.cfg.Grace) {
		return fmt.Errorf("last in sync at %v: %w", last, membership.ErrOutdated)
	}
	r.Outgrow(start)
	return r.mark(engine.Outdated)
}

// Lost notes durably that the disk has nothing of what the node is to hold.
func (r *Recovery) Lost() error { return r.mark(engine.Lost) }

// Outgrow keeps what was made in an earlier start from being counted on.
func (r *Recovery) Outgrow(start ring.Incarnation) { r.cfg.Store.Outgrow(start) }

func (r *Recovery) mark(doubt engine.Doubt) error {
	err := r.cfg.Store.DiskLoss().Mark(doubt)
	r.wake()
	return err
}

// wake makes Run look now.
func (r *Recovery) wake() {
	select {
	case r.doubted <- struct{}{}:
	default:
	}
}

// Run waits, whenever this node may lack what it has acknowledged, until the others have
// filled it. Only then may it answer for what it holds. It returns when ctx ends, or with
// what is wrong with the disk.
func (r *Recovery) Run(ctx context.Context) error {
	for {
		if r.Unrepaired() {
			if err := r.refill(ctx); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-r.doubted:
		}
	}
}

// refill waits until the others have filled this node, and notes that they have.
func (r *Recovery) refill(ctx context.Context) error {
	select {
	case <-r.doubted: // all that is in doubt until now is compared from here on
	default:
	}
	r.cfg.Logger.Warn("this node may lack what it has acknowledged; until the others have filled it, they answer for it", "data", r.cfg.Store.DiskLoss().Doubt())
	for _, other := range r.cfg.Ring().Members() {
		if other.ID != r.cfg.Self {
			r.cfg.Scheduler.Trigger(other.ID)
		}
	}
	if r.cfg.Scheduler.AwaitRefilled(ctx) != nil {
		return nil // the next start begins again
	}
	select {
	case <-r.doubted: // anew: what was compared before proves nothing
		r.wake()
		return nil
	default:
	}
	if err := r.cfg.Store.DiskLoss().MarkRepaired(); err != nil {
		return fmt.Errorf("note that the others have filled this node: %w", err)
	}
	r.cfg.Logger.Info("this node has everything again")
	return nil
}
