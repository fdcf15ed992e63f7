package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/quorate/quorate/admin/api"
	"github.com/quorate/quorate/cluster"
	"github.com/quorate/quorate/cluster/antientropy"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/core/settings"
	"github.com/quorate/quorate/cluster/coverage"
	"github.com/quorate/quorate/cluster/handoff"
	"github.com/quorate/quorate/cluster/membership"
	"github.com/quorate/quorate/cluster/membership/gossip"
	"github.com/quorate/quorate/cluster/operation"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/cluster/peer/fault"
	"github.com/quorate/quorate/cluster/replica"
	"github.com/quorate/quorate/engine"
)

// fakeNode is a node of a ring of three, of which C is down.
type fakeNode struct {
	ready  chan struct{}
	health error
	state  *ring.State
	calls  []string
	policy register.Policy
}

// parts returns the node as the port sees it. Its parts are the node itself, but for those
// whose methods have the same names.
func (n *fakeNode) parts() Node {
	return Node{
		Lifecycle: n, Membership: n, Coverage: n, Comparer: n, Syncer: n, Coordinator: n, Settings: n,
		Store: fakeStore{n}, Trees: fakeStore{n}, Partitions: fakeStore{n}, Channel: fakeChannel{}, Gossip: fakeGossip{n},
	}
}

type fakeStore struct{ n *fakeNode }

func (s fakeStore) Metrics() engine.Metrics            { return engine.Metrics{Records: 7} }
func (s fakeStore) Health() error                      { return s.n.health }
func (s fakeStore) Roots([]uint64) []uint64            { return []uint64{0, 255, 0, 1} }
func (s fakeStore) PartitionReady(ring.Partition) bool { return true }
func (s fakeStore) Keys(ring.Partition) (int64, int64) { return 8, 9 }

type fakeGossip struct{ n *fakeNode }

func (g fakeGossip) Interval() time.Duration { return time.Second }
func (g fakeGossip) Health() int             { return 0 }

type fakeChannel struct{}

func (c fakeChannel) Counters() *peer.Counters { return new(peer.Counters) }

func newFakeNode() *fakeNode {
	var members []ring.Member
	for _, name := range []string{"A", "B", "C"} {
		members = append(members, ring.Member{ID: ring.IDOf(name), Name: name, ClientAddr: name + ":1", PeerAddr: name + ":2", AdminAddr: "127.0.0.1:1"})
	}
	n := &fakeNode{ready: make(chan struct{}), state: ring.NewState("c", 8, ring.Quorums{N: 3, R: 2, W: 2}, members...)}
	close(n.ready)
	return n
}

func (n *fakeNode) Uptime() time.Duration     { return time.Second }
func (n *fakeNode) Ready() <-chan struct{}    { return n.ready }
func (n *fakeNode) Name() string              { return "A" }
func (n *fakeNode) Ring() *ring.Ring          { return ring.NewRing(n.state) }
func (n *fakeNode) Alive(id ring.NodeID) bool { return id != ring.IDOf("C") }
func (c fakeChannel) Status() map[ring.NodeID]peer.PeerStatus {
	return map[ring.NodeID]peer.PeerStatus{
		ring.IDOf("B"): {Foreground: true, Background: true, Available: true, WaitTime: 20 * time.Millisecond},
		ring.IDOf("C"): {WaitTime: 100 * time.Millisecond, LastError: errors.New("dial: refused"), FailedAt: time.UnixMilli(7)},
	}
}
func (n *fakeNode) Counters() *replica.Counters { return new(replica.Counters) }
func (n *fakeNode) record(format string, a ...any) {
	n.calls = append(n.calls, fmt.Sprintf(format, a...))
}

func (n *fakeNode) Status(context.Context) (all []coverage.MemberStatus) {
	for _, m := range n.Ring().Members() {
		up := n.Alive(m.ID)
		all = append(all, coverage.MemberStatus{Member: m, Known: up, Keys: 5})
	}
	return all
}

func (n *fakeNode) SetQuorums(_ context.Context, N, R, W int) error {
	n.record("quorums %d %d %d", N, R, W)
	return ring.Quorums{N: N, R: R, W: W}.Validate()
}

func (n *fakeNode) Leave(_ context.Context, id ring.NodeID) error {
	n.record("leave %s", n.Ring().Name(id))
	return nil
}

