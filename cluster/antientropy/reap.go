package antientropy

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/engine"
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
	// Tick is the time between two rounds. Default: 1 minute.
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

	// Used by Run only.
	pending map[ring.Partition]*agreement
	bytes   int                    // of all pending keys
	skip    map[ring.Partition]int // how many candidates at the head of the list the next round passes over

	obstacles obstacles
	differing []Blocker // the sum of the obstacles after the last round

	mu struct {
		sync.Mutex
		status ReapStatus
	}
}

// pendingBytes bounds the sum of the keys that wait for the second question.
const pendingBytes = 16 << 20

// agreement holds the keys that all members agreed on at the first question.
type agreement struct {
	at    time.Time // monotonic: when the last of them had answered
	ring  uint64    // digest
	refs  []engine.Ref
	bytes int // of the keys
}

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
	cfg.Tick = cmp.Or(cfg.Tick, time.Minute)
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Monotonic == nil {
		cfg.Monotonic = time.Now
	}
	return &Reaper{cfg: cfg, pending: make(map[ring.Partition]*agreement), skip: make(map[ring.Partition]int), obstacles: make(obstacles)}
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
	defer r.endRound(view)
	for i := range view.Partitions() {
		p := ring.Partition(i)
		if ctx.Err() != nil || !r.possible(view) {
			clear(r.pending)
			r.bytes = 0
			return
		}
		if primaries := view.Primaries(p); len(primaries) == 0 || primaries[0] != r.cfg.Self {
			r.forget(p)
			delete(r.obstacles, p)
			continue
		}
		if err := r.visit(ctx, view, p); err != nil {
			r.forget(p)
			r.cfg.Logger.Debug("dead objects not reaped", "partition", p, "err", err)
		}
	}
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
	r.mu.status.block(unreachable, r.differing, at)
	return len(unreachable) == 0 && !view.InTransition()
}

// endRound notes in the status how far the round came.
func (r *Reaper) endRound(view *ring.Ring) {
	n := 0
	for _, a := range r.pending {
		n += len(a.refs)
	}
	r.differing = r.obstacles.sum()
	r.possible(view)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.mu.status.Pending = n
}

func (r *Reaper) forget(p ring.Partition) {
	if a := r.pending[p]; a != nil {
		r.bytes -= a.bytes
		delete(r.pending, p)
	}
}

func (r *Reaper) visit(ctx context.Context, view *ring.Ring, p ring.Partition) error {
	switch a := r.pending[p]; {
	case a == nil:
		return r.begin(ctx, view, p)
	case a.ring != view.Digest():
		r.forget(p)
		return nil
	case r.cfg.Monotonic().Sub(a.at) < r.cfg.Settle:
		return nil
	default:
		r.forget(p)
		return r.finish(ctx, view, p, a.refs)
	}
}

// begin takes step 1.
func (r *Reaper) begin(ctx context.Context, view *ring.Ring, p ring.Partition) error {
	if r.bytes >= pendingBytes {
		return nil
	}
	if r.skip[p] == 0 {
		delete(r.obstacles, p) // all tombstones have their turn again
	}
	refs, err := r.candidates(p)
	if err != nil || len(refs) == 0 {
		return err
	}
	agreed, err := r.ask(ctx, view, p, refs)
	if err != nil {
		return err
	}
	r.skip[p] += len(refs) - len(agreed)
	if len(agreed) == 0 {
		return nil
	}
	// The time is taken after the answers: Settle counts from the last of them.
	a := &agreement{at: r.cfg.Monotonic(), ring: view.Digest(), refs: agreed}
	for _, ref := range agreed {
		a.bytes += len(ref.Key)
	}
	r.pending[p] = a
	r.bytes += a.bytes
	return nil
}

