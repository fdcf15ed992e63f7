package sim

import (
	"cmp"
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
)

// Result is what came of a run.
type Result struct {
	Trace  string   // names the sequence of all events
	Events int      // how many there were
	Faults []string // what the checks found; none: all is well
	Tail   string   // the last events
	Writes int      // that were acknowledged
}

// Run runs one seed. It must be called outside of a bubble.
func Run(t *testing.T, o Options) Result {
	t.Helper()
	s := &schedule{t: t, opts: o, rng: rand.New(rand.NewPCG(o.Seed, 0x9e3779b97f4a7c15)), trace: newTrace()}
	s.trace.sink = o.Trace
	s.opts.Nodes = cmp.Or(o.Nodes, 3+s.rng.IntN(3))
	s.opts.Partitions = cmp.Or(o.Partitions, 8)
	s.opts.Keys = cmp.Or(o.Keys, 3+s.rng.IntN(4))
	s.opts.Clients = cmp.Or(o.Clients, 3+s.rng.IntN(3))
	s.opts.Chaos = cmp.Or(o.Chaos, 3*time.Second+time.Duration(s.rng.Int64N(int64(5*time.Second))))
	if o.Logger == nil {
		s.opts.Logger = slog.New(slog.DiscardHandler)
	}
	c := &cluster{schedule: s, byID: make(map[ring.NodeID]*node)}
	checks := &checker{cluster: c, history: new(history)}
	clients := &workload{cluster: c, checks: checks, history: checks.history}
	faults := &injector{cluster: c, operator: &operator{cluster: c}}
	c.users = clients

	c.found()
	clients.begin()
	faults.run()
	checks.checkCopies()
	faults.heal()
	checks.rest()
	s.note("ring %x", c.ring().Digest())
	checks.plant()
	checks.check()
	c.end()
	return Result{Trace: s.trace.digest(), Events: s.trace.events, Faults: s.faults, Tail: s.trace.tail(), Writes: checks.history.acknowledged()}
}
