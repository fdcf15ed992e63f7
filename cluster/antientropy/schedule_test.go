package antientropy

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/operation"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/cluster/testcluster"
)

// scripted is a Comparer whose pairs differ and fail as its functions say.
type scripted struct {
	mu             sync.Mutex
	differs        func(pair) bool
	fails          func(pair) bool
	takes          time.Duration
	refuses        int                  // comparisons yet to fail
	untilCancelled bool                 // an exchange ends early with its context
	rebuilt        map[ring.NodeID]bool // peers whose trees are being rebuilt

	compared map[ring.NodeID]int
	synced   map[pair]int
	running  int
	most     int
}

func (c *scripted) Differing(_ context.Context, id ring.NodeID, parts []ring.Partition) (differing, unknown []ring.Partition, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.compared[id]++
	if c.refuses > 0 {
		c.refuses--
		return nil, nil, errors.New("no answer")
	}
	if c.rebuilt[id] {
		return nil, parts, nil
	}
	for _, p := range parts {
		if c.differs(pair{id, p}) {
			differing = append(differing, p)
		}
	}
	return differing, nil, nil
}

func (c *scripted) Sync(ctx context.Context, id ring.NodeID, p ring.Partition) (Stats, error) {
	c.mu.Lock()
	c.synced[pair{id, p}]++
	c.running++
	c.most = max(c.most, c.running)
	c.mu.Unlock()
	ended := ctx.Done()
	if !c.untilCancelled {
		ended = nil
	}
	select {
	case <-ended:
	case <-time.After(c.takes):
		ended = nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running--
	if ended != nil {
		delete(c.synced, pair{id, p})
		return Stats{}, ctx.Err()
	}
	if c.fails(pair{id, p}) {
		return Stats{}, errors.New("no luck")
	}
	return Stats{KeysExchanged: 1}, nil
}

func (c *scripted) pairs() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.synced)
}

func (c *scripted) comparisons(id ring.NodeID) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.compared[id]
}

// stage is a Scheduler of node A among five, with a scripted Comparer.
type stage struct {
	*scripted
	*Scheduler
	shared map[ring.NodeID][]ring.Partition
	down   sync.Map
	held   atomic.Int64 // keys on the node
}

func fiveMembers() (founders []ring.Member) {
	for _, name := range []string{"A", "B", "C", "D", "E"} {
		founders = append(founders, testcluster.Member(name))
	}
	return founders
}

func newStage(t *testing.T) *stage {
	view := ring.NewRing(ring.NewState("cluster", 64, ring.Quorums{N: 3, R: 2, W: 2}, fiveMembers()...))
	s := &stage{scripted: &scripted{
		compared: make(map[ring.NodeID]int), synced: make(map[pair]int),
		differs: func(pair) bool { return false }, fails: func(pair) bool { return false },
	}}
	s.shared = sharedPartitions(view, ring.IDOf("A"))
	s.Scheduler = NewScheduler(ScheduleConfig{
		Self: ring.IDOf("A"), Ring: func() *ring.Ring { return view }, Exchanger: s.scripted,
		Available: func(id ring.NodeID) bool { _, down := s.down.Load(id); return !down },
		Rand:      rand.New(rand.NewPCG(1, 2)),
		Held:      func() Holding { return Holding{Keys: s.held.Load(), Bytes: 10 * s.held.Load()} },
	})
	return s
}

// breakOne makes one pair differ, and its exchanges fail.
func (s *stage) breakOne() pair {
	broken := pair{ring.IDOf("B"), s.shared[ring.IDOf("B")][0]}
	s.differs = func(p pair) bool { return p == broken }
	s.fails = s.differs
	return broken
}

// play runs the scheduler for some time.
func (s *stage) play(t *testing.T, d time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	if err := s.Run(ctx); err != nil {
		t.Fatal(err)
	}
}

func (s *stage) total() (n int) {
	for _, parts := range s.shared {
		n += len(parts)
	}
	return n
}

