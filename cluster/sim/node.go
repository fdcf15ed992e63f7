package sim

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/quorate/quorate/cluster/antientropy"
	"github.com/quorate/quorate/cluster/clear"
	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/handoff"
	"github.com/quorate/quorate/cluster/membership"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/cluster/recovery"
	"github.com/quorate/quorate/cluster/replica"
	"github.com/quorate/quorate/engine"
)

// node is a member of the cluster, whatever becomes of its process.
type node struct {
	in     *cluster
	index  int
	id     ring.NodeID
	name   string
	addr   string // at which it listens, or will
	moves  int
	disk   *vfs.MemFS
	skew   time.Duration // by which its clock is ahead
	jump   atomic.Int64  // by which its wall clock has been set forwards, in nanoseconds
	backup *vfs.MemFS    // a copy of its disk after a clean stop
	out    bool          // it does not belong to the ring, not yet or not any more
	joins  bool          // it asks to be admitted, if it has no ring
	life   *life         // nil: it is down

	outdated atomic.Bool // its disk is older than it was, and it has not noticed
	lives    int
}

// life is a process of a node, from its start to its death.
type life struct {
	node   *node
	number int
	bubble *bubble
	over   bool
	frozen bool
	held   []func() // what came while it was frozen
	log    *slog.Logger

	pending map[uint64]*packet // its requests without an answer

	store       *engine.Store
	mux         *peer.Mux
	coordinator *replica.Coordinator
	exchanger   *antientropy.Exchanger
	deliverer   *handoff.Deliverer
	scheduler   *antientropy.Scheduler
	reaper      *antientropy.Reaper
	mover       *handoff.Mover
	state       *membership.StateStore
	membership  *membership.Membership
	recovery    *recovery.Recovery
	clearer     *clear.Clearer
	cancel      context.CancelFunc
	parts       int // that were started

	mu        sync.Mutex            // also tells the race detector of what the bubble's clock does not
	peers     map[ring.NodeID]*life // whom its failure detector believes it can talk to
	addresses map[ring.NodeID]string
	moved     bool  // addresses have changed
	ready     bool  // clients are let in
	ending    error // the process is to end
	outbox    []*packet
	finished  []*op
}

// Intervals of the parts, short, so that a run of seconds sees all of them. Each
// node adds some odd nanoseconds of its own, so that no two timers fire at once.
const (
	hintTick        = 250 * time.Millisecond
	takeOverTick    = 50 * time.Millisecond
	antiEntropyTick = 2 * time.Second
	reapTick        = 3 * time.Second
	reapGrace       = 20 * time.Second
	reapSettle      = 5 * time.Second
	lookPause       = 200 * time.Millisecond
	missedGap       = time.Second
)

// odd is d and some nanoseconds that no other node or part has.
func (n *node) odd(d time.Duration, part int) time.Duration {
	return d + time.Duration(n.index*1009+part*101+7)*time.Nanosecond
}

// peersPatience is how long a node waits for the others before it lets clients in.
const peersPatience = time.Second

// start begins a new life on the node's disk.
func (c *cluster) start(n *node) {
	n.lives++
	l := &life{
		node: n, number: n.lives, log: c.opts.Logger.With("node", n.name),
		peers: make(map[ring.NodeID]*life), pending: make(map[uint64]*packet),
	}
	if c.opts.Faults&FaultSkew != 0 {
		// Mostly little; ahead only, for what counts is the difference.
		n.skew = time.Duration(c.rng.Int64N(int64([]time.Duration{30 * time.Millisecond, time.Second, 5 * time.Second}[c.rng.IntN(3)])))
	}
	l.bubble = newBubble(c.t, c.now, n.skew)
	c.note("%s starts, life %d, clock %v ahead", n.name, l.number, n.skew)
	var err error
	l.bubble.do(func() { err = l.open() })
	if err != nil {
		c.fail("%s does not start: %v", n.name, err)
		return
	}
	n.life = l
	c.listen()
	l.bubble.do(l.run)
	c.collect(l)
	for _, other := range c.nodes {
		c.detectSoon(other, n, false)
		c.detectSoon(n, other, false)
	}
}

