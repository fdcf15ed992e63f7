package antientropy

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/quorate/quorate/cluster/core/ring"
)

// ReapConfig configures a [Reaper]. The first four fields are required.
type ReapConfig struct {
	Self      ring.NodeID
	Ring      func() *ring.Ring
	Exchanger *Exchanger
	Available func(ring.NodeID) bool
	Logger    *slog.Logger // default: none

	// Grace is how long an object has been dead before it may be reaped. It must
	// be longer than any hint lives. Default: 10 days.
	Grace time.Duration
	// Settle is the time between the two questions. It must be longer than an
	// object can be under way between two nodes (carryLimit, and the request
	// timeout of reads and writes). Default: 5 minutes.
	Settle time.Duration
	// Tick is the time between two rounds. Default: 10 seconds.
	Tick time.Duration
	// Now is the wall clock, by which Grace counts, and Monotonic a clock of which
	// only differences are taken, by which Settle counts. Default of both: time.Now.
	Now, Monotonic func() time.Time
}

// Reaper removes objects that are dead everywhere: all of their values have been
// deleted or expired for longer than the grace period.
//
// A dead object is needed as long as an older copy of the deleted value exists
// anywhere, because it keeps that copy from coming back. It can go only when there
// is no older copy. The first primary of a partition makes sure of that, for a
// batch of keys:
//
//  1. It asks every member of the ring, whether primary or not. All must answer,
//     have the same ring, with no transition under way, and keep no hint for the
//     key. A primary must hold an object of exactly this digest; any other member
//     must hold that or nothing.
//  2. After Settle it asks them all again, for the keys that all agreed on.
//  3. For the keys that all agreed on twice, it asks all members to remove the
//     object if it still has that digest, and then does so itself.
//
// Why no deleted value can come back: at step 1 no store and no hint in the
// cluster has an older copy, since each member holds this object or nothing at
// all. Merging only ever goes forward, so that every read of the key from then on
// finds this object, or a newer one, whose digest does not match. An older copy
// could still be in memory somewhere, read before step 1 and on its way into a
// store. By step 2 it has arrived, because nothing is carried for longer than
// Settle: either it was merged into the dead object, to no effect, or it is found
// where nothing was before, and then the members do not agree. A member that was
// removed is not asked; a removed member that comes back after most of Grace does not offer its
// data (handoff.ErrStale), and its hints do not live as long as Grace.
//
// A member that misses step 3 is harmless because what it keeps is the dead
// object, not an older one: exchanged with the others again, it only makes them
// all hold the same dead object, which is reaped another time. A write that comes
// in between starts from nothing or from the dead object. The first kind mints its
// dot under a fresh epoch, so that the dead object does not cover it, and wins by
// its later timestamp where they meet. The second kind supersedes the dead object.
type Reaper struct {
	cfg ReapConfig

	partitions []partitionReaper // used by Run and the visits of a round, one of each partition at a time
	keys       atomic.Int64      // that wait for the second question

	mu struct {
		sync.Mutex
		status    ReapStatus
		differing obstacles // of all partitions, after the last round
	}
}

// Bounds of the work of a Reaper.
const (
	// reapPage is how many keys one question is about. It takes a node a few milliseconds.
	reapPage = 1024
	// reapPending is how many keys may wait for the second question: for five minutes 20,000
	// a second and some. Each takes the 8 bytes of its digest.
	reapPending = 8 << 20
	// reapAtOnce is for how many partitions questions are asked at once.
	reapAtOnce = 2
	// reapPauseLeast and reapPauseMost bound the pause after a question, which is as long as
	// the question took. So a Reaper that has much to do takes a part of what requests leave,
	// and less the longer they make it wait.
	reapPauseLeast = time.Millisecond
	reapPauseMost  = 100 * time.Millisecond
)

// ReapStatus says what a Reaper has done, and what keeps it from doing more.
type ReapStatus struct {
	Reaped  int64 // objects that this node removed after it had asked the others
	Pending int   // keys that all members agreed on once, and will be asked about again
	// InTransition says that nothing is reaped because data moves.
	InTransition    bool
	TransitionSince time.Time // wall clock: when the Reaper first found it so
	// Blocking lists the members for which tombstones wait, in the order of their ids.
	Blocking []Blocker
}

// Status returns what the Reaper has done, and what prevented more in its last round.
func (r *Reaper) Status() ReapStatus {
	r.mu.Lock()
	defer r.mu.Unlock()
	status := r.mu.status
	status.Blocking = slices.Clone(status.Blocking)
	return status
}

// DefaultGrace is how long a tombstone is kept at least.
const DefaultGrace = 10 * 24 * time.Hour

// NewReaper makes a Reaper; Run must be called.
func NewReaper(cfg ReapConfig) *Reaper {
	cfg.Grace = cmp.Or(cfg.Grace, DefaultGrace)
	cfg.Settle = cmp.Or(cfg.Settle, 5*time.Minute)
	cfg.Tick = cmp.Or(cfg.Tick, 10*time.Second)
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Monotonic == nil {
		cfg.Monotonic = time.Now
	}
	return &Reaper{cfg: cfg}
}

// Run looks for what can be reaped until ctx ends.
func (r *Reaper) Run(ctx context.Context) error {
	tick := time.NewTicker(r.cfg.Tick)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			r.round(ctx)
		}
	}
}

// round visits each partition that this node is the first primary of.
func (r *Reaper) round(ctx context.Context) {
	view := r.cfg.Ring()
	if len(r.partitions) != view.Partitions() {
		r.partitions = make([]partitionReaper, view.Partitions())
		r.keys.Store(0)
	}
	var visits errgroup.Group
	visits.SetLimit(reapAtOnce)
	for i := range r.partitions {
		p := ring.Partition(i)
		s := &r.partitions[p]
		if primaries := view.Primaries(p); len(primaries) == 0 || primaries[0] != r.cfg.Self {
			r.forget(s)
			continue
		}
		if ctx.Err() != nil || !r.possible(view) {
			break
		}
		visits.Go(func() error {
			if err := r.visit(ctx, view, p, s); err != nil {
				r.cfg.Logger.Debug("dead objects not reaped", "partition", p, "err", err)
			}
			return nil
		})
	}
	_ = visits.Wait() // visits return no errors
	r.endRound(ctx, view)
}

// possible reports whether all members can be asked at all, and notes in the
// status what prevents that.
func (r *Reaper) possible(view *ring.Ring) bool {
	at := r.cfg.Now()
	var unreachable []Blocker
	for _, m := range view.Members() {
		if m.ID != r.cfg.Self && !r.cfg.Available(m.ID) {
			unreachable = append(unreachable, Blocker{Node: m.ID})
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.mu.status.move(view, at)
	r.mu.status.block(unreachable, r.mu.differing, at)
	return len(unreachable) == 0 && !view.InTransition()
}

// endRound notes in the status how far the round came. What was agreed on is given up while
// not all members can be asked.
func (r *Reaper) endRound(ctx context.Context, view *ring.Ring) {
	var all obstacles
	for i := range r.partitions {
		for _, b := range r.partitions[i].obstacles {
			all.add(b)
		}
	}
	r.mu.Lock()
	r.mu.differing = all
	r.mu.Unlock()
	if ctx.Err() != nil || !r.possible(view) {
		for i := range r.partitions {
			r.partitions[i].restart()
		}
		r.keys.Store(0)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.mu.status.Pending = int(r.keys.Load())
}
