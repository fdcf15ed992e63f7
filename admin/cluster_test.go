package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/quorate/quorate/admin/api"
	"github.com/quorate/quorate/cluster"
	"github.com/quorate/quorate/cluster/core/histogram"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer/fault"
	"github.com/quorate/quorate/cluster/testnodes"
)

// fleet is a cluster of whole nodes in this process, each with its admin port.
type fleet struct {
	t      testing.TB
	token  string
	nodes  *testnodes.Cluster
	names  []string
	ports  map[string]*port
	client http.Client
}

// port is the admin port of one node; it is the [Process] too, which may kill its own
// node and no other.
type port struct {
	f        *fleet
	name     string
	addr     string
	links    *fault.Links
	events   *EventLog
	chaos    atomic.Bool
	now      atomic.Pointer[func() time.Time] // the wall clock
	server   *Server
	draining atomic.Int64 // since when, unix milliseconds

	mu          sync.Mutex
	killed      cluster.Config // of the node, while it is killed
	clockOffset time.Duration  // what its clock was set to
}

// newFleet starts a number of nodes and waits until all share one ring at rest.
func newFleet(t testing.TB, size int, token string) *fleet {
	f := &fleet{t: t, token: token, nodes: testnodes.New(t), ports: make(map[string]*port), client: http.Client{Timeout: 30 * time.Second}}
	t.Cleanup(f.client.CloseIdleConnections)
	for i := range size {
		f.add(string(rune('A' + i)))
	}
	f.nodes.Settle()
	return f
}

func (f *fleet) add(name string) *port {
	f.t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		f.t.Fatal(err)
	}
	p := &port{f: f, name: name, addr: listener.Addr().String(), links: new(fault.Links), events: NewEventLog(name)}
	p.chaos.Store(true)
	p.now.Store(new(time.Now))
	cfg := f.nodes.Config(name)
	cfg.AdminAddr, cfg.Links = p.addr, p.links
	cfg.AntiEntropyInterval = time.Hour // by hand only
	cfg.Logger = slog.New(p.events.Handler(slog.DiscardHandler)).With("self", name)
	f.nodes.Start(cfg)
	f.ports[name], f.names = p, append(f.names, name)
	s := New(Config{
		Name: name, Version: "test", Process: p, Metrics: NewMetrics(p), Events: p.events, Token: func() string { return f.token }, MaxValue: 1 << 20, Now: func() time.Time { return (*p.now.Load())() },
		Logger: cfg.Logger.With("component", "admin"),
	})
	p.server = s
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- s.Run(ctx, listener) }()
	f.t.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			f.t.Errorf("port of %s: %v", name, err)
		}
	})
	return p
}

// ring returns the ring of a node that runs.
func (f *fleet) ring(name string) *ring.Ring { return f.nodes.Node(name).Ring() }

func (p *port) Node() (Node, error) {
	n := p.f.nodes.Node(p.name)
	if n == nil {
		return Node{}, ErrKilled
	}
	return NodeOf(n.Node), nil
}

func (p *port) Kill(name string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case !p.chaos.Load():
		return ErrChaosForbidden
	case name != p.name:
		return ErrNotHere
	case p.f.nodes.Node(name) == nil:
		return ErrAlready
	}
	p.killed = p.f.nodes.Crash(name)
	return nil
}

func (p *port) Revive(name string) error { return p.revive(name, false) }

func (p *port) ReviveEmpty(name string) error { return p.revive(name, true) }

func (p *port) revive(name string, loseDisk bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case name != p.name:
		return ErrNotHere
	case p.f.nodes.Node(name) != nil:
		return ErrAlready
	}
	p.killed.Store.LoseData = loseDisk
	p.f.nodes.Start(p.killed)
	return nil
}

func (p *port) Links() []fault.Link { return p.links.Faulty() }

func (p *port) SetLinks(faults []fault.Link) error {
	if !p.chaos.Load() {
		return ErrChaosForbidden
	}
	return p.links.Set(faults)
}

