package handoff

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/engine"
)

// HintChannel is what hint delivery needs of the peer channel.
type HintChannel interface {
	Available(to ring.NodeID) bool
	Call(ctx context.Context, to ring.NodeID, class peer.Class, kind peer.Kind, body []byte) ([]byte, error)
}

// HintConfig is what a [Deliverer] is made of.
type HintConfig struct {
	Self    ring.NodeID
	Store   *engine.Store
	Channel HintChannel
	Ring    func() *ring.Ring
	// AppendCount and AppendWrite encode a write frame (cluster/replica's).
	AppendCount func(dst []byte, n int) []byte
	AppendWrite func(dst []byte, p ring.Partition, key, object []byte) []byte
	// DecodeRefusals reads the answer to a frame of n: which were not stored.
	DecodeRefusals func(answer []byte, n int) ([]int, error)
	Logger         *slog.Logger

	// Tick is how often to look for deliverable hints unasked; default 250 ms.
	Tick time.Duration
	// MinRate and MaxRate bound the delivery to one node, in bytes per second;
	// defaults 1 MiB and 64 MiB. It starts at MinRate, doubles with every batch
	// that is acknowledged fast, and halves with every slow one.
	MinRate, MaxRate rate.Limit
	// Slow is the acknowledgement time that counts as slow; default 50 ms.
	Slow time.Duration
	// Now is the wall clock; default time.Now.
	Now func() time.Time
}

const (
	deliverStreams = 2         // nodes served at once: a storm of returns does not drown the living
	deliverBytes   = 256 << 10 // of objects in one frame
	deliverKeys    = 1024      // in one frame
	deliverTimeout = 10 * time.Second
	mostRefused    = 4096 // hints that a node may refuse before the rest is not tried either
)

// errRefused says that a node answered, and did not store some hints.
var errRefused = errors.New("refused by its node, whose log says why")

// Deliverer carries hints to the nodes that they are kept for, as soon as those
// can be reached again. It is safe for concurrent use.
type Deliverer struct {
	cfg       HintConfig
	poke      chan struct{}
	delivered atomic.Int64
	expired   atomic.Int64
	failures  atomic.Int64

	mu struct {
		sync.Mutex
		busy  map[ring.NodeID]bool
		rates map[ring.NodeID]*rate.Limiter
	}
}

