package replica

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/engine"
)

// Channel is what a coordinator needs of the peer channel.
type Channel interface {
	// Send never blocks; done is completed exactly once.
	Send(to ring.NodeID, class peer.Class, kind peer.Kind, body []byte, done peer.Completion)
	// SendLane sends in the foreground, by one of the lanes to a node. Those of one lane
	// arrive in their order.
	SendLane(to ring.NodeID, lane peer.Lane, kind peer.Kind, body peer.Body, done peer.Completion)
	// Available reports whether a node can be asked now.
	Available(to ring.NodeID) bool
	// Connected reports whether a node can be sent something, also if it does not answer now.
	Connected(to ring.NodeID) bool
	// Knows reports whether a node is known to be of a version with a feature.
	Knows(to ring.NodeID, what peer.Feature) bool
	// WaitTime returns how long a node may stay silent before another is asked.
	WaitTime(to ring.NodeID) time.Duration
}

// Config has what a coordinator needs. Fields without a default are required.
type Config struct {
	Self    ring.NodeID
	Store   *engine.Store
	Channel Channel
	Ring    func() *ring.Ring      // the ring as known now; never nil
	Policy  func() register.Policy // how a plain read resolves siblings
	Clock   *causal.Clock
	Logger  *slog.Logger // default: none

	// ClearsDiffer is called when another node has carried out another clear than this one.
	// Until the two have the same, they exchange no copies for clients. It must not block.
	ClearsDiffer func(ring.NodeID)

	// Collections returns nil if all members read objects with elements, else who does not. Until
	// then changes of elements are refused. Default: they do.
	Collections func() error
	// DeltaElements is from how many elements on the changes of a collection are sent as deltas;
	// default [DefaultDeltaElements].
	DeltaElements int
	// Sums returns nil if all members read objects of the format of sums, which is that of
	// streams too, else who does not. Until then an increment is written as a value, so that concurrent ones are
	// siblings, and changes of streams are refused. Default: they do.
	Sums func() error
	// LargeBytes is from how many bytes of elements on a collection is large: it is not sent whole, or
	// kept as a hint, for each small change that a node misses. Default [DefaultLargeBytes].
	LargeBytes int64
	// Missed is called when another node has missed a change of a large collection, for which no hint
	// is kept: the copies have to be compared. It must not block.
	Missed func(ring.NodeID)
	// RedeliverFor is how long a change of a large collection is sent again to a primary that did not
	// take it while the client waited; default [DefaultRedeliverFor]. It must be shorter than the grace
	// of what is dead.
	RedeliverFor time.Duration
	// CollectionBytes bounds the elements of a key; default [DefaultCollectionBytes].
	CollectionBytes int64

	// RequestTimeout bounds one call of Do; default [peer.DefaultRequestTimeout].
	RequestTimeout time.Duration
	// Lanes is the number of lanes to each node; default 1.
	Lanes int
	// SiblingsWarn and SiblingsRefuse bound the concurrent values of a key; defaults
	// [DefaultSiblingsWarn] and [DefaultSiblingsRefuse].
	SiblingsWarn, SiblingsRefuse int
	// Abstain lets the coordinator begin without updates that compute from the old value:
	// see [Coordinator.TakeOver], which must be called then. TakeOverTick is how long
	// that waits before it asks again for the first time; default 50 ms.
	Abstain      bool
	TakeOverTick time.Duration
	// Now is the wall clock; default time.Now.
	Now func() time.Time
}

// Defaults of a [Config].
const (
	DefaultSiblingsWarn   = 25
	DefaultSiblingsRefuse = 100

	// DefaultDeltaElements is where a delta begins to cost less than the whole collection.
	DefaultDeltaElements = 32
	// DefaultLargeBytes is where a change of a collection costs less than a copy of it, by far.
	DefaultLargeBytes = 64 << 10
	// DefaultRedeliverFor is longer than a busy node is silent.
	DefaultRedeliverFor = 10 * time.Second
	// DefaultCollectionBytes leaves room in a peer's largest frame for two sides of a split
	// that have both filled a collection.
	DefaultCollectionBytes = 256 << 20
)

// Bounds of the coordinator's own queues.
const (
	maxCommits   = 4096 // replica writes waiting for their sync; full: the peer's stream waits
	maxForwarded = 1024 // forwarded frames being carried out; full: refused, the peer asks another
	maxLate      = 4096 // late hints waiting to be stored; full: left to anti-entropy, counted
)