func (n *fakeNode) Remove(_ context.Context, id ring.NodeID) error {
	n.record("remove %s", n.Ring().Name(id))
	return nil
}

func (g fakeGossip) Observe(id ring.NodeID) gossip.Observation {
	if !g.n.Alive(id) {
		return gossip.Observation{State: gossip.Dead}
	}
	return gossip.Observation{State: gossip.Alive}
}

func (n *fakeNode) ScanKeys(context.Context, uint64, int) ([][]byte, uint64, error) {
	return nil, 0, nil
}

func (n *fakeNode) Inspect(context.Context, ring.NodeID, ring.Partition) (antientropy.Diff, error) {
	return antientropy.Diff{}, antientropy.ErrNotReady
}

func (n *fakeNode) SyncAll(context.Context) (s antientropy.Stats, err error) { return s, nil }

func (n *fakeNode) Do(_ context.Context, requests []*replica.Request) {
	for _, r := range requests {
		n.record("do %s", r.Key)
	}
}

func (n *fakeNode) Figures() coverage.Figures {
	return coverage.Figures{Keys: 5, Hints: map[ring.NodeID]engine.HintStats{ring.IDOf("C"): {Count: 2, Bytes: 60, Oldest: time.UnixMilli(9000)}}}
}

func (n *fakeNode) Document() *settings.Document {
	d := settings.Founded(register.LWW)
	if n.policy != register.LWW {
		_ = d.SetPolicy(ring.IDOf("A"), n.policy)
	}
	return d
}

func (n *fakeNode) SetPolicy(_ context.Context, p register.Policy) error {
	n.record("policy %v", p)
	n.policy = p
	return nil
}

func (n *fakeNode) History(context.Context, []byte) (h replica.History) { return h }
func (n *fakeNode) Policy() register.Policy                             { return n.policy }
func (n *fakeNode) RingChanges() []membership.RingChange                { return nil }
func (n *fakeNode) Operations() *operation.Registry                     { return operation.NewRegistry(operation.Config{}) }

func (n *fakeNode) Repair() cluster.RepairStatus {
	return cluster.RepairStatus{
		Hints:   handoff.HintStats{Delivered: 3},
		Failing: []antientropy.Progress{{Partition: 5, Peer: ring.IDOf("C"), Failures: 2, Error: errors.New("no stream"), Retry: time.UnixMilli(8000)}},
		Reaping: antientropy.ReapStatus{Blocking: []antientropy.Blocker{{Node: ring.IDOf("C"), Since: time.UnixMilli(1_800_000_000_000)}}},
	}
}

// fakeProcess has one node, which may be killed.
type fakeProcess struct {
	node   *fakeNode
	killed bool
	links  []fault.Link
}

func (p *fakeProcess) Node() (Node, error) {
	if p.killed {
		return Node{}, ErrKilled
	}
	return p.node.parts(), nil
}

func (p *fakeProcess) Kill(node string) error {
	switch {
	case node != "A":
		return ErrNotHere
	case p.killed:
		return ErrAlready
	}
	p.killed = true
	return nil
}

func (p *fakeProcess) Revive(node string, _ bool) error {
	if node != "A" {
		return ErrNotHere
	}
	p.killed = false
	return nil
}

func (p *fakeProcess) Links() []fault.Link                     { return p.links }
func (p *fakeProcess) SetLinks(faults []fault.Link) error      { p.links = faults; return nil }
func (p *fakeProcess) AddNode(context.Context) (string, error) { return "", ErrNotDemo }
func (p *fakeProcess) Join([]string) error                     { return ErrAlready }
func (p *fakeProcess) Chaos() bool                             { return true }
func (p *fakeProcess) Commands(func(CommandTimes))             {}
func (p *fakeProcess) Demo() bool                              { return false }

func newTestServer(p *fakeProcess, password string) *Server {
	return New(Config{Name: "A", Process: p, Metrics: NewMetrics(p), Token: password, Logger: slog.New(slog.DiscardHandler)})
}

// do makes one request as curl would, with headers "Name: value".
func do(s *Server, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://127.0.0.1:8001"+path, strings.NewReader(body))
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		if name == "Host" {
			r.Host = value
		}
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	s.http.Handler.ServeHTTP(w, r)
	return w
}