// candidates returns the next dead objects of p, as many as one message holds.
// Objects without an agreement are skipped until all others have had their turn.
func (r *Reaper) candidates(p ring.Partition) (refs []engine.Ref, err error) {
	passed, size := 0, 0
	for e, err := range r.cfg.Exchanger.cfg.Store.Tombstones().Dead(p, r.cfg.Now().Add(-r.cfg.Grace)) {
		if err != nil {
			return nil, err
		}
		if passed++; passed <= r.skip[p] {
			continue
		}
		if size += len(e.Key); len(refs) > 0 && (size > pageBytes || len(refs) == maxKeys) {
			return refs, nil
		}
		refs = append(refs, engine.Ref{Partition: p, Key: bytes.Clone(e.Key), Digest: object.SeedOf(e.Key).Digest(e.Object)})
	}
	delete(r.skip, p) // all had their turn
	return refs, nil
}

// ask asks every member about refs, and returns those that all agree on.
func (r *Reaper) ask(ctx context.Context, view *ring.Ring, p ring.Partition, refs []engine.Ref) ([]engine.Ref, error) {
	agreed := r.cfg.Exchanger.agrees(view, p, refs)
	r.obstacles.addAnswer(p, r.cfg.Self, agreed)
	err := r.callOthers(ctx, view, peer.ReapAsk, appendReapRequest(nil, p, view.Digest(), refs), func(a reapAnswer) error {
		err := a.err
		var theirs []bool
		if err == nil {
			theirs, err = decodeBits(a.body, len(refs))
		}
		if err != nil {
			r.obstacles.add(p, Blocker{Node: a.from, Refusal: err})
			return err
		}
		r.obstacles.addAnswer(p, a.from, theirs)
		for i := range agreed {
			agreed[i] = agreed[i] && theirs[i]
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("ask for digests: %w", err)
	}
	var kept []engine.Ref
	for i, ref := range refs {
		if agreed[i] {
			kept = append(kept, ref)
		}
	}
	return kept, nil
}

// finish takes steps 2 and 3. The others remove the objects first: if this node
// removed its own before them, it could not ask again those that missed the message.
func (r *Reaper) finish(ctx context.Context, view *ring.Ring, p ring.Partition, refs []engine.Ref) error {
	refs, err := r.ask(ctx, view, p, refs)
	if err != nil || len(refs) == 0 {
		return err
	}
	err = r.callOthers(ctx, view, peer.Reap, appendReapRequest(nil, p, view.Digest(), refs), func(a reapAnswer) error { return a.err })
	if err != nil {
		return fmt.Errorf("ask others to reap: %w", err)
	}
	n, err := r.cfg.Exchanger.cfg.Store.Tombstones().Reap(refs)
	if err != nil {
		return fmt.Errorf("reap: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.mu.status.Reaped += int64(n)
	return nil
}

// reapAnswer is what a member answers to a request, or why there is no answer.
type reapAnswer struct {
	from ring.NodeID
	body []byte
	err  error
}

// callOthers sends a request to all other members, some at once, and gives each
// answer to take, one at a time. It sends to all, whatever the others answer, and
// returns an error if take returns one.
func (r *Reaper) callOthers(ctx context.Context, view *ring.Ring, kind peer.Kind, body []byte, take func(reapAnswer) error) error {
	var group errgroup.Group
	group.SetLimit(8)
	answers := make(chan reapAnswer, len(view.Members()))
	for _, m := range view.Members() {
		if m.ID == r.cfg.Self {
			continue
		}
		group.Go(func() error {
			c := comparison{x: r.cfg.Exchanger, peer: m.ID, limiter: r.cfg.Exchanger.repair}
			defer c.finish()
			answer, err := c.call(ctx, kind, body)
			if err != nil {
				answers <- reapAnswer{from: m.ID, err: fmt.Errorf("%s: %w", m.Name, err)}
				return nil
			}
			answers <- reapAnswer{from: m.ID, body: answer}
			return c.throttle(ctx)
		})
	}
	err := group.Wait()
	close(answers)
	for answer := range answers {
		err = errors.Join(err, take(answer))
	}
	return err
}