// Coordinator runs requests for this node's clients and answers its peers. It
// is safe for concurrent use.
type Coordinator struct {
	cfg       Config
	commits   chan pendingCommit
	late      chan lateHint
	forwarded chan struct{} // one for each forwarded frame under way
	closing   chan struct{}
	once      sync.Once
	tasks     sync.WaitGroup
	issuer    *issuer
	takeOver  takeOverState
	transits  transits
	warned    atomic.Int64 // when a stamp was refused last and logged; unix ms
	count     Counters
	history   history
	updates   *barrier               // waves that have updates
	hinting   *barrier               // late hints that are not stored yet
	again     *redelivery            // late deltas
	slotAt    func(time.Time) uint64 // of reads, see op.firstAsked
	pool      sync.Pool              // of *wave
}

// New makes a coordinator; Run must be called for it to answer.
func New(cfg Config) *Coordinator {
	cfg.RequestTimeout = cmp.Or(cfg.RequestTimeout, peer.DefaultRequestTimeout)
	cfg.Lanes = cmp.Or(cfg.Lanes, 1)
	cfg.SiblingsWarn = cmp.Or(cfg.SiblingsWarn, DefaultSiblingsWarn)
	cfg.SiblingsRefuse = cmp.Or(cfg.SiblingsRefuse, DefaultSiblingsRefuse)
	cfg.DeltaElements = cmp.Or(cfg.DeltaElements, DefaultDeltaElements)
	cfg.LargeBytes = cmp.Or(cfg.LargeBytes, DefaultLargeBytes)
	cfg.RedeliverFor = cmp.Or(cfg.RedeliverFor, DefaultRedeliverFor)
	cfg.CollectionBytes = cmp.Or(cfg.CollectionBytes, DefaultCollectionBytes)
	cfg.TakeOverTick = cmp.Or(cfg.TakeOverTick, takeOverTick)
	cfg.Logger = cmp.Or(cfg.Logger, slog.New(slog.DiscardHandler))
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Sums == nil {
		cfg.Sums = func() error { return nil }
	}
	if cfg.Collections == nil {
		cfg.Collections = func() error { return nil }
	}
	if cfg.Missed == nil {
		cfg.Missed = func(ring.NodeID) {}
	}
	if cfg.ClearsDiffer == nil {
		cfg.ClearsDiffer = func(ring.NodeID) {}
	}
	c := &Coordinator{
		cfg:       cfg,
		commits:   make(chan pendingCommit, maxCommits),
		late:      make(chan lateHint, maxLate),
		forwarded: make(chan struct{}, maxForwarded),
		closing:   make(chan struct{}),
		issuer:    newIssuer(cfg.Self, cfg.Store.Incarnation(), cfg.Clock),
		updates:   newBarrier(),
		hinting:   newBarrier(),
		slotAt:    slotAt,
		pool:      sync.Pool{New: buildWave},
	}
	c.again = newRedelivery(c)
	c.takeOver.asked = make(chan struct{}, maxTakeOvers)
	if cfg.Abstain {
		c.setStage(connects)
	}
	return c
}

// Run owns the coordinator's goroutines until ctx ends; then work in progress
// is finished or has run into its deadline before Run returns.
func (c *Coordinator) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	wg.Go(c.awaitCommits)
	wg.Go(c.keepLateHints)
	wg.Go(c.again.run)
	<-ctx.Done()
	c.once.Do(func() { close(c.closing) })
	c.tasks.Wait() // forwarded requests: bounded by their deadline
	wg.Wait()
	return nil
}

// Do carries out a pipeline. Requests for one key take effect in their order;
// others run side by side. It returns when every request has its result or its
// error, after RequestTimeout at the latest for each dependent step.
func (c *Coordinator) Do(ctx context.Context, reqs []*Request) {
	c.do(ctx, reqs, origin{})
}

// origin says where a batch comes from.
type origin struct {
	forwarded bool             // by a peer, to be coordinated
	stamp     causal.Timestamp // else: when this node began its wave
}

// do carries out a pipeline from a client or a peer.
func (c *Coordinator) do(ctx context.Context, reqs []*Request, from origin) {
	if len(reqs) == 1 {
		c.wave(ctx, reqs, nil, from)
		return
	}
	s := splitters.Get().(*splitter)
	defer s.release()
	for len(reqs) > 0 {
		n := s.split(reqs)
		c.wave(ctx, reqs[:n], s.groups[:n], from)
		reqs = reqs[n:]
	}
}

// wave carries out requests, of which those on one key may be applied in one batch.
func (c *Coordinator) wave(ctx context.Context, reqs []*Request, groups []int, from origin) {
	select {
	case <-c.closing:
		for _, r := range reqs {
			r.Err = ErrClosing
		}
		return
	default:
	}
	if !from.forwarded {
		from.stamp = c.cfg.Clock.Now() // after what the earlier waves of the pipeline have done
	}
	f := newWave(c, reqs, groups, from)
	f.start()
	f.run(ctx)
}