func TestServer_EachRequest_HasItsStatusAndEffect(t *testing.T) {
	for _, test := range []struct {
		request, body string
		status        int
		in, call      string
	}{
		{"GET /healthz", "", 200, "alive", ""},
		{"GET /readyz", "", 200, "ready", ""},
		{"GET /metrics", "", 200, "quorate_store_records_total 7", ""},
		{"GET /api/merkle?local=1", "", 200, `"roots":{"1":"00000000000000ff","3":"0000000000000001"}`, ""},
		{"POST /api/cluster/config", `{"r":1}`, 200, `"r":1`, "quorums 3 1 2"},
		{"POST /api/cluster/config", `{"n":5,"r":3,"w":3}`, 200, `"n":5`, "quorums 5 3 3"},
		{"POST /api/cluster/config", `{"r":4}`, 400, "r is 4", "quorums 3 4 2"},
		{"POST /api/cluster/config", `{"q":4}`, 400, "q", ""},
		{"POST /api/cluster/config", `{"r":1}{}`, 400, "more than one", ""},
		{"POST /api/cluster/config", `nonsense`, 400, "bad request", ""},
		{"POST /api/cluster/config", `"` + strings.Repeat("x", maxBody) + `"`, 413, "too large", ""},
		{"GET /api/settings", "", 200, `"settings":[{"name":"conflict-resolution","value":"lww","version":1,"writer":""}]`, ""},
		{"PUT /api/settings/conflict-resolution", `{"value":"merge"}`, 200, `{"name":"conflict-resolution","value":"merge","version":2,"writer":"A"}`, "policy merge"},
		{"PUT /api/settings/conflict-resolution", `{"value":"newest"}`, 400, "want lww, merge or error", ""},
		{"PUT /api/settings/conflict-resolution", `{"policy":"lww"}`, 400, "policy", ""},
		{"PUT /api/settings/maxclients", `{"value":"1"}`, 400, "want conflict-resolution", ""},
		{"DELETE /api/nodes/B", "", 200, "leaving", "leave B"},
		{"DELETE /api/nodes/C", "", 200, "removing", "remove C"},
		{"DELETE /api/nodes/" + idText(ring.IDOf("C")), "", 200, "removing", "remove C"},
		{"DELETE /api/nodes/B?how=remove", "", 409, "is up", ""},
		{"DELETE /api/nodes/C?how=leave", "", 409, "is down", ""},
		{"DELETE /api/nodes/C?how=softly", "", 400, "want leave or remove", ""},
		{"DELETE /api/nodes/Z", "", 404, "no such member", ""},
		{"POST /api/nodes/B/kill", "", 502, "no answer from the admin port", ""},
		{"POST /api/nodes/Z/kill", "", 404, "no such member", ""},
		{"GET /api/nonsense", "", 404, "no such page", ""},
		{"POST /nonsense", "", 404, "no such page", ""},
		{"PUT /api/cluster", "", 405, "want GET, HEAD", ""},
		{"POST /metrics", "", 405, "want GET, HEAD", ""},
		{"OPTIONS /api/cluster/config", "", 204, "", ""},
		{"HEAD /api/cluster", "", 200, "", ""},
		{"GET /", "", 200, "<html", ""},
		{"GET /debug/pprof/", "", 404, "no such page", ""},
	} {
		p := &fakeProcess{node: newFakeNode()}
		method, path, _ := strings.Cut(test.request, " ")
		w := do(newTestServer(p, ""), method, path, test.body)
		if w.Code != test.status || !strings.Contains(w.Body.String(), test.in) {
			t.Errorf("%s %.40s: %d %s, want %d with %q", test.request, test.body, w.Code, w.Body, test.status, test.in)
		}
		if w.Code >= 400 && !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s: the error is not JSON: %s", test.request, w.Body)
		}
		if got := strings.Join(p.node.calls, ", "); got != test.call {
			t.Errorf("%s: the node was asked to %q, want %q", test.request, got, test.call)
		}
	}
}

