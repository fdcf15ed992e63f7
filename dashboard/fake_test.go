package dashboard_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/quorate/quorate/dashboard"
)

// fake answers the admin REST as a cluster would, from a few maps: enough for the
// page to be drawn and driven without one. What a real cluster does with the same
// clicks is tested end to end beside the program.
type fake struct {
	server *httptest.Server
	mux    *http.ServeMux

	mu struct {
		sync.Mutex
		names      []string
		partitions int
		dead       map[string]bool
		n, r, w    int
		version    int
		links      []object
		objects    map[string]*stored
		copies     map[string]map[string]replicaCopy // node -> key
		hinted     []hint
		walks      map[int][]string         // partition -> its preference list, in a cache
		clocks     map[string]time.Duration // how far the clocks of nodes are set off
		full       map[string]bool          // whose disk counts as full
		held       bool                     // hints are not delivered
		paused     bool                     // replicas are not compared
		events     []object
		streaming  bool
		peaceful   bool // chaos is not allowed
		policy     string
		readOnly   string // why B refuses writes
		clockOff   int64  // of B, in milliseconds
		refilling  string // why the others fill B
		vacant     string // a dead node that may be replaced
		problems   []object
		cancelled  bool   // the operation that runs
		converged  bool   // all but one partition whose replicas differed
		refused    string // a method that is answered with 503
		forgotten  bool   // some versions
	}
	changed chan struct{}
}

type object = map[string]any

// stored is one key: its siblings, and all versions that ever were.
type stored struct {
	siblings []version // of all copies
	history  []version
	merged   replicaCopy
}

type version struct {
	actor   string
	counter int
	value   string
	deleted bool
	at      int64 // ms, by the clock of its node
	clock   map[string]int
	parents []string
}

// startFake serves the page and the REST of a cluster with this many nodes. The test goes on
// beside other tests.
func startFake(t *testing.T, nodes, partitions int) *fake {
	t.Parallel()
	f := &fake{mux: http.NewServeMux(), changed: make(chan struct{}, 1)}
	f.mu.partitions, f.mu.n, f.mu.r, f.mu.w, f.mu.version = partitions, 3, 2, 2, 7
	f.mu.dead, f.mu.objects = map[string]bool{}, map[string]*stored{}
	f.mu.copies, f.mu.walks, f.mu.clocks = map[string]map[string]replicaCopy{}, map[int][]string{}, map[string]time.Duration{}
	f.mu.full = map[string]bool{}
	f.mu.streaming, f.mu.policy = true, "lww"
	for i := range nodes {
		f.mu.names = append(f.mu.names, string(rune('A'+i)))
	}
	f.mux.Handle("/", dashboard.Handler())
	f.answer("GET /api/cluster", func(*http.Request) any { return f.clusterLocked() })
	f.answer("POST /api/cluster/config", f.configureLocked)
	f.answer("GET /api/settings", func(*http.Request) any { return object{"digest": "1", "settings": []object{f.policyLocked()}} })
	f.answer("PUT /api/settings/{setting}", func(r *http.Request) any {
		var change struct{ Value string }
		_ = json.NewDecoder(r.Body).Decode(&change)
		f.mu.policy = change.Value
		return f.policyLocked()
	})
	f.answer("GET /api/problems", func(*http.Request) any { return object{"problems": f.problemsLocked(), "missing": []string{}} })
	f.answer("GET /api/operations", func(*http.Request) any { return f.operationsLocked() })
	f.answer("DELETE /api/operations/{operation}", func(*http.Request) any {
		f.mu.cancelled = true
		return f.operationLocked()
	})
	f.answer("POST /api/nodes", f.addLocked)
	f.answer("POST /api/nodes/{node}/{action}", f.chaosLocked)
	f.answer("DELETE /api/nodes/{node}", f.dropLocked)
	f.answer("POST /api/hints/{action}", func(r *http.Request) any {
		f.mu.held = r.PathValue("action") == "hold"
		f.settleLocked()
		return object{"nodes": []object{}, "missing": []string{}}
	})
	f.answer("POST /api/repair/{action}", func(r *http.Request) any {
		f.mu.paused = r.PathValue("action") == "pause"
		f.settleLocked()
		return object{"nodes": []object{}, "missing": []string{}}
	})
	f.answer("POST /api/partition", f.splitLocked)
	f.answer("POST /api/heal", func(*http.Request) any {
		f.mu.links = nil
		f.settleLocked()
		return object{"links": []object{}}
	})
	f.answer("GET /api/ring", func(*http.Request) any { return f.ringLocked() })
	f.answer("GET /api/ring/key/{key}", func(r *http.Request) any { return f.locateLocked(r.PathValue("key")) })
	f.answer("GET /api/data", func(*http.Request) any { return f.keysLocked() })
	f.answer("GET /api/data/{key}", f.readLocked)
	f.answer("PUT /api/data/{key}", f.writeLocked)
	f.answer("DELETE /api/data/{key}", f.writeLocked)
	f.answer("GET /api/versions/{key}", f.versionsLocked)
	f.answer("GET /api/merkle", func(*http.Request) any { return f.merkleLocked() })
	f.answer("GET /api/merkle/{partition}", f.leavesLocked)
	f.answer("POST /api/merkle/sync", func(*http.Request) any { return object{"nodes": []object{{"node": "A", "keys_exchanged": 2}}} })
	f.answer("GET /api/gossip", func(*http.Request) any { return f.gossipLocked() })
	f.answer("GET /api/history", func(*http.Request) any { return historyAt(time.Now()) })
	f.answer("GET /api/events", func(*http.Request) any { return object{"events": f.mu.events, "missing": []string{}} })
	f.mux.HandleFunc("GET /api/stream", f.stream)
	f.server = httptest.NewServer(f.mux)
	t.Cleanup(func() { f.server.CloseClientConnections(); f.server.Close() })
	return f
}

