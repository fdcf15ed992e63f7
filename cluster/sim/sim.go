package sim

import (
	"cmp"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/quorate/quorate/cluster/core/ring"
)

// Sim is one run.
type Sim struct {
	t     *testing.T
	opts  Options
	rng   *rand.Rand
	now   time.Duration
	todo  agenda
	trace *trace

	state   *ring.State // that nodes without a saved one start with
	nodes   []*node
	byID    map[ring.NodeID]*node
	links   [][]link
	packets uint64 // requests sent
	frames  int    // requests and answers sent
	arrived int    // and arrived
	waiting int    // the most requests that one node had without an answer
	clients []*client
	history history
	healed  bool
	removed bool
	full    *node    // its disk is
	twin    *node    // the second process of a node's identity, once there was one
	copied  *node    // whose disk was or will be put back
	faults  []string // of the run: what the checks found
}

// Result is what came of a run.
type Result struct {
	Trace  string   // names the sequence of all events
	Events int      // how many there were
	Faults []string // what the checks found; none: all is well
	Tail   string   // the last events
	Writes int      // that were acknowledged
}

const (
	step      = 2 * time.Millisecond   // the most that a node's clock runs ahead while requests are under way
	idleStep  = 100 * time.Millisecond // and while there are none
	restLimit = 3 * time.Minute        // for copies to become equal, once all is well again
)

// Run runs one seed. It must be called outside of a bubble.
func Run(t *testing.T, o Options) Result {
	t.Helper()
	s := &Sim{t: t, opts: o, rng: rand.New(rand.NewPCG(o.Seed, 0x9e3779b97f4a7c15)), trace: newTrace(), byID: make(map[ring.NodeID]*node)}
	s.trace.sink = o.Trace
	s.opts.Nodes = cmp.Or(o.Nodes, 3+s.rng.IntN(3))
	s.opts.Partitions = cmp.Or(o.Partitions, 8)
	s.opts.Keys = cmp.Or(o.Keys, 3+s.rng.IntN(4))
	s.opts.Clients = cmp.Or(o.Clients, 3+s.rng.IntN(3))
	s.opts.Chaos = cmp.Or(o.Chaos, 3*time.Second+time.Duration(s.rng.Int64N(int64(5*time.Second))))
	if o.Logger == nil {
		s.opts.Logger = slog.New(slog.DiscardHandler)
	}
	s.found()
	s.chaos()
	s.heal()
	s.rest()
	s.note("ring %x", s.ring().Digest())
	s.plant()
	s.check()
	for _, n := range s.nodes {
		if n.life != nil {
			s.bury(n.life)
		}
	}
	return Result{Trace: s.trace.digest(), Events: s.trace.events, Faults: s.faults, Tail: s.trace.tail(), Writes: s.history.acknowledged()}
}

// found makes the nodes and starts them.
func (s *Sim) found() {
	var founders []ring.Member
	for i := range s.opts.Nodes + maxJoins {
		name := string(rune('A' + i))
		n := &node{sim: s, index: i, id: ring.IDOf(name), name: name, addr: name + "/0", disk: vfs.NewCrashableMem(), out: i >= s.opts.Nodes}
		s.nodes = append(s.nodes, n)
		s.byID[n.id] = n
		if !n.out {
			founders = append(founders, n.member())
		}
	}
	most := len(s.nodes) + 1 // one may get a twin
	s.links = make([][]link, most)
	for i := range s.links {
		s.links[i] = make([]link, most)
	}
	s.state = ring.NewState("cluster", s.opts.Partitions, ring.Quorums{N: 3, R: 2, W: 2}, founders...)
	for _, n := range s.nodes {
		if !n.out {
			s.start(n)
		}
	}
	s.runUntil(time.Second)
}

func (s *Sim) note(format string, args ...any) { s.trace.note(s.now, format, args...) }

// fail notes that a check found something.
func (s *Sim) fail(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	s.note("FAULT %s", text)
	if len(s.faults) < 20 {
		s.faults = append(s.faults, text)
	}
}

func (s *Sim) on(kind Faults) bool { return s.opts.Faults&kind != 0 && !s.healed }

// ring is the newest that any member has.
func (s *Sim) ring() *ring.Ring {
	var newest *ring.Ring
	for _, n := range s.nodes {
		if n.life != nil && (newest == nil || n.life.ring().Version() > newest.Version()) {
			newest = n.life.ring()
		}
	}
	if newest == nil {
		return ring.NewRing(s.state)
	}
	return newest
}

// chance is true in some of many cases, if that kind of fault is on.
func (s *Sim) chance(kind Faults, some, of int) bool {
	return some > 0 && s.on(kind) && s.rng.IntN(of) < some
}

// at schedules f. The time gets some nanoseconds of its own, so that no two events
// of one node are at the same instant.
func (s *Sim) at(t time.Duration, f func()) {
	s.todo.add(max(t, s.now)/time.Microsecond*time.Microsecond+time.Duration(s.rng.IntN(1000)), f)
}

func (s *Sim) after(d time.Duration, f func()) { s.at(s.now+d, f) }

// runUntil runs what happens until a time.
func (s *Sim) runUntil(end time.Duration) {
	for {
		next, ok := s.todo.next()
		if !ok || next > end {
			if s.now >= end {
				return
			}
			next = end
		}
		if next > s.now {
			s.advance(next)
			continue // nodes may have sent something that comes first
		}
		s.todo.take().run()
	}
}

// advance lets time pass on all nodes, no further than to a time, and no more than
// a step.
func (s *Sim) advance(to time.Duration) {
	most := idleStep
	if s.busy() {
		most = step
	}
	s.now = min(to, s.now+most)
	for _, n := range s.nodes {
		if l := n.life; l != nil && !l.frozen {
			l.bubble.advance(s.now)
			s.collect(l)
		}
	}
}

// busy says that something is under way for which a step of time matters.
func (s *Sim) busy() bool {
	for _, n := range s.nodes {
		if l := n.life; l != nil && len(l.pending) > 0 {
			return true
		}
	}
	for _, c := range s.clients {
		if c.waiting != nil {
			return true
		}
	}
	return false
}

func sortedKeys[V any](m map[uint64]V) []uint64 { return slices.Sorted(maps.Keys(m)) }
