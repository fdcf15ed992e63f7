package admin

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/quorate/quorate/admin/api"
	"github.com/quorate/quorate/admin/fanout"
	"github.com/quorate/quorate/admin/problem"
	"github.com/quorate/quorate/cluster/core/ring"
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
	newest  []api.Problem          // found last
	known   bool                   // newest is of a node that runs
	offsets map[string]clockOffset // of the members that answered last
}

func newMonitor(b *backend) *monitor {
	m := &monitor{backend: b, metrics: prometheus.NewRegistry()}
	m.metrics.MustRegister(&problemCollector{monitor: m,
		count:  desc("quorate_problems", "Problems of the cluster as this node sees it, by kind: see GET /api/problems.", "kind"),
		since:  desc("quorate_problem_since_timestamp_seconds", "Since when a node has a problem.", "kind", "node"),
		offset: desc("quorate_peer_clock_offset_seconds", "How far the clock of a member is ahead of this node's, or, negative, behind, by its newest report.", "node"),
		within: desc("quorate_peer_clock_offset_error_seconds", "How wrong that may be at most: half of the time that the report took.", "node"),
		build:  desc("quorate_build_info", "Always 1; the label tells the version of the program.", "version"),
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
	m.newest, m.known, m.tracker, m.offsets = nil, false, problem.Tracker{}, nil
}

// look asks all ports for their reports, and returns the problems that they tell.
func (m *monitor) look(ctx context.Context, node Node) api.Problems {
	here := snapshotOf(node)
	times := make(map[string]middle)
	reports, missing := fanout.All[api.Node](ctx, m.ports, here.Others(), fanout.Question{
		Method: http.MethodGet, Path: fanout.Same("/api/node?detail=1"),
		Timed: func(m ring.Member, sent, received time.Time) { times[m.Name] = middleOf(sent, received) },
	})
	offsets := offsetsOf(reports, times, time.Until(m.cfg.Now()))
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
	m.newest, m.known, m.offsets = found, true, offsets
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
	monitor        *monitor
	count, since   *prometheus.Desc
	build          *prometheus.Desc
	offset, within *prometheus.Desc
}

// Describe implements [prometheus.Collector].
func (c *problemCollector) Describe(out chan<- *prometheus.Desc) {
	out <- c.count
	out <- c.since
	out <- c.build
	out <- c.offset
	out <- c.within
}

// Collect implements [prometheus.Collector]. It tells nothing while the node does not run.
func (c *problemCollector) Collect(out chan<- prometheus.Metric) {
	c.monitor.mu.Lock()
	found, known, offsets := c.monitor.newest, c.monitor.known, c.monitor.offsets
	c.monitor.mu.Unlock()
	if _, err := c.monitor.node(); err != nil || !known {
		return
	}
	put(out, c.build, gauge, 1, c.monitor.cfg.Version)
	for name, o := range offsets {
		put(out, c.offset, gauge, o.ahead.Seconds(), name)
		put(out, c.within, gauge, o.within.Seconds(), name)
	}
	for kind, n := range problem.Counts(found) {
		put(out, c.count, gauge, float64(n), kind)
	}
	for of, since := range problem.Since(found) {
		put(out, c.since, gauge, float64(since)/1000, of.Kind, of.Node)
	}
}