// refusal is an error answer.
type refusal struct {
	status int
	text   string
	trace  object
}

// refuse makes all requests with a method fail, until it is called with another.
func (f *fake) refuse(method string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mu.refused = method
}

// answer registers a route whose result is sent as JSON.
func (f *fake) answer(pattern string, result func(*http.Request) any) {
	f.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		var body any = refusal{status: http.StatusServiceUnavailable, text: "the nodes do not answer"}
		if r.Method != f.mu.refused {
			body = result(r)
		}
		encoded, err := json.Marshal(body)
		f.mu.Unlock()
		if err != nil {
			panic(err)
		}
		if no, ok := body.(refusal); ok {
			w.WriteHeader(no.status)
			encoded, _ = json.Marshal(object{"error": no.text, "trace": no.trace})
		}
		_, _ = w.Write(encoded)
		if r.Method != http.MethodGet {
			select {
			case f.changed <- struct{}{}:
			default:
			}
		}
	})
}

// problemsLocked lists the dead nodes, and what the test wants besides.
func (f *fake) problemsLocked() []object {
	all := slices.Clone(f.mu.problems)
	for _, name := range f.mu.names {
		if f.mu.dead[name] {
			all = append(all, object{"kind": "node-down", "level": "warn", "node": name, "since_ms": time.Now().UnixMilli(), "what": name + " is down", "means": "Others stand in.", "do": "Start it again."})
		}
	}
	return append([]object{}, all...)
}