// NewDeliverer makes a deliverer; Run must be called.
func NewDeliverer(cfg HintConfig) *Deliverer {
	if cfg.Tick == 0 {
		cfg.Tick = 250 * time.Millisecond
	}
	if cfg.MinRate == 0 {
		cfg.MinRate = 1 << 20
	}
	if cfg.MaxRate == 0 {
		cfg.MaxRate = 64 << 20
	}
	if cfg.Slow == 0 {
		cfg.Slow = 50 * time.Millisecond
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	d := &Deliverer{cfg: cfg, poke: make(chan struct{}, 1)}
	d.mu.busy = make(map[ring.NodeID]bool)
	d.mu.rates = make(map[ring.NodeID]*rate.Limiter)
	return d
}

// Delivered counts hints acknowledged by the nodes that they were kept for.
func (d *Deliverer) Delivered() int64 { return d.delivered.Load() }

// Expired counts hints that were dropped for their age.
func (d *Deliverer) Expired() int64 { return d.expired.Load() }

// Failures counts batches that were not acknowledged and will be tried again.
func (d *Deliverer) Failures() int64 { return d.failures.Load() }

// Poke asks for a look now, for one who knows that a node came back.
func (d *Deliverer) Poke() {
	select {
	case d.poke <- struct{}{}:
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
		case <-d.poke:
		case <-tick.C:
		}
		if n := d.cfg.Store.ExpireHints(d.cfg.Now()); n > 0 {
			d.expired.Add(int64(n))
			d.cfg.Logger.Warn("hints expired before their node came back; anti-entropy will bring it up to date", "hints", n)
		}
		for target := range d.cfg.Store.HintTargets() {
			if !d.claim(target) {
				continue
			}
			started := group.TryGo(func() error {
				defer d.unclaim(target)
				d.deliver(ctx, target)
				return nil
			})
			if !started {
				d.unclaim(target)
			}
		}
	}
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

// deliver sends a target's hints until there are none, or it fails.
func (d *Deliverer) deliver(ctx context.Context, target ring.NodeID) {
	now := d.cfg.Ring()
	member, known := now.Member(target)
	gone := !known || member.Status == ring.Removed
	if !gone && target != d.cfg.Self && !d.cfg.Channel.Available(target) {
		return
	}
	total := 0
	refused := make(map[string]bool) // keys, passed over until the next time
	var err error
	for ctx.Err() == nil {
		var hints []engine.Hint
		if hints, err = d.collect(target, refused); len(hints) == 0 || err != nil {
			break
		}
		var n int
		n, err = d.batch(ctx, now, target, gone, hints, refused)
		total += n
		if err != nil {
			break
		}
	}
	if err == nil && len(refused) > 0 {
		err = fmt.Errorf("%d hints: %w", len(refused), errRefused)
	}
	if total > 0 {
		d.delivered.Add(int64(total))
		d.cfg.Logger.Info("hints delivered", "peer", now.Name(target), "hints", total)
	}
	if err != nil && ctx.Err() == nil {
		d.failures.Add(1)
		d.cfg.Logger.Warn("hint delivery stopped, will go on when the node answers", "peer", now.Name(target), "err", err)
	}
}

// batch delivers one frame of hints and deletes what was acknowledged. It adds to
// refused, and returns how many were delivered.
func (d *Deliverer) batch(ctx context.Context, now *ring.Ring, target ring.NodeID, gone bool, hints []engine.Hint, refused map[string]bool) (int, error) {
	var err error
	if gone {
		err = d.toPrimaries(ctx, now, hints, refused)
	} else {
		err = d.to(ctx, target, hints, refused)
	}
	if err != nil {
		return 0, err
	}
	refs := make([]engine.HintRef, 0, len(hints))
	for _, h := range hints {
		if !refused[string(h.Key)] {
			refs = append(refs, h.HintRef)
		}
	}
	if err := d.cfg.Store.DeleteHints(target, refs); err != nil {
		return 0, fmt.Errorf("delete delivered hints: %w", err)
	}
	if len(refused) > mostRefused {
		return len(refs), fmt.Errorf("more than %d hints: %w", mostRefused, errRefused)
	}
	return len(refs), nil
}

// collect copies the first hints of a target that were not refused, as many as go
// into one frame.
func (d *Deliverer) collect(target ring.NodeID, refused map[string]bool) ([]engine.Hint, error) {
	var hints []engine.Hint
	size := 0
	for h, err := range d.cfg.Store.Hints(target) {
		if err != nil {
			return nil, fmt.Errorf("read hints: %w", err)
		}
		if refused[string(h.Key)] {
			continue
		}
		if len(hints) > 0 && (size+len(h.Object) > deliverBytes || len(hints) == deliverKeys) {
			break
		}
		size += len(h.Object)
		hints = append(hints, h.Clone())
	}
	return hints, nil
}

// to sends hints to one node, at the pace that it can take, and adds to refused
// the keys of those that it did not store.
func (d *Deliverer) to(ctx context.Context, target ring.NodeID, hints []engine.Hint, refused map[string]bool) error {
	body := d.cfg.AppendCount(nil, len(hints))
	for _, h := range hints {
		body = d.cfg.AppendWrite(body, h.Partition, h.Key, h.Object)
	}
	if target == d.cfg.Self {
		return d.applyHere(hints, refused)
	}
	limiter := d.limiter(target)
	if err := limiter.WaitN(ctx, min(len(body), limiter.Burst())); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, deliverTimeout)
	defer cancel()
	start := d.cfg.Now()
	answer, err := d.cfg.Channel.Call(ctx, target, peer.Background, peer.Write, body)
	if err != nil {
		limiter.SetLimit(max(d.cfg.MinRate, limiter.Limit()/2))
		return err
	}
	not, err := d.cfg.DecodeRefusals(answer, len(hints))
	if err != nil {
		return err
	}
	for _, i := range not {
		refused[string(hints[i].Key)] = true
	}
	if d.cfg.Now().Sub(start) < d.cfg.Slow {
		limiter.SetLimit(min(d.cfg.MaxRate, limiter.Limit()*2))
	} else {
		limiter.SetLimit(max(d.cfg.MinRate, limiter.Limit()/2))
	}
	return nil
}

func (d *Deliverer) limiter(target ring.NodeID) *rate.Limiter {
	d.mu.Lock()
	defer d.mu.Unlock()
	l := d.mu.rates[target]
	if l == nil {
		l = rate.NewLimiter(d.cfg.MinRate, 1<<20)
		d.mu.rates[target] = l
	}
	return l
}

// toPrimaries sends hints whose node has left the ring to those who hold its
// keys now. All of them must acknowledge: what one refuses is refused.
func (d *Deliverer) toPrimaries(ctx context.Context, now *ring.Ring, hints []engine.Hint, refused map[string]bool) error {
	byNode := make(map[ring.NodeID][]engine.Hint)
	for _, h := range hints {
		for _, id := range now.Primaries(h.Partition) {
			byNode[id] = append(byNode[id], h)
		}
	}
	for id, share := range byNode {
		if err := d.to(ctx, id, share, refused); err != nil {
			return fmt.Errorf("hand on to %s: %w", now.Name(id), err)
		}
	}
	return nil
}

// applyHere stores hints that turn out to be for this node itself.
func (d *Deliverer) applyHere(hints []engine.Hint, refused map[string]bool) error {
	batch := make([]*engine.Record, len(hints))
	for i, h := range hints {
		batch[i] = &engine.Record{Partition: h.Partition, Key: h.Key, Merge: h.Object}
	}
	commit, err := d.cfg.Store.Apply(batch)
	if err != nil {
		return err
	}
	if err := commit.Wait(); err != nil {
		return err
	}
	for _, r := range batch {
		if r.Err != nil {
			refused[string(r.Key)] = true
		}
	}
	return nil
}
