package handoff

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/operation"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/engine"
)

// HintChannel is what a Deliverer needs of the peer channel.
type HintChannel interface {
	Available(to ring.NodeID) bool
	Call(ctx context.Context, to ring.NodeID, class peer.Class, kind peer.Kind, body []byte) ([]byte, error)
}

// HintConfig configures a [Deliverer].
type HintConfig struct {
	Self    ring.NodeID
	Store   *engine.Store
	Channel HintChannel
	Ring    func() *ring.Ring
	Logger  *slog.Logger
	// Operations lists deliveries that take more than one request. Default: a registry of
	// its own.
	Operations *operation.Registry

	// Tick is how often to look for hints to deliver without a trigger; default 250 ms.
	Tick time.Duration
	// MinRate and MaxRate bound the rate of delivery to one node, in bytes per
	// second; defaults 1 MiB and 64 MiB. The rate starts at MinRate, doubles with
	// every batch that is acknowledged fast, and halves with every slow one.
	MinRate, MaxRate rate.Limit
	// Slow is the acknowledgement time that counts as slow; default 50 ms.
	Slow time.Duration
	// Now is the wall clock; default time.Now.
	Now func() time.Time
}

const deliverStreams = 2 // nodes served at once, so that many returning nodes do not overload this one

// Deliverer sends hints to their targets as soon as the targets can be reached again. It
// is safe for concurrent use.
type Deliverer struct {
	cfg       HintConfig
	trigger   chan struct{}
	delivered atomic.Int64
	failures  atomic.Int64

	last       ring.NodeID // the target served last; used by Run only
	nextExpiry time.Time   // monotonic; used by Run only

	mu struct {
		sync.Mutex
		busy        map[ring.NodeID]bool
		rates       map[ring.NodeID]*rate.Limiter
		stops       map[ring.NodeID]stopRun
		deliveredTo map[ring.NodeID]int64
		rests       map[ring.NodeID]time.Time // until when; monotonic
		hold        hold
	}
}

// NewDeliverer makes a deliverer; Run must be called.
func NewDeliverer(cfg HintConfig) *Deliverer {
	cfg.Tick = cmp.Or(cfg.Tick, 250*time.Millisecond)
	cfg.MinRate = cmp.Or(cfg.MinRate, 1<<20)
	cfg.MaxRate = cmp.Or(cfg.MaxRate, 64<<20)
	cfg.Slow = cmp.Or(cfg.Slow, 50*time.Millisecond)
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Operations == nil {
		cfg.Operations = operation.NewRegistry(operation.Config{Now: cfg.Now})
	}
	d := &Deliverer{cfg: cfg, trigger: make(chan struct{}, 1)}
	d.mu.busy = make(map[ring.NodeID]bool)
	d.mu.rates = make(map[ring.NodeID]*rate.Limiter)
	d.mu.stops = make(map[ring.NodeID]stopRun)
	d.mu.rests = make(map[ring.NodeID]time.Time)
	d.mu.deliveredTo = make(map[ring.NodeID]int64)
	return d
}

// HintStats counts deliveries of hints since the node started. The engine counts the
// hints that expired.
type HintStats struct {
	Delivered int64 // hints that their targets have acknowledged
	Failures  int64 // deliveries that stopped early and will be tried again
}

// Stats returns the counts of deliveries since the node started.
func (d *Deliverer) Stats() HintStats {
	return HintStats{Delivered: d.delivered.Load(), Failures: d.failures.Load()}
}

// DeliveredTo returns how many hints each node has acknowledged since this one started.
func (d *Deliverer) DeliveredTo() map[ring.NodeID]int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return maps.Clone(d.mu.deliveredTo)
}

// Trigger makes the Deliverer look for hints to deliver now. It is for callers
// that know that a node came back.
func (d *Deliverer) Trigger() {
	select {
	case d.trigger <- struct{}{}:
	default:
	}
}

// Run delivers until ctx ends and every delivery has stopped.
func (d *Deliverer) Run(ctx context.Context) error {
	tick := time.NewTicker(d.cfg.Tick)
	defer tick.Stop()
	var group errgroup.Group
	group.SetLimit(deliverStreams)
	for {
		select {
		case <-ctx.Done():
			return group.Wait()
		case <-d.trigger:
		case <-tick.C:
		}
		d.expire(ctx, &group)
		for _, target := range d.targets() {
			if !d.reachable(target) || d.rests(target) || !d.claim(target) {
				continue
			}
			started := group.TryGo(func() error {
				defer d.unclaim(target)
				d.deliver(ctx, target)
				return nil
			})
			if !started {
				d.unclaim(target)
				break // all streams are in use
			}
			d.last = target
		}
	}
}

// targets lists the targets of hints, in the order of their ids. It begins after the one
// served last, so that each has its turn.
func (d *Deliverer) targets() []ring.NodeID {
	ids := slices.Sorted(maps.Keys(d.cfg.Store.Hints().Targets()))
	first, found := slices.BinarySearch(ids, d.last)
	if found {
		first++
	}
	return slices.Concat(ids[first:], ids[:first])
}

func (d *Deliverer) claim(target ring.NodeID) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.mu.busy[target] {
		return false
	}
	d.mu.busy[target] = true
	return true
}

func (d *Deliverer) unclaim(target ring.NodeID) {
	d.mu.Lock()
	delete(d.mu.busy, target)
	d.mu.Unlock()
}