func (f *fake) clusterLocked() object {
	var nodes []object
	for i, name := range f.mu.names {
		status := "up"
		if f.mu.dead[name] {
			status = "killed"
		} else if !f.reachesLocked(f.mu.names[0], name) {
			status = "down"
		}
		readOnly, refilling, clockOff := "", "", int64(0)
		if name == "B" {
			readOnly, refilling, clockOff = f.mu.readOnly, f.mu.refilling, f.mu.clockOff
		}
		if f.mu.full[name] {
			readOnly = "disk nearly full, on purpose"
		}
		hints, held, paused := 0, 0, 0
		for _, k := range f.hintsLocked(name) {
			hints += k
		}
		if f.mu.held {
			held = 1
		}
		if f.mu.paused {
			paused = 1
		}
		nodes = append(nodes, object{
			"id": name, "name": name, "status": status, "alive": status == "up", "zone": "", "tokens": f.mu.partitions / len(f.mu.names),
			"client_addr": fmt.Sprint("127.0.0.1:", 6379+i), "peer_addr": fmt.Sprint("127.0.0.1:", 7946+i), "admin_addr": fmt.Sprint("127.0.0.1:", 8001+i),
			"keys": 812 + 13*i + len(f.mu.copies[name]), "bytes": 3<<20 + i*70_000, "hints": hints, "hints_for": f.hintsLocked(name), "reads": 1000, "writes": 500, "uptime_s": 320, "read_only": readOnly, "disk_filled": f.mu.full[name],
			"clock_off_ms": clockOff, "refilling": refilling, "vacant": f.mu.vacant == name, "hints_held_since_ms": held, "repair_paused_since_ms": paused,
		})
	}
	return object{
		"n": f.mu.n, "r": f.mu.r, "w": f.mu.w, "effective": object{"n": f.mu.n, "r": f.mu.r, "w": f.mu.w}, "partitions": f.mu.partitions,
		"ring_version": f.mu.version, "in_transition": false, "pending": []string{}, "self": f.mu.names[0], "chaos": !f.mu.peaceful, "demo": true,
		"nodes": nodes, "links": f.mu.links, "missing": []string{},
	}
}

func (f *fake) configureLocked(r *http.Request) any {
	want := object{}
	_ = json.NewDecoder(r.Body).Decode(&want)
	next := map[string]int{"n": f.mu.n, "r": f.mu.r, "w": f.mu.w}
	for k, v := range want {
		next[k] = int(v.(float64))
	}
	if next["r"] > next["n"] || next["w"] > next["n"] {
		return refusal{status: http.StatusBadRequest, text: "r and w must not exceed n"}
	}
	if f.mu.n, f.mu.r, f.mu.w = next["n"], next["r"], next["w"]; want["n"] != nil {
		f.settleLocked()
	}
	most := len(f.mu.names)
	return object{"n": f.mu.n, "r": f.mu.r, "w": f.mu.w, "effective": object{"n": min(f.mu.n, most), "r": min(f.mu.r, most), "w": min(f.mu.w, most)}}
}

func (f *fake) addLocked(*http.Request) any {
	name := string(rune('A' + len(f.mu.names)))
	f.mu.names = append(f.mu.names, name)
	f.moveLocked()
	return object{"name": name, "status": "joining"}
}

func (f *fake) dropLocked(r *http.Request) any {
	name := r.PathValue("node")
	f.mu.names = slices.DeleteFunc(f.mu.names, func(n string) bool { return n == name })
	f.moveLocked()
	return object{"name": name, "status": "leaving"}
}

func (f *fake) chaosLocked(r *http.Request) any {
	node := r.PathValue("node")
	if !slices.Contains(f.mu.names, node) {
		return refusal{status: http.StatusNotFound, text: "no such node"}
	}
	others := slices.DeleteFunc(slices.Clone(f.mu.names), func(n string) bool { return n == node })
	switch r.PathValue("action") {
	case "kill":
		f.mu.dead[node] = true
	case "revive":
		var how struct {
			LoseDisk bool `json:"lose_disk"`
		}
		_ = json.NewDecoder(r.Body).Decode(&how)
		delete(f.mu.dead, node)
		delete(f.mu.full, node)
		if how.LoseDisk {
			delete(f.mu.copies, node)
		}
		if f.mu.vacant == node {
			f.mu.vacant = ""
		}
	case "replace":
		if !f.mu.dead[node] {
			return refusal{status: http.StatusConflict, text: node + ": the node is up"}
		}
		f.mu.vacant = node
	case "clock":
		var how struct {
			Offset int64 `json:"offset_ms"`
		}
		_ = json.NewDecoder(r.Body).Decode(&how)
		f.mu.clocks[node] = time.Duration(how.Offset) * time.Millisecond
	case "disk":
		var how struct{ Full bool }
		_ = json.NewDecoder(r.Body).Decode(&how)
		f.mu.full[node] = how.Full
	case "partition":
		for _, other := range others {
			f.mu.links = append(f.mu.links, object{"from": node, "to": other, "cut": true}, object{"from": other, "to": node, "cut": true})
		}
	case "slow":
		for _, other := range others {
			f.mu.links = append(f.mu.links, object{"from": node, "to": other, "delay_ms": 50, "loss": 0.1})
		}
	case "heal":
		f.mu.links = slices.DeleteFunc(f.mu.links, func(l object) bool { return l["from"] == node || l["to"] == node })
	}
	f.settleLocked()
	f.logLocked(node, "node", "node "+r.PathValue("action"))
	return object{"links": f.mu.links, "missing": []string{}}
}