func (p *port) SetClock(name string, offset time.Duration) error {
	switch {
	case !p.chaos.Load():
		return ErrChaosForbidden
	case name != p.name:
		return ErrNotHere
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clockOffset = offset
	return nil
}

func (p *port) AddNode(context.Context) (string, error) { return "", ErrNotDemo }
func (p *port) Join([]string) error                     { return ErrAlready }
func (p *port) Chaos() bool                             { return p.chaos.Load() }
func (p *port) Demo() bool                              { return false }
func (p *port) Clients() int                            { return 2 }

func (p *port) Drain() error {
	p.draining.Store(time.Now().UnixMilli())
	return nil
}

func (p *port) Undrain() error {
	p.draining.Store(0)
	return nil
}

func (p *port) DrainingSince() (t time.Time) {
	if at := p.draining.Load(); at != 0 {
		t = time.UnixMilli(at)
	}
	return t
}

func (p *port) Tracing() TracingCounts { return TracingCounts{} }

func (p *port) Commands(fn func(histogram.CommandTimes)) {
	var h histogram.Histogram
	h.Record(3*time.Millisecond, 10)
	var c histogram.Counts
	h.Add(&c)
	fn(histogram.CommandTimes{Name: "get", Reads: true, Times: &c})
	fn(histogram.CommandTimes{Name: "config|get", Failed: 1, Times: &c})
}

// reply is what a port answered.
type reply struct {
	status int
	body   []byte
	header http.Header
}

// call makes one request of a node's port, with headers "Name: value".
func (f *fleet) call(node, method, path, body string, headers ...string) reply {
	f.t.Helper()
	r, err := http.NewRequest(method, "http://"+f.ports[node].addr+path, strings.NewReader(body))
	if err != nil {
		f.t.Fatal(err)
	}
	return f.send(r, headers...)
}

func (f *fleet) send(r *http.Request, headers ...string) reply {
	f.t.Helper()
	if f.token != "" {
		r.Header.Set("Authorization", "Bearer "+f.token)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	answer, err := f.client.Do(r)
	if err != nil {
		f.t.Fatalf("%s %s: %v", r.Method, r.URL, err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return reply{answer.StatusCode, text, answer.Header}
}

// rawCall calls a path as it is, without the checks of call.
func (f *fleet) rawCall(node, method, path, body string, headers ...string) reply {
	f.t.Helper()
	r := &http.Request{
		Method: method, URL: &url.URL{Scheme: "http", Host: f.ports[node].addr, Opaque: path}, Header: make(http.Header),
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Host: f.ports[node].addr,
	}
	return f.send(r, headers...)
}

func jsonDecode(text []byte, into any) error { return json.Unmarshal(text, into) }

// must calls a path, fails the test unless the call succeeds, and decodes its JSON.
func must[T any](f *fleet, node, method, path string, body any) (out T) {
	f.t.Helper()
	text := ""
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			f.t.Fatal(err)
		}
		text = string(encoded)
	}
	r := f.call(node, method, path, text, "Content-Type: application/json")
	if r.status/100 != 2 {
		f.t.Fatalf("%s %s of %s: %d %s", method, path, node, r.status, r.body)
	}
	d := json.NewDecoder(bytes.NewReader(r.body))
	d.DisallowUnknownFields()
	if err := d.Decode(&out); err != nil {
		f.t.Fatalf("%s %s: %v in %s", method, path, err, r.body)
	}
	return out
}

func (f *fleet) view(node string) api.Cluster {
	return must[api.Cluster](f, node, "GET", "/api/cluster", nil)
}

// member returns the member of that name.
func member(t testing.TB, v api.Cluster, name string) api.Member {
	t.Helper()
	for _, m := range v.Nodes {
		if m.Name == name {
			return m
		}
	}
	t.Fatalf("no %s in %+v", name, v)
	return api.Member{}
}

func TestFleet_Cluster_IsTheSameThroughEveryPort(t *testing.T) {
	f := newFleet(t, 3, "")
	for range 10 {
		must[api.WriteAnswer](f, "B", "PUT", "/api/data/k", api.WriteRequest{Value: "v"})
	}
	for _, through := range f.names {
		v := f.view(through)
		if v.Self != through || len(v.Nodes) != 3 || len(v.Missing) != 0 || v.Effective != (api.Quorums{N: 3, R: 2, W: 2}) || !v.Chaos || v.Demo || v.InTransition || len(v.Links) != 0 {
			t.Errorf("through %s: %+v", through, v)
		}
		writes := int64(0)
		for _, m := range v.Nodes {
			if m.Status != "up" || !m.Alive || m.Keys == nil || m.Hints == nil || *m.Hints != 0 || m.UptimeS == nil || m.Tokens < 21 {
				t.Fatalf("through %s: %+v", through, m)
			}
			writes += *m.Writes
		}
		if writes != 10 {
			t.Errorf("through %s: %d writes, want 10", through, writes)
		}
	}
	alone := must[api.Cluster](f, "A", "GET", "/api/cluster?local=1", nil)
	if fmt.Sprint(alone.Missing) != "[B C]" {
		t.Errorf("with nobody asked, missing are %v", alone.Missing)
	}
}

func TestFleet_KilledNode_ShowsAndServesTheClusterThroughItsPort(t *testing.T) {
	f := newFleet(t, 4, "sesame")
	must[api.WriteAnswer](f, "A", "PUT", "/api/data/k", api.WriteRequest{Value: "v"})
	if fate := must[api.NodeState](f, "A", "POST", "/api/nodes/D/kill", nil); fate != (api.NodeState{Node: "D", Status: "killed"}) {
		t.Errorf("%+v", fate)
	}
	if r := f.call("B", "POST", "/api/nodes/D/kill", ""); r.status != 409 {
		t.Errorf("killed twice: %d %s", r.status, r.body)
	}
	for _, through := range f.names {
		v := f.view(through)
		d := member(t, v, "D")
		if v.Self != through || d.Status != "killed" || d.Keys != nil || len(v.Missing) != 0 {
			t.Errorf("through %s: self %s, D %+v, missing %v", through, v.Self, d, v.Missing)
		}
	}
	if r := f.call("D", "GET", "/api/cluster?local=1", ""); r.status != 503 {
		t.Errorf("D by itself: %d %s", r.status, r.body)
	}
	if found := must[api.ReadAnswer](f, "D", "GET", "/api/data/k", nil); found.Resolved.Value != "v" || found.Trace.Node == "D" {
		t.Errorf("a read through D: %+v", found)
	}
	if w := must[api.WriteAnswer](f, "D", "PUT", "/api/data/k", api.WriteRequest{Value: "v2"}); w.Trace.Node == "D" || w.Context == "" {
		t.Errorf("a write through D: %+v", w)
	}
	if r := f.call("D", "PUT", "/api/data/raw?w=1", "\xff\x00"); r.status != 200 {
		t.Errorf("a raw write through D: %d %s", r.status, r.body)
	}
	if facts := must[api.Node](f, "D", "GET", "/api/node", nil); facts.Status != "killed" || facts.Here != nil || facts.Name != "D" {
		t.Errorf("%+v", facts)
	}
	must[api.NodeState](f, "D", "POST", "/api/nodes/D/revive", nil)
	if r := f.call("D", "POST", "/api/nodes/D/revive", "{}"); r.status != 409 {
		t.Errorf("revived twice: %d %s", r.status, r.body)
	}
	f.nodes.Eventually("D up again", func() bool { return member(t, f.view("A"), "D").Status == "up" })
}

func TestFleet_DeadPort_IsMissingAndNotWaitedFor(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 3, "")
	// A port that takes a connection and says nothing.
	mute, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	if err := f.ports["C"].Kill("C"); err != nil {
		t.Fatal(err)
	}
	f.ports["C"].killed.AdminAddr = mute.Addr().String()
	if err := f.ports["C"].Revive("C"); err != nil {
		t.Fatal(err)
	}
	f.nodes.Settle()
	f.nodes.Eventually("C known at its new address", func() bool {
		view := f.ring("A")
		m, _ := view.MemberByName("C")
		return m.AdminAddr == mute.Addr().String() && f.nodes.Node("A").Alive(m.ID)
	})
	began := time.Now()
	v := f.view("A")
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("waited %v for a mute port", took)
	}
	if c := member(t, v, "C"); fmt.Sprint(v.Missing) != "[C]" || c.Status != "up" || c.Keys == nil || c.Reads != nil {
		t.Errorf("missing %v, C %+v", v.Missing, c)
	}
}