func TestScheduler_AllEqual_ComparesRootsOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.play(t, 4*20*time.Second)
		if s.pairs() != 0 {
			t.Errorf("%d pairs exchanged", s.pairs())
		}
		for id := range s.shared {
			if s.compared[id] < 2 { // when it started, and in its turn
				t.Errorf("compared %d times with a peer", s.compared[id])
			}
		}
		progress := s.progress()
		if len(progress) != s.total() {
			t.Errorf("%d pairs, progress of %d", s.total(), len(progress))
		}
		for _, p := range progress {
			if p.Compared.IsZero() || p.Error != nil {
				t.Errorf("%+v", p)
			}
		}
	})
}

func TestScheduler_Start_CatchesUpWithAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.differs = func(p pair) bool { return s.synced[p] == 0 }
		s.takes = time.Millisecond
		s.play(t, 5*time.Second)
		if s.pairs() != s.total() {
			t.Errorf("%d of %d pairs exchanged", s.pairs(), s.total())
		}
		if s.most != atOnce {
			t.Errorf("%d at once", s.most)
		}
	})
}

func TestScheduler_AlwaysDiffering_VisitsEverythingInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.play(t, time.Second) // the first catch-up finds nothing
		s.differs = func(pair) bool { return true }
		ticks := (s.total()/s.cfg.PairsPerTick + 4*len(s.shared)) * 5 / 4
		s.play(t, time.Duration(ticks)*s.cfg.Tick)
		if s.pairs() != s.total() {
			t.Errorf("%d of %d pairs exchanged", s.pairs(), s.total())
		}
		most, least := 0, ticks
		for _, n := range s.synced {
			most, least = max(most, n), min(least, n)
		}
		if total := ticks * s.cfg.PairsPerTick * 4 / 3; most*len(s.synced) > 3*total {
			t.Errorf("pairs were exchanged %d to %d times in %d ticks", least, most, ticks)
		}
	})
}

func TestScheduler_Failure_IsRetriedLaterAndLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		broken := s.breakOne()
		s.play(t, time.Hour)
		if n := s.synced[broken]; n < 5 || n > 20 {
			t.Errorf("tried %d times in an hour", n)
		}
		if f := s.Failing(); len(f) != 1 || f[0].Partition != broken.partition || f[0].Peer != broken.peer || f[0].Error == nil {
			t.Errorf("failing: %+v", f)
		}
		i := slices.IndexFunc(s.progress(), func(p Progress) bool { return p.Error != nil })
		if i < 0 || s.progress()[i].Failures < 5 || s.progress()[i].Partition != broken.partition {
			t.Error("the progress does not show the failure")
		}
		s.fails = func(pair) bool { return false }
		s.Trigger(broken.peer)
		s.play(t, time.Second)
		if f := s.Failing(); len(f) != 0 {
			t.Errorf("still failing: %+v", f)
		}
		if p := s.progress()[i]; p.Failures != 0 || p.Healed != 1 || p.Error != nil {
			t.Errorf("after it came back: %+v", p)
		}
	})
}

func TestScheduler_CatchUpThatFails_IsTriedAgainSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.differs = func(p pair) bool { return s.synced[p] == 0 }
		s.refuses = 3 * len(s.shared)
		s.play(t, 10*time.Second)
		if s.pairs() != s.total() {
			t.Errorf("%d of %d pairs exchanged", s.pairs(), s.total())
		}
	})
}

func TestScheduler_TreesBeingRebuilt_AreComparedMoreAndMoreSeldom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		b := ring.IDOf("B")
		s.rebuilt = map[ring.NodeID]bool{b: true}
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { _ = s.Run(ctx) })
		time.Sleep(10 * time.Second)
		if n := s.comparisons(b); n < 4 || n > 8 {
			t.Errorf("asked %d times in 10 s", n)
		}
		before := s.comparisons(b)
		time.Sleep(time.Hour)
		// Each minute, and in its turn.
		if n := s.comparisons(b) - before; n < 60 || n > 160 {
			t.Errorf("asked %d times in an hour", n)
		}
		cancel()
		running.Wait()
	})
}

func TestScheduler_SyncAll_IsCompleteAndReportsWhatIsNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.differs = func(p pair) bool { return true }
		s.takes = time.Millisecond
		stats, err := s.SyncAll(t.Context())
		if err != nil || stats.KeysExchanged != int64(s.total()) || s.most != atOnce {
			t.Errorf("%+v, %v, %d at once", stats, err, s.most)
		}
		s.down.Store(ring.IDOf("C"), true)
		if _, err := s.SyncAll(t.Context()); !errors.Is(err, peer.ErrUnavailable) {
			t.Errorf("with a peer down: %v", err)
		}
	})
}

