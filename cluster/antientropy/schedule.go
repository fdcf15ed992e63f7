package antientropy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/operation"
	"github.com/quorate/quorate/cluster/peer"
)

// Comparer is the part of an Exchanger that a Scheduler uses.
type Comparer interface {
	Differing(ctx context.Context, peer ring.NodeID, parts []ring.Partition) (differing, unknown []ring.Partition, err error)
	Sync(ctx context.Context, peer ring.NodeID, p ring.Partition) (Stats, error)
}

// ScheduleConfig configures a [Scheduler]. The first four fields are required.
type ScheduleConfig struct {
	Self      ring.NodeID
	Ring      func() *ring.Ring
	Exchanger Comparer
	Available func(ring.NodeID) bool
	Logger    *slog.Logger // default: none
	// Operations lists SyncAll and AwaitEqual. Default: a registry of its own.
	Operations *operation.Registry
	// Held returns what this node holds now, for the progress of AwaitEqual; default: nothing.
	Held func() Holding

	// Tick is how often the next peer is compared with; jittered by a quarter
	// either way, so that nodes started together do not stay in step. Default: 15 s.
	Tick time.Duration
	// PairsPerTick bounds how many partitions that differ are exchanged with that
	// peer in one tick. Under writes some partitions always differ, because writes
	// are under way, and exchanging all of them each time would cost too much.
	// Default: 8.
	PairsPerTick int
	// MissedGap is the time between two catch-ups that Missed asks for. Default: 5 s.
	MissedGap time.Duration
	Now       func() time.Time // the wall clock, for what Progress reports; default: time.Now
	Rand      *rand.Rand       // of the jitter; used by Run only; default: seeded at random
}

// Holding is how much a node holds, deleted keys included.
type Holding struct{ Keys, Bytes int64 }

// atOnce bounds the exchanges that run at the same time, those of SyncAll included.
const atOnce = 2

// Scheduler decides when the partitions of which this node is a primary are compared with
// their other primaries.
//
// Each tick it takes the next peer and compares all roots with one message. Partitions
// with equal roots are done; of those that differ, the next few are exchanged. So an idle
// cluster sends one small message per node and tick, and every pair has its turn, however
// busy the others are.
//
// The Scheduler catches up with a peer that just came back, or that shares
// partitions since the ring changed, and with every peer when this node starts:
// all that differs is exchanged at once, within the exchanger's rate. What fails is
// tried again after a wait that doubles.
type Scheduler struct {
	cfg     ScheduleConfig
	trigger chan struct{}
	running chan struct{} // a semaphore of the exchanges that run

	// Used by Run only.
	lastPeer  ring.NodeID                    // compared with in the last tick
	lastPart  map[ring.NodeID]ring.Partition // exchanged last in a tick, by peer
	version   uint64                         // of the ring whose shares are known
	shared    map[ring.NodeID][]ring.Partition
	rest      map[ring.NodeID][]ring.Partition // what a catch-up under way has left to exchange
	exchanged map[ring.NodeID]int64            // keys that a catch-up under way has exchanged

	mu struct {
		sync.Mutex
		catchUp map[ring.NodeID]catchUpRequest
		begun   map[ring.NodeID]time.Time // monotonic: when the last catch-up began
		pairs   map[pair]*Progress
		healed  int64 // keys exchanged

		paused   time.Time // wall clock: since when; zero: it is not paused
		resumed  bool      // since the last round
		endRound func()    // ends the round under way
	}
}

// DefaultTick is the time between two rounds of comparisons.
const DefaultTick = 15 * time.Second

const defaultMissedGap = 5 * time.Second

