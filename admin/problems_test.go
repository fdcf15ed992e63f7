package admin

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/quorate/quorate/admin/api"
	"github.com/quorate/quorate/admin/problem"
)

// problemsThrough lists the problems by kind and node, through one port.
func (f *fleet) problemsThrough(name string) (list []string) {
	f.t.Helper()
	for _, p := range must[api.Problems](f, name, "GET", "/api/problems", nil).Problems {
		list = append(list, p.Kind+" "+p.Node)
		if p.SinceMillis == 0 {
			f.t.Errorf("through %s: since when is not told: %+v", name, p)
		}
	}
	return list
}

func TestFleet_NodeIsKilled_IsAProblemThroughEveryPortUntilItIsBack(t *testing.T) {
	f := newFleet(t, 3, "")
	for _, name := range f.names {
		f.nodes.Eventually("no problem through "+name, func() bool { return len(f.problemsThrough(name)) == 0 })
	}
	must[api.NodeState](f, "C", "POST", "/api/nodes/C/kill", nil)
	for _, name := range f.names { // that of the killed node asks another one
		f.nodes.Eventually("C to be a problem through "+name, func() bool {
			return slices.Equal(f.problemsThrough(name), []string{"node-down C"})
		})
	}
	f.nodes.Eventually("the metrics to tell it", func() bool {
		text := string(f.call("A", "GET", "/metrics", "").body)
		return strings.Contains(text, "\n"+`quorate_problems{kind="node-down"} 1`) && strings.Contains(text, "\n"+`quorate_problems{kind="clock"} 0`) &&
			strings.Contains(text, "\n"+`quorate_problem_since_timestamp_seconds{kind="node-down",node="C"} 1.`)
	})
	if text := string(f.call("C", "GET", "/metrics", "").body); strings.Contains(text, "quorate_problem") {
		t.Errorf("a killed node tells problems:\n%s", text)
	}
	must[api.NodeState](f, "C", "POST", "/api/nodes/C/revive", nil)
	for _, name := range f.names {
		f.nodes.Eventually("no problem through "+name, func() bool { return len(f.problemsThrough(name)) == 0 })
	}
}

func TestFleet_LinkIsCut_IsAProblemOfBothNodes(t *testing.T) {
	f := newFleet(t, 3, "")
	must[api.LinkFaults](f, "A", "POST", "/api/nodes/B/partition", api.CutRequest{From: []string{"C"}})
	f.nodes.Eventually("the cut to be told", func() bool {
		return slices.Equal(f.problemsThrough("A"), []string{"link-down B", "link-down C"})
	})
}

func TestFleet_Node_TellsItsVersionAndDetail(t *testing.T) {
	f := newFleet(t, 2, "")
	n := must[api.Node](f, "A", "GET", "/api/node?detail=1", nil)
	if n.Version != "test" || n.Detail == nil || n.Detail.Repair.Node != "A" || len(n.Detail.Sees) != 1 || n.Detail.Sees[0].Node != "B" {
		t.Errorf("%+v", n)
	}
	if n := must[api.Node](f, "A", "GET", "/api/node", nil); n.Detail != nil {
		t.Errorf("it was not asked for: %+v", n.Detail)
	}
}

func TestMonitor_FullDisk_IsAProblemSinceItWasSeenFirst(t *testing.T) {
	at := time.UnixMilli(1_800_000_000_000)
	node := newFakeNode()
	m := newTestServer(&fakeProcess{node: node}, "").monitor
	m.cfg.Now = func() time.Time { return at }
	since := func() int64 {
		for _, p := range m.look(t.Context(), node.parts()).Problems {
			if p.Kind == problem.ReadOnly && p.Node == "A" && strings.Contains(p.What, "no room") {
				return p.SinceMillis
			}
		}
		return 0
	}
	if got := since(); got != 0 {
		t.Errorf("nothing is wrong yet: %d", got)
	}
	node.health = errors.New("no room")
	first := at.UnixMilli()
	if got := since(); got != first {
		t.Errorf("seen first: %d", got)
	}
	at = at.Add(time.Minute)
	if got := since(); got != first {
		t.Errorf("a minute later: %d, want %d", got, first)
	}
	m.forget()
	if got := since(); got != at.UnixMilli() {
		t.Errorf("after the node was killed: %d, want %d", got, at.UnixMilli())
	}
}

// The mean is that of the last whole interval, and begins anew with the store.
func TestSyncTimes_Mean_IsOfTheLastInterval(t *testing.T) {
	var syncs syncTimes
	at := time.Unix(1000, 0)
	open := func() (prometheus.Histogram, *pebble.Metrics) {
		h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "syncs", Buckets: []float64{1e9}})
		m := new(pebble.Metrics)
		m.LogWriter.FsyncLatency = h
		return h, m
	}
	latency, m := open()
	step := func(what string, seconds time.Duration, millis []float64, want time.Duration) {
		for _, n := range millis {
			latency.Observe(n * 1e6)
		}
		at = at.Add(seconds * time.Second)
		if syncs.update(m, at); syncs.get() != want {
			t.Errorf("%s: %v, want %v", what, syncs.get(), want)
		}
	}
	step("the first reading", 0, []float64{500}, 0)
	step("soon after", 3, []float64{40}, 0)
	step("a whole interval", 12, []float64{20}, 30*time.Millisecond)
	step("the next", 15, []float64{100}, 100*time.Millisecond)
	step("no sync", 15, nil, 0)
	step("another", 15, []float64{10}, 10*time.Millisecond)
	latency, m = open()
	step("a store that was opened anew", 3, nil, 0)
	step("its first interval", 15, []float64{7}, 7*time.Millisecond)
}