// open makes the parts. It runs inside the bubble.
func (l *life) open() (err error) {
	n, c := l.node, l.node.in
	l.store, err = engine.Open(engine.Options{
		Dir: "data", FS: n.disk, Partitions: c.opts.Partitions, Self: n.id, Name: n.identity(),
		CacheBytes: 1 << 20, ObjectCacheBytes: l.objectCache(), MemtableBytes: 1 << 20,
		Observe: func(t causal.Timestamp) { l.coordinator.Observe(t) }, Durability: c.durability,
		StripAfter: clockTolerance, Now: n.wall, Logger: l.log, Rand: l.rand(1), SpreadElements: spreadFrom(l),
	})
	if err != nil {
		return fmt.Errorf("open store: %w", err)
	}
	if l.state, err = membership.OpenState(l.store.State(), n.wall); err != nil {
		return err
	}
	l.coordinator = replica.New(replica.Config{
		Self: n.id, Store: l.store, Channel: l, Ring: l.ring,
		Policy: c.opts.policy, SiblingsRefuse: c.opts.siblingsRefuse(),
		Clock: causal.NewClock(func() int64 { return n.wall().UnixMilli() }), Logger: l.log, Now: n.wall,
		DeltaElements: 1, Abstain: true, Lanes: c.opts.lanes(), TakeOverTick: n.odd(takeOverTick, 6),
		ClearsDiffer: func(id ring.NodeID) { l.clearer.Differs(id) },
		LargeBytes:   c.opts.largeBytes(), Missed: func(id ring.NodeID) { missed(l, id) }, RedeliverFor: c.opts.redeliverFor(),
	})
	l.clearer = clear.New(clear.Config{
		Self: n.id, Store: l.store.Clears(), Channel: l, Ring: l.ring, DeleteAll: l.refuseClear, Logger: l.log,
	})
	l.deliverer = handoff.NewDeliverer(handoff.HintConfig{
		Self: n.id, Store: l.store, Channel: l, Ring: l.ring, Logger: l.log, Now: n.wall, Tick: n.odd(hintTick, 1),
	})
	l.exchanger = antientropy.NewExchanger(antientropy.Config{Self: n.id, Store: l.store, Channel: l, Ring: l.ring,
		LargeBytes: c.opts.largeBytes(), LookPause: n.odd(lookPause, 7)})
	l.scheduler = antientropy.NewScheduler(antientropy.ScheduleConfig{
		Self: n.id, Ring: l.ring, Exchanger: l.exchanger, Available: l.Available, Logger: l.log, Now: n.wall,
		Tick: n.odd(c.opts.antiEntropyTick(), 2), MissedGap: n.odd(missedGap, 8), Rand: l.rand(0),
	})
	l.reaper = antientropy.NewReaper(antientropy.ReapConfig{
		Self: n.id, Ring: l.ring, Exchanger: l.exchanger, Available: l.Available, Logger: l.log, Now: n.wall,
		Tick: n.odd(reapTick, 3), Grace: reapGrace, Settle: reapSettle,
	})
	l.recovery = recovery.New(recovery.Config{
		Self: n.id, Ring: l.ring, Store: l.store, Scheduler: l.scheduler, Now: n.wall, Logger: l.log,
	})
	l.mux = peer.NewMux(l.state.Joined)
	l.membership = l.newMembership()
	l.mover = handoff.NewMover(handoff.MoverConfig{
		Self: n.id, Ring: l.ring, Store: l.store, Exchanger: l.sources(), Logger: l.log, Now: n.wall,
		Announce: l.membership.Disseminator().Push, Done: l.membership.MarkDone, Available: l.membership.Alive,
		Tick: n.odd(time.Second, 5),
	})
	l.register()
	return nil
}

// rand is a generator of this life for one of its parts.
func (l *life) rand(part uint64) *rand.Rand {
	return rand.New(rand.NewPCG(l.node.in.opts.Seed, part<<48|uint64(l.node.index)<<32|uint64(l.number)))
}

// objectCache draws how much a life remembers of what it has read and written. With all of it
// in the object cache, nothing would be read by way of the existence filter.
func (l *life) objectCache() int64 {
	const none = -1
	return []int64{none, 64 << 10, 1 << 20}[l.rand(2).IntN(3)]
}

// spreadFrom draws from how many elements on a life keeps a collection element by element: often so
// few that the clients' collections become so, and become whole again in another life.
func spreadFrom(l *life) int { return []int{2, 2, 4, 1000}[l.rand(3).IntN(4)] }

// register names the handler of each kind of frame.
func (l *life) register() {
	m := l.mux
	m.Batch(l.coordinator, peer.Write, peer.Delta, peer.Read, peer.Forward, peer.TakeOver, peer.Age)
	m.Batch(l.exchanger, antientropy.Kinds()...)
	m.Queue(peer.Join, l.membership.AnswerJoin)
	m.Queue(peer.RingPull, l.membership.Disseminator().AnswerPull)
	m.Queue(peer.RingPush, l.membership.Disseminator().AnswerPush)
	l.clearer.Register(m)
	m.Queue(peer.Identify, l.membership.Identity().AnswerIdentify)
}