// TestScheduler_RealNodes_EndIdentical lets three nodes with differing stores find
// each other.
func TestScheduler_RealNodes_EndIdentical(t *testing.T) {
	w := newWorld(t, 16, 3, "A", "B", "C")
	w.FillNodes(300, 20, "A", "B")
	w.node("C").Set("only-c", "x")
	w.node("A").Set("key:1", "newer")
	for _, name := range []string{"A", "B", "C"} {
		n := w.node(name)
		s := NewScheduler(ScheduleConfig{Self: n.ID, Ring: w.Ring, Exchanger: n.x, Available: n.Available})
		if _, err := s.SyncAll(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	s := NewScheduler(ScheduleConfig{Self: w.node("A").ID, Ring: w.Ring, Exchanger: w.node("A").x, Available: w.node("A").Available})
	if _, err := s.SyncAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	requireSame(t, w.node("A"), w.node("B"))
	requireSame(t, w.node("B"), w.node("C"))
	if len(w.node("C").Contents()) != 301 {
		t.Fatal("keys are missing")
	}
}

func TestScheduler_SyncAll_IsAnOperationWithProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.differs = func(p pair) bool { return p.partition%2 == 0 }
		s.takes = time.Second
		result := make(chan error, 1)
		go func() {
			_, err := s.SyncAll(t.Context())
			result <- err
		}()
		time.Sleep(1500 * time.Millisecond)
		half := s.cfg.Operations.List()[0]
		if half.State != operation.Running || half.Kind != operation.Sync {
			t.Errorf("a %s that is %s, want a running sync", half.Kind, half.State)
		}
		if half.Keys.Done != atOnce {
			t.Errorf("%d keys after a second and a half, want %d", half.Keys.Done, atOnce)
		}
		if err := <-result; err != nil {
			t.Fatal(err)
		}
		whole := s.cfg.Operations.List()[0]
		if want := int64(s.total()); whole.Partitions != (operation.Amount{Done: want, Total: want}) {
			t.Errorf("partitions %+v at the end, want all of %d", whole.Partitions, want)
		}
		if whole.State != operation.Done {
			t.Errorf("state %s at the end, want %s", whole.State, operation.Done)
		}
	})
}

func TestScheduler_SyncAll_Cancelled_StopsEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.differs = func(pair) bool { return true }
		s.takes = time.Second
		result := make(chan error, 1)
		go func() {
			_, err := s.SyncAll(t.Context())
			result <- err
		}()
		time.Sleep(1500 * time.Millisecond)
		id := s.cfg.Operations.List()[0].ID
		if err := s.cfg.Operations.Cancel(id); err != nil {
			t.Fatal(err)
		}
		if err := <-result; !errors.Is(err, operation.ErrCancelled) {
			t.Errorf("SyncAll returned %v, want %v", err, operation.ErrCancelled)
		}
		if s.pairs() > 3*atOnce {
			t.Errorf("%d pairs were exchanged, want those of two seconds", s.pairs())
		}
		if got := s.cfg.Operations.List()[0].State; got != operation.Cancelled {
			t.Errorf("state %s, want %s", got, operation.Cancelled)
		}
	})
}

func TestScheduler_Summary_CountsPairsByTheirState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		broken := s.breakOne()
		s.play(t, time.Second)
		if got, want := s.Summary(), (Summary{Pairs: s.total(), Equal: s.total() - 1, Failing: 1}); got != want {
			t.Errorf("summary %+v, want %+v", got, want)
		}
		s.fails = func(pair) bool { return false }
		s.differs = func(p pair) bool { return p == broken && s.synced[p] < 3 }
		s.Trigger(broken.peer)
		s.play(t, time.Second)
		got := s.Summary()
		if got.Equal != got.Pairs || got.Failing != 0 || got.Healed == 0 {
			t.Errorf("summary %+v, want all of %d equal, and keys healed", got, got.Pairs)
		}
		if got.Oldest.IsZero() || got.Oldest.After(time.Now()) {
			t.Errorf("the oldest comparison is of %v", got.Oldest)
		}
	})
}
