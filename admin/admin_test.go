package admin

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/quorate/quorate/admin/api"
	"github.com/quorate/quorate/admin/fanout"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/engine"
)

func newTestServer(p *fakeProcess, password string) *Server {
	return New(Config{Name: "A", Process: p, Metrics: NewMetrics(p), Token: func() string { return password }, Logger: slog.New(slog.DiscardHandler)})
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
		{"GET /api/observe/alerts.yml", "", 200, "alert: QuorateNodeDown", ""},
		{"GET /api/observe/grafana.json", "", 200, `"title":"quorate"`, ""},
		{"GET /api/merkle?local=1", "", 200, `"roots":{"1":"00000000000000ff","3":"0000000000000001"}`, ""},
		{"POST /api/cluster/config", `{"r":1}`, 200, `"r":1`, "quorums 3 1 2"},
		{"POST /api/cluster/config", `{"n":5,"r":3,"w":3}`, 200, `"n":5`, "quorums 5 3 3"},
		{"POST /api/cluster/config", `{"n":5,"r":3,"w":3}`, 200, `"effective":{"n":3,"r":3,"w":3},"note":"the ring has 3 members: until there are 5, n=3 r=3 w=3 hold"`, "quorums 5 3 3"},
		{"POST /api/cluster/config", `{"n":3}`, 200, `{"n":3,"r":2,"w":2,"effective":{"n":3,"r":2,"w":2}}`, "quorums 3 2 2"},
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
		{"POST /api/nodes/C/replace", "", 200, `{"name":"C","status":"vacant"}`, "vacate C"},
		{"POST /api/nodes/B/replace", "", 409, "is up", ""},
		{"POST /api/nodes/Z/replace", "", 404, "no such member", ""},
		{"POST /api/nodes/B/kill", "", 502, "no answer from the admin port", ""},
		{"POST /api/nodes/Z/kill", "", 404, "no such member", ""},
		{"PUT /api/data/k?ttl=5", "v", 400, `\"ttl\" is no query parameter of PUT /api/data/{key}`, ""},
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

func TestServer_RequestOfAnotherPort_IsRefusedUnlessForThisNode(t *testing.T) {
	for _, test := range []struct {
		recipient string // empty: from a port of an older version
		status    int
	}{
		{fanout.Recipient("c", ring.IDOf("A")), http.StatusOK},
		{fanout.Recipient("other", ring.IDOf("A")), http.StatusMisdirectedRequest},
		{fanout.Recipient("c", ring.IDOf("B")), http.StatusMisdirectedRequest},
		{"", http.StatusOK},
	} {
		p := &fakeProcess{node: newFakeNode()}
		w := do(newTestServer(p, ""), "GET", "/api/node", "", fanout.Via+": 1", fanout.For+": "+test.recipient)
		if w.Code != test.status {
			t.Errorf("for %q: status %d, want %d: %s", test.recipient, w.Code, test.status, w.Body)
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
	case <-time.After(time.Minute):
		t.Fatal("Run did not return")
	}
}

// A node whose disk is full answers as ever, but takes no writes: its log must not be the
// only place that says so.
func TestPort_StoreRefusesWrites_IsShownAndCounted(t *testing.T) {
	p := &fakeProcess{node: newFakeNode()}
	s := newTestServer(p, "")
	for _, path := range []string{"/api/cluster?local=1", "/api/node"} {
		if body := do(s, "GET", path, "").Body.String(); strings.Contains(body, "read_only") {
			t.Errorf("%s of a healthy node: %s", path, body)
		}
	}
	if body := do(s, "GET", "/metrics", "").Body.String(); !strings.Contains(body, "quorate_store_read_only 0") {
		t.Error("the metric of a healthy node is not 0")
	}
	p.node.health = errors.New("store is read-only: disk full")
	for _, path := range []string{"/api/cluster?local=1", "/api/node"} {
		if body := do(s, "GET", path, "").Body.String(); !strings.Contains(body, `"read_only":"disk full"`) {
			t.Errorf("%s: no reason in %s", path, body)
		}
	}
	if body := do(s, "GET", "/metrics", "").Body.String(); !strings.Contains(body, "quorate_store_read_only 1") {
		t.Error("the metric is not 1")
	}
}

// Until the others have filled a node whose disk was lost or put back, it does not answer
// for what it holds: an operator must see that it is not done.
func TestPort_NodeIsBeingFilled_IsShown(t *testing.T) {
	p := &fakeProcess{node: newFakeNode()}
	s := newTestServer(p, "")
	for doubt, want := range map[engine.Doubt]string{engine.Lost: "was lost", engine.Outdated: "was older than the cluster remembers"} {
		p.node.doubt = engine.NoDoubt
		for _, path := range []string{"/api/cluster?local=1", "/api/node"} {
			if body := do(s, "GET", path, "").Body.String(); strings.Contains(body, "refilling") {
				t.Errorf("%s of a node that has everything: %s", path, body)
			}
			p.node.doubt = doubt
			if body := do(s, "GET", path, "").Body.String(); !strings.Contains(body, `"refilling":"its disk `+want) {
				t.Errorf("%s: no reason in %s", path, body)
			}
			p.node.doubt = engine.NoDoubt
		}
	}
}

func TestPort_PlaceIsVacant_IsShownUntilTheMemberStartsAgain(t *testing.T) {
	p := &fakeProcess{node: newFakeNode()}
	s := newTestServer(p, "")
	vacant := func() bool {
		var v api.Cluster
		if err := json.Unmarshal(do(s, "GET", "/api/cluster?local=1", "").Body.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		return member(t, v, "C").Vacant
	}
	if vacant() {
		t.Error("before anybody asked for it")
	}
	if w := do(s, "POST", "/api/nodes/C/replace", ""); w.Code != 200 || !vacant() {
		t.Errorf("not vacant after %d %s", w.Code, w.Body)
	}
	p.node.state.Started(ring.IDOf("C"), 1)
	if vacant() {
		t.Error("C is back, and its place is vacant")
	}
}
