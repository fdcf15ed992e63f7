package admin

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/quorate/quorate/admin/api"
	"github.com/quorate/quorate/admin/fanout"
	"github.com/quorate/quorate/admin/problem"
)

// monitorInterval is how often the monitor looks for problems by itself. It thus knows
// since when a problem lasts, and the metrics tell problems without a request to others.
const monitorInterval = 5 * time.Second

// monitor looks for problems, and knows since when each lasts.
type monitor struct {
	*backend
	metrics *prometheus.Registry

	mu      sync.Mutex
	tracker problem.Tracker
	newest  []api.Problem // found last
	known   bool          // newest is of a node that runs
}

func newMonitor(b *backend) *monitor {
	m := &monitor{backend: b, metrics: prometheus.NewRegistry()}
	m.metrics.MustRegister(&problemCollector{monitor: m,
		count: desc("quorate_problems", "Problems of the cluster as this node sees it, by kind: see GET /api/problems.", "kind"),
		since: desc("quorate_problem_since_timestamp_seconds", "Since when a node has a problem.", "kind", "node"),
		build: desc("quorate_build_info", "Always 1; the label tells the version of the program.", "version"),
	})
	return m
}

// run looks for problems until ctx ends.
func (m *monitor) run(ctx context.Context) error {
	tick := time.NewTicker(monitorInterval)
	defer tick.Stop()
	for {
		if node, err := m.node(); err != nil {
			m.forget()
		} else {
			m.syncs.update(node.Store.Metrics().Pebble, time.Now())
			m.look(ctx, node)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// forget drops what was found: while the node does not run, it sees nothing.
func (m *monitor) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.newest, m.known, m.tracker = nil, false, problem.Tracker{}
}

// look asks all ports for their reports, and returns the problems that they tell.
func (m *monitor) look(ctx context.Context, node Node) api.Problems {
	here := snapshotOf(node)
	reports, missing := fanout.All[api.Node](ctx, m.ports, here.Others(), fanout.Get("/api/node?detail=1"))
	own := m.report()
	own.Detail = m.detail()
	reports[m.cfg.Name] = own
	members := make([]api.Member, 0, len(here.Ring.Members()))
	wrong := wrongClocks(reports)
	for _, member := range here.Ring.Members() {
		v := viewOfMember(node, member, reports[member.Name])
		v.ClockOff = wrong[member.Name]
		members = append(members, v)
	}
	now := m.cfg.Now()
	found := problem.Find(problem.View{Now: now, Ring: here.Ring, Members: members, Reports: reports})
	m.mu.Lock()
	defer m.mu.Unlock()
	found = m.tracker.Track(now, found)
	m.newest, m.known = found, true
	return api.Problems{Problems: found, Missing: missing}
}

// problemHandlers serves the list of problems.
type problemHandlers struct {
	*backend
	monitor *monitor
}

func (h *problemHandlers) getProblems(ctx context.Context, c *call) (any, error) {
	return h.monitor.look(ctx, c.node), nil
}

// problemCollector makes metrics of what the monitor found last.
type problemCollector struct {
	monitor      *monitor
	count, since *prometheus.Desc
	build        *prometheus.Desc
}

// Describe implements [prometheus.Collector].
func (c *problemCollector) Describe(out chan<- *prometheus.Desc) {
	out <- c.count
	out <- c.since
	out <- c.build
}

// Collect implements [prometheus.Collector]. It tells nothing while the node does not run.
func (c *problemCollector) Collect(out chan<- prometheus.Metric) {
	c.monitor.mu.Lock()
	found, known := c.monitor.newest, c.monitor.known
	c.monitor.mu.Unlock()
	if _, err := c.monitor.node(); err != nil || !known {
		return
	}
	put(out, c.build, gauge, 1, c.monitor.cfg.Version)
	for kind, n := range problem.Counts(found) {
		put(out, c.count, gauge, float64(n), kind)
	}
	for of, since := range problem.Since(found) {
		put(out, c.since, gauge, float64(since)/1000, of.Kind, of.Node)
	}
}