// run starts the goroutines of the parts.
func (l *life) run() {
	ctx, cancel := context.WithCancel(context.Background())
	l.cancel = cancel
	l.runAll(ctx, l.store.Run, l.coordinator.Run, l.mux.Run, l.live)
}

// partKey is the key under which a part finds its number in its context.
type partKey struct{}

// part returns the number of the part that a context belongs to; 0: none.
func part(ctx context.Context) int {
	number, _ := ctx.Value(partKey{}).(int)
	return number
}

// runAll starts parts, each with a number of its own in its context, and ends the process
// when one fails.
func (l *life) runAll(ctx context.Context, parts ...func(context.Context) error) {
	for _, part := range parts {
		l.parts++
		ctx := context.WithValue(ctx, partKey{}, l.parts)
		go func() {
			if err := part(ctx); err != nil && ctx.Err() == nil {
				l.end(err)
			}
		}()
	}
}

// live finds the node's ring, and then runs the parts that need one, in the order in
// which package cluster does.
func (l *life) live(ctx context.Context) error {
	if _, err := l.membership.Bootstrap(ctx); err != nil {
		return err
	}
	l.runAll(ctx, l.gossip, l.membership.Run, l.clearer.Run)
	l.membership.AwaitPeers(ctx, peersPatience)
	l.clearer.CatchUp(ctx)
	if err := l.mover.AwaitRing(ctx); err != nil {
		return err
	}
	l.mu.Lock()
	l.ready = true
	l.mu.Unlock()
	switch l.node.in.opts.defect {
	case defectRepair:
	case defectSources: // comparisons would copy it soon
		l.runAll(ctx, l.deliverer.Run)
	default:
		l.runAll(ctx, l.deliverer.Run, l.scheduler.Run)
	}
	l.runAll(ctx, l.mover.Run, l.exchanger.Run, l.reap, l.recovery.Run,
		func(ctx context.Context) error { return l.coordinator.TakeOver(ctx, l.membership.Others) },
		func(ctx context.Context) error { return l.membership.AwaitLeave(ctx, l.drained) })
	return nil
}

// drained reports whether this node holds nothing that others lack.
func (l *life) drained() bool { return l.mover.Drained() && len(l.store.Hints().Targets()) == 0 }

func (l *life) ring() *ring.Ring { return l.state.Ring() }

// connected is what a node does when it can reach another one again.
func (l *life) connected(id ring.NodeID) {
	l.membership.Disseminator().Exchange(id)
	l.clearer.Differs(id)
	l.deliverer.Trigger()
	l.mover.Trigger()
	l.scheduler.Trigger(id)
}

// crash ends a life as kill -9 or a loss of power would. The disk keeps what was
// synced, and all or nothing of what was not.
func (c *cluster) crash(n *node) {
	l := n.life
	keep := 100
	if c.on(FaultLostSyncs) && c.rng.IntN(2) == 0 {
		keep = 0
	}
	c.note("%s dies; of what was not synced, %d %% is kept", n.name, keep)
	c.losesLatest(l)
	if c.opts.defect == defectAmnesia {
		n.disk = vfs.NewCrashableMem()
	} else {
		n.disk = n.disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: keep, RNG: rand.New(rand.NewPCG(1, 1))})
	}
	n.life = nil
	c.bury(l)
	for _, other := range c.nodes {
		c.detectSoon(other, n, true)
	}
}

// stop ends a life in good order, and keeps a copy of its disk.
func (c *cluster) stop(n *node) {
	l := n.life
	c.note("%s stops in good order", n.name)
	n.life, l.over = nil, true
	l.bubble.do(func() { l.cancel() })
	l.bubble.advance(l.bubble.at + afterlife)
	var err error
	l.bubble.do(func() { err = l.store.Close() })
	l.bubble.end()
	if err != nil {
		c.note("%s does not stop in good order: %v", n.name, err)
	}
	n.backup = copyDisk(n.disk)
	n.disk = copyDisk(n.disk)
	for _, other := range c.nodes {
		c.detectSoon(other, n, true)
	}
}

// afterlife is longer than anything that a node begins takes to run into its
// deadline.
const afterlife = time.Minute

// bury stops the goroutines of a life; nothing of what they still do is seen.
func (c *cluster) bury(l *life) {
	l.over = true
	l.bubble.do(func() {
		l.cancel()
		go l.store.Crash()
	})
	l.bubble.advance(l.bubble.at + afterlife)
	l.bubble.end()
	l.mu.Lock()
	l.outbox, l.finished = nil, nil
	l.mu.Unlock()
}