func TestServer_Cluster_ShowsEachMember(t *testing.T) {
	var v api.Cluster
	w := do(newTestServer(&fakeProcess{node: newFakeNode()}, ""), "GET", "/api/cluster", "")
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatal(err)
	}
	if v.N != 3 || v.R != 2 || v.W != 2 || v.Partitions != 8 || v.Self != "A" || len(v.Nodes) != 3 {
		t.Errorf("%+v", v)
	}
	if b, c := v.Nodes[1], v.Nodes[2]; b.Status != "up" || b.Keys == nil || *b.Keys != 5 || c.Status != "down" || c.Keys != nil || c.ClientAddr != "C:1" {
		t.Errorf("B %+v, C %+v", b, c)
	}
}

func TestServer_KilledNode_PortOutlivesIt(t *testing.T) {
	p := &fakeProcess{node: newFakeNode()}
	s := newTestServer(p, "")
	for _, step := range []struct {
		request string
		status  int
	}{
		{"POST /api/nodes/A/kill", 200}, {"POST /api/nodes/A/kill", 409},
		{"GET /healthz", 200}, {"GET /readyz", 503}, {"GET /api/cluster", 503}, {"GET /metrics", 200},
		{"POST /api/nodes/A/revive", 200}, {"GET /readyz", 200},
	} {
		method, path, _ := strings.Cut(step.request, " ")
		if w := do(s, method, path, ""); w.Code != step.status {
			t.Errorf("%s: %d %s, want %d", step.request, w.Code, w.Body, step.status)
		}
	}
}

func TestServer_NotReady_SaysWhy(t *testing.T) {
	p := &fakeProcess{node: newFakeNode()}
	s := newTestServer(p, "")
	p.node.health = errors.New("disk full")
	if w := do(s, "GET", "/readyz", ""); w.Code != 503 || !strings.Contains(w.Body.String(), "disk full") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	p.node.ready = make(chan struct{})
	for _, path := range []string{"/readyz", "/api/cluster"} {
		if w := do(s, "GET", path, ""); w.Code != 503 || !strings.Contains(w.Body.String(), "place in the ring") {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}

func TestServer_Password_GuardsAllButTheProbes(t *testing.T) {
	s := newTestServer(&fakeProcess{node: newFakeNode()}, "sesame")
	basic := func(password string) string {
		r := httptest.NewRequest("GET", "/", nil)
		r.SetBasicAuth("anyone", password)
		return "Authorization: " + r.Header.Get("Authorization")
	}
	for _, test := range []struct {
		path    string
		headers []string
		status  int
	}{
		{"/healthz", nil, 200}, {"/readyz", nil, 200},
		{"/api/cluster", nil, 401}, {"/metrics", nil, 401}, {"/api/nonsense", nil, 401},
		{"/api/cluster", []string{basic("wrong")}, 401}, {"/api/cluster", []string{basic("")}, 401},
		{"/api/cluster", []string{basic("sesame")}, 200},
	} {
		if w := do(s, "GET", test.path, "", test.headers...); w.Code != test.status {
			t.Errorf("%s %v: %d, want %d", test.path, test.headers, w.Code, test.status)
		}
	}
}

func TestServer_PagesOfOtherSites_ChangeNothing(t *testing.T) {
	for _, test := range []struct {
		what    string
		headers []string
		status  int
	}{
		{"curl", nil, 200},
		{"its own page", []string{"Origin: http://127.0.0.1:8001", "Sec-Fetch-Site: same-origin"}, 200},
		{"another site", []string{"Origin: http://evil.example", "Sec-Fetch-Site: cross-site"}, 403},
		{"another port", []string{"Origin: http://127.0.0.1:9999"}, 403},
		{"a name bound to loopback", []string{"Host: evil.example:8001", "Origin: http://evil.example:8001", "Sec-Fetch-Site: same-origin"}, 403},
	} {
		p := &fakeProcess{node: newFakeNode()}
		if w := do(newTestServer(p, ""), "DELETE", "/api/nodes/B", "", test.headers...); w.Code != test.status {
			t.Errorf("%s: %d %s, want %d", test.what, w.Code, w.Body, test.status)
		} else if test.status != 200 && len(p.node.calls) > 0 {
			t.Errorf("%s: the node was asked to %v", test.what, p.node.calls)
		}
	}
}

func TestServer_Run_EndsWithItsContext(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := newTestServer(&fakeProcess{node: newFakeNode()}, "")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx, listener) }()
	response, err := http.Get("http://" + listener.Addr().String() + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	cancel()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("Run did not return")
	}
}