// NewScheduler makes a Scheduler; Run must be called for it to do anything by itself.
func NewScheduler(cfg ScheduleConfig) *Scheduler {
	cfg.Tick = cmp.Or(cfg.Tick, DefaultTick)
	cfg.MissedGap = cmp.Or(cfg.MissedGap, defaultMissedGap)
	cfg.PairsPerTick = cmp.Or(cfg.PairsPerTick, 8)
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Held == nil {
		cfg.Held = func() Holding { return Holding{} }
	}
	if cfg.Operations == nil {
		cfg.Operations = operation.NewRegistry(operation.Config{Now: cfg.Now})
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	}
	s := &Scheduler{
		cfg: cfg, trigger: make(chan struct{}, 1), running: make(chan struct{}, atOnce),
		lastPart: make(map[ring.NodeID]ring.Partition),
		rest:     make(map[ring.NodeID][]ring.Partition), exchanged: make(map[ring.NodeID]int64),
	}
	s.mu.catchUp = make(map[ring.NodeID]catchUpRequest)
	s.mu.begun = make(map[ring.NodeID]time.Time)
	s.mu.pairs = make(map[pair]*Progress)
	s.mu.endRound = func() {}
	return s
}

// Trigger makes the Scheduler catch up with a peer now. It is for callers that know
// that the peer came back: exchanges that failed while it was away are due again.
func (s *Scheduler) Trigger(peer ring.NodeID) {
	s.mu.Lock()
	s.mu.catchUp[peer] = catchUpRequest{wanted: true}
	for p, state := range s.mu.pairs {
		if p.peer == peer {
			state.Failures, state.Retry = 0, time.Time{}
		}
	}
	s.mu.Unlock()
	s.wake()
}

// Missed makes the Scheduler catch up with a peer that has missed a change, soon. Changes that a peer
// misses come in numbers: one catch-up is for all of some seconds.
func (s *Scheduler) Missed(peer ring.NodeID) {
	s.mu.Lock()
	a := s.mu.catchUp[peer]
	if !a.wanted {
		a.wanted, a.at = true, s.mu.begun[peer].Add(s.cfg.MissedGap)
		s.mu.catchUp[peer] = a
	}
	s.mu.Unlock()
	s.wake()
}

// Run keeps the schedule until ctx ends.
func (s *Scheduler) Run(ctx context.Context) error {
	timer := time.NewTimer(0) // the first round begins at once
	defer timer.Stop()
	retry := time.NewTimer(s.cfg.Tick)
	defer retry.Stop()
	for {
		due := false // a tick is
		select {
		case <-ctx.Done():
			return nil
		case <-s.trigger:
		case <-retry.C:
		case <-timer.C:
			due = true
		}
		// What else came during the last round is done in this one, so that nothing
		// depends on which of several was received.
		select {
		case <-s.trigger:
		default:
		}
		if !due {
			select {
			case <-timer.C:
				due = true
			default:
			}
		}
		s.followRing()
		round, end := s.round(ctx)
		if due {
			s.visitNext(round)
			timer.Reset(s.cfg.Tick*3/4 + time.Duration(s.cfg.Rand.Int64N(int64(s.cfg.Tick)/2+1)))
		}
		s.catchUpAll(round)
		end()
		retry.Stop()
		if wait, ok := s.nextCatchUp(); ok {
			retry.Reset(wait)
		}
	}
}

// followRing updates which partitions this node shares with which peer, and asks
// for a catch-up with each peer whose share changed.
func (s *Scheduler) followRing() {
	view := s.cfg.Ring()
	if s.shared != nil && view.Version() == s.version {
		return
	}
	before := s.shared
	s.version, s.shared = view.Version(), sharedPartitions(view, s.cfg.Self)
	s.forgetOthers(s.shared)
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, parts := range s.shared {
		if !slices.Equal(before[id], parts) {
			s.mu.catchUp[id] = catchUpRequest{wanted: true}
		}
	}
}

// sharedPartitions lists, by peer and in order, the partitions of which both self
// and the peer are primaries.
func sharedPartitions(r *ring.Ring, self ring.NodeID) map[ring.NodeID][]ring.Partition {
	shared := make(map[ring.NodeID][]ring.Partition)
	for i := range r.Partitions() {
		p := ring.Partition(i)
		if !r.IsPrimary(self, p) {
			continue
		}
		for _, id := range r.Primaries(p) {
			if id != self {
				shared[id] = append(shared[id], p)
			}
		}
	}
	return shared
}

func sortedPeers(shared map[ring.NodeID][]ring.Partition) []ring.NodeID {
	return slices.Sorted(maps.Keys(shared))
}