func (f *fake) splitLocked(r *http.Request) any {
	var body struct{ Groups [][]string }
	_ = json.NewDecoder(r.Body).Decode(&body)
	for _, a := range body.Groups[0] {
		for _, b := range body.Groups[1] {
			f.mu.links = append(f.mu.links, object{"from": a, "to": b, "cut": true}, object{"from": b, "to": a, "cut": true})
		}
	}
	return object{"links": f.mu.links, "missing": []string{}}
}

func (f *fake) logLocked(node, kind, text string) {
	f.mu.events = append(f.mu.events, object{
		"id": fmt.Sprint(node, len(f.mu.events)), "time_ms": time.Now().UnixMilli(), "node": node, "level": "INFO", "kind": kind, "text": text,
		"fields": object{"peer": f.mu.names[0]},
	})
}

// stream sends the cluster at once, each second and on changes, and the load.
func (f *fake) stream(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	on := f.mu.streaming
	f.mu.Unlock()
	if !on {
		http.Error(w, "gone", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	sent := 0
	for second := 0; ; second++ {
		f.mu.Lock()
		cluster, _ := json.Marshal(f.clusterLocked())
		load, _ := json.Marshal(f.loadLocked(second))
		fresh := slices.Clone(f.mu.events[sent:])
		sent = len(f.mu.events)
		f.mu.Unlock()
		fmt.Fprintf(w, "event: cluster\ndata: %s\n\nevent: load\ndata: %s\n\n", cluster, load)
		for _, event := range fresh {
			line, _ := json.Marshal(event)
			fmt.Fprintf(w, "event: log\ndata: %s\n\n", line)
		}
		w.(http.Flusher).Flush()
		select {
		case <-time.After(time.Second):
		case <-f.changed:
		case <-r.Context().Done():
			return
		}
	}
}

func (f *fake) loadLocked(second int) object {
	var nodes []object
	for i, name := range f.mu.names {
		reads := 400 + 120*((second+2*i)%7) + 35*((second*5+i)%11)
		writes := 180 + 60*((second+3*i)%5)
		if f.mu.dead[name] {
			reads, writes = 0, 0
		}
		tail := 1.2 + 0.3*float64((second+i)%6)
		nodes = append(nodes, object{
			"node": name, "reads_s": reads, "writes_s": writes, "errors_s": 0, "divergent_s": (second + i) % 4, "hints_stored_s": (second * i) % 3,
			"hints_delivered_s": 0, "read_repairs_s": second % 3, "forwards_s": 90, "keys_healed_s": 0,
			"read_ms": object{"p50": 0.4 + tail/20, "p99": tail, "p999": tail * 2.3}, "write_ms": object{"p50": 0.9 + tail/10, "p99": tail * 1.8, "p999": tail * 4},
		})
	}
	return object{"time_ms": time.Now().UnixMilli(), "nodes": nodes}
}

// body reads the value of a PUT.
func body(r *http.Request) string {
	all, _ := io.ReadAll(r.Body)
	return strings.TrimSpace(string(all))
}