// visitNext does the work of one tick.
func (s *Scheduler) visitNext(ctx context.Context) {
	id, ok := s.nextPeer()
	if !ok || ctx.Err() != nil {
		return
	}
	s.lastPeer = id
	differing, _, err := s.compare(ctx, id, s.shared[id])
	if err != nil {
		s.cfg.Logger.Debug("copies not compared with a peer", "err", err)
		return
	}
	differing = slices.DeleteFunc(differing, func(p ring.Partition) bool { return !s.due(pair{id, p}) })
	if len(differing) == 0 {
		return
	}
	turn := inTurn(differing, s.lastPart[id], s.cfg.PairsPerTick)
	s.lastPart[id] = turn[len(turn)-1]
	_, _ = s.exchangeAll(ctx, id, turn, unreported) // the outcome is in the progress of each pair
}

// nextPeer returns the next available peer after the last, in the order of ids.
func (s *Scheduler) nextPeer() (ring.NodeID, bool) {
	peers := sortedPeers(s.shared)
	start, _ := slices.BinarySearch(peers, s.lastPeer+1)
	for i := range peers {
		if id := peers[(start+i)%len(peers)]; s.cfg.Available(id) {
			return id, true
		}
	}
	return 0, false
}

// inTurn returns up to n of the sorted parts, beginning behind last.
func inTurn(parts []ring.Partition, last ring.Partition, n int) []ring.Partition {
	start, found := slices.BinarySearch(parts, last)
	if found {
		start++
	}
	turn := slices.Concat(parts[start:], parts[:start])
	return turn[:min(n, len(turn))]
}

// compare compares the roots of parts with one peer's, and notes the outcome. It
// returns the partitions that differ, in order, and those whose trees are being
// rebuilt.
func (s *Scheduler) compare(ctx context.Context, id ring.NodeID, parts []ring.Partition) (differing, unknown []ring.Partition, err error) {
	differing, unknown, err = s.cfg.Exchanger.Differing(ctx, id, parts)
	if err != nil {
		return nil, nil, fmt.Errorf("compare with %s: %w", s.cfg.Ring().Name(id), err)
	}
	s.recordRoots(id, parts, differing, unknown)
	return differing, unknown, nil
}

// unreported is the report of exchanges that belong to no operation.
func unreported(Stats) {}

// exchangeAll exchanges parts with one peer, a few at once, and returns when all
// are done. It gives up when the peer stops answering. report is called with the
// stats of each exchange that succeeded, one call at a time.
func (s *Scheduler) exchangeAll(ctx context.Context, id ring.NodeID, parts []ring.Partition, report func(Stats)) (Stats, error) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var total Stats
	var errs []error
	done := func(stats Stats, err error) {
		mu.Lock()
		defer mu.Unlock()
		total.Add(stats)
		if err != nil {
			errs = append(errs, err)
		} else {
			report(stats)
		}
	}
	next := make(chan ring.Partition)
	for range min(atOnce, len(parts)) {
		wg.Go(func() {
			for p := range next {
				stats, err := s.exchange(ctx, pair{id, p})
				done(stats, err)
			}
		})
	}
	for _, p := range parts {
		if ctx.Err() != nil || !s.cfg.Available(id) {
			done(Stats{}, cmp.Or(ctx.Err(), fmt.Errorf("exchange with %s: %w", s.cfg.Ring().Name(id), peer.ErrUnavailable)))
			break
		}
		next <- p
	}
	close(next)
	wg.Wait()
	return total, errors.Join(errs...)
}

// exchange exchanges one partition, when fewer than atOnce exchanges run, and notes
// the outcome.
func (s *Scheduler) exchange(ctx context.Context, p pair) (Stats, error) {
	select {
	case s.running <- struct{}{}:
		defer func() { <-s.running }()
	case <-ctx.Done():
		return Stats{}, ctx.Err()
	}
	stats, err := s.cfg.Exchanger.Sync(ctx, p.peer, p.partition)
	s.recordKeys(p, stats.KeysExchanged)
	if err == nil || ctx.Err() == nil { // else it was given up, as for a pause, and did not fail
		s.record(p, err)
	}
	return stats, err
}
