package admin

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/quorate/quorate/admin/api"
	"github.com/quorate/quorate/cluster/core/ring"
)

func TestEventLog_Records_AreKeptWithTheirFields(t *testing.T) {
	l := NewEventLog("A")
	var text strings.Builder
	log := slog.New(l.Handler(slog.NewTextHandler(&text, &slog.HandlerOptions{Level: slog.LevelWarn}))).With("self", "A", "component", "peer")
	log.Debug("not worth it")
	log.Info("one", "n", 1, slog.Group("g", "x", "y"))
	log.WithGroup("h").With("k", "v").Warn("two", "took", time.Second, "long", strings.Repeat("x", 2*maxField))
	got := l.After("", 10)
	if len(got) != 2 || got[0].Text != "one" || got[0].Level != "info" || got[0].Kind != "peer" || got[0].Node != "A" || fmt.Sprint(got[0].Fields) != "map[g.x:y n:1]" {
		t.Errorf("%+v", got)
	}
	if f := got[1].Fields; f["h.k"] != "v" || f["h.took"] != "1s" || len(f["h.long"]) != maxField {
		t.Errorf("%+v", f)
	}
	if text := text.String(); strings.Contains(text, "msg=one") || !strings.Contains(text, "msg=two") || !strings.Contains(text, "h.k=v") {
		t.Errorf("the log has %s", text)
	}
	if after := l.After(got[0].ID, 10); len(after) != 1 || after[0].ID != got[1].ID {
		t.Errorf("after the first: %+v", after)
	}
}

func TestEventLog_Overflow_KeepsTheNewestInOrder(t *testing.T) {
	l := NewEventLog("A")
	log := slog.New(l.Handler(slog.DiscardHandler))
	for i := range maxEvents + 10 {
		log.Info(fmt.Sprint(i))
	}
	got := l.After("", 2*maxEvents)
	if len(got) != maxEvents || got[0].Text != "10" || !slices.IsSortedFunc(got, func(a, b api.LogEvent) int { return strings.Compare(a.ID, b.ID) }) {
		t.Errorf("%d events, from %+v", len(got), got[0])
	}
	if got := l.After("", 3); len(got) != 3 || got[2].Text != fmt.Sprint(maxEvents+9) {
		t.Errorf("%+v", got)
	}
}

func TestEvents_OfAllNodes_AreJoinedAndFiltered(t *testing.T) {
	f := newFleet(t, 3, "")
	for _, name := range f.names {
		slog.New(f.ports[name].events.Handler(slog.DiscardHandler)).Error("marked", "component", "test", "node", name)
	}
	all := must[api.Events](f, "B", "GET", "/api/events?kind=test", nil)
	if len(all.Events) != 3 || len(all.Missing) != 0 || all.Events[0].Node != "A" || all.Events[2].Fields["node"] != "C" {
		t.Fatalf("%+v", all)
	}
	for query, want := range map[string]int{
		"?kind=test&node=B": 1, "?kind=test&limit=2": 2, "?level=error": 3, "?kind=test&after=" + all.Events[1].ID: 1, "?local=1&kind=test": 1,
	} {
		if got := must[api.Events](f, "A", "GET", "/api/events"+query, nil); len(got.Events) != want {
			t.Errorf("%s: %d events, want %d", query, len(got.Events), want)
		}
	}
	for _, query := range []string{"?limit=0", "?limit=x", "?level=debug"} {
		if r := f.call("A", "GET", "/api/events"+query, ""); r.status != 400 {
			t.Errorf("%s: %d", query, r.status)
		}
	}
}

// sse is one event of a stream.
type sse struct{ name, id, data string }

// watch reads a node's stream into a channel until the test ends.
func (f *fleet) watch(node string) <-chan sse {
	f.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r, err := http.NewRequestWithContext(ctx, "GET", "http://"+f.ports[node].addr+streamPath, nil)
	if err != nil {
		f.t.Fatal(err)
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		f.t.Fatal(err)
	}
	if kind := answer.Header.Get("Content-Type"); answer.StatusCode != 200 || !strings.HasPrefix(kind, "text/event-stream") {
		f.t.Fatalf("%d %s", answer.StatusCode, kind)
	}
	events, done := make(chan sse, 1000), make(chan struct{})
	go func() {
		defer close(done)
		lines := bufio.NewScanner(answer.Body)
		lines.Buffer(nil, 1<<20)
		for e := (sse{}); lines.Scan(); {
			switch field, value, _ := strings.Cut(lines.Text(), ": "); field {
			case "event":
				e.name = value
			case "id":
				e.id = value
			case "data":
				e.data = value
			case "":
				if e.name != "" {
					select {
					case events <- e:
					default:
					}
				}
				e = sse{}
			}
		}
	}()
	f.t.Cleanup(func() { cancel(); answer.Body.Close(); <-done })
	return events
}

// await returns the first event that holds.
func await(t testing.TB, events <-chan sse, what string, holds func(sse) bool) sse {
	t.Helper()
	timeout := time.After(20 * time.Second)
	for {
		select {
		case e := <-events:
			if holds(e) {
				return e
			}
		case <-timeout:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func TestStream_TellsOfTheClusterItsLoadAndItsLog(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 3, "")
	events := f.watch("A")
	await(t, events, "the cluster", func(e sse) bool {
		var v api.Cluster
		return e.name == "cluster" && json.Unmarshal([]byte(e.data), &v) == nil && len(v.Nodes) == 3 && v.Self == "A"
	})
	for range 20 {
		must[api.WriteAnswer](f, "B", "PUT", "/api/data/k", api.WriteRequest{Value: "v"})
	}
	await(t, events, "its load", func(e sse) bool {
		var l api.Load
		if e.name != "load" || json.Unmarshal([]byte(e.data), &l) != nil || len(l.Nodes) != 3 {
			return false
		}
		writes := 0.0
		for _, n := range l.Nodes {
			writes += n.Writes
		}
		return writes > 0
	})
	slog.New(f.ports["C"].events.Handler(slog.DiscardHandler)).Info("look here", "component", "test")
	e := await(t, events, "another node's log", func(e sse) bool { return e.name == "log" && strings.Contains(e.data, "look here") })
	var logged api.LogEvent
	if json.Unmarshal([]byte(e.data), &logged) != nil || logged.ID != e.id || logged.Node != "C" {
		t.Errorf("%+v", e)
	}
	must[api.NodeState](f, "C", "POST", "/api/nodes/C/kill", nil)
	await(t, events, "the death of C", func(e sse) bool {
		var v api.Cluster
		return e.name == "cluster" && json.Unmarshal([]byte(e.data), &v) == nil && member(t, v, "C").Status == "killed"
	})
	must[api.NodeState](f, "A", "POST", "/api/nodes/A/kill", nil)
	await(t, events, "the cluster through a killed node's port", func(e sse) bool {
		var v api.Cluster
		return e.name == "cluster" && json.Unmarshal([]byte(e.data), &v) == nil && v.Self == "A" && member(t, v, "A").Status == "killed"
	})
}

func TestStream_TooMany_AreRefusedAndSlowOnesLeftBehind(t *testing.T) {
	f := newHub()
	slow := f.join()
	for range maxStreams - 1 {
		f.join()
	}
	if f.join() != nil {
		t.Error("one stream too many")
	}
	for range 2 * streamQueue {
		f.send([]byte("x")) // returns although nobody reads
	}
	if len(slow.messages) != streamQueue {
		t.Errorf("%d messages wait, want %d", len(slow.messages), streamQueue)
	}
	f.leave(slow)
	if f.join() == nil {
		t.Error("no room although one has left")
	}
}

func TestGossip_EachNode_SeesTheOthers(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 3, "")
	if r := f.call("A", "POST", "/api/cluster/config", `{"r":1}`); r.status != 200 {
		t.Fatalf("%d %s", r.status, r.body)
	}
	f.nodes.Settle()
	var g api.Gossip
	// Gossip follows the ring, and each stream is connected in its own time.
	f.nodes.Eventually("each met the others by gossip and is connected with them", func() bool {
		g = must[api.Gossip](f, "C", "GET", "/api/gossip", nil)
		return !slices.ContainsFunc(g.Nodes, func(n api.GossipNode) bool {
			return slices.ContainsFunc(n.Sees, func(s api.Observation) bool {
				return s.State == "unknown" || !s.Streams.Foreground || !s.Streams.Background || !s.Streams.Available
			})
		})
	})
	if len(g.Nodes) != 3 || g.IntervalMillis <= 0 || len(g.Changes) == 0 {
		t.Fatalf("%+v", g)
	}
	for _, n := range g.Nodes {
		if !n.Answered || len(n.Sees) != 2 || n.Sees[0].State != "alive" || n.Sees[0].SinceMillis == 0 || n.RingDigest != g.Nodes[0].RingDigest {
			t.Errorf("%+v", n)
		}
		for _, x := range n.Sees {
			if s := x.Streams; s.WaitMillis <= 0 {
				t.Errorf("the streams of %s to %s: %+v", n.Node, x.Node, s)
			}
		}
	}
	newest := g.Changes[0]
	if newest.Digest != g.Nodes[0].RingDigest || len(newest.Seen) != 3 || newest.Seen[0].Node != "A" {
		t.Errorf("%+v", newest)
	}
	must[api.NodeState](f, "A", "POST", "/api/nodes/B/kill", nil)
	f.nodes.Eventually("B seen dead", func() bool {
		g := must[api.Gossip](f, "A", "GET", "/api/gossip", nil)
		b := g.Nodes[0].Sees[0]
		return !g.Nodes[1].Answered && b.State == "dead" && !b.Streams.Available && b.Streams.Error != "" && b.Streams.ErrorMillis > 0
	})
}

func TestMerkle_Differences_AreShownAndHealed(t *testing.T) {
	f := newFleet(t, 3, "")
	for i := range 20 {
		must[api.WriteAnswer](f, "A", "PUT", fmt.Sprint("/api/data/key", i), api.WriteRequest{Value: "v", W: 3})
	}
	m := must[api.Merkle](f, "A", "GET", "/api/merkle", nil)
	if m.Partitions != 64 || len(m.Nodes) != 3 || len(m.Pairs) != 3 {
		t.Fatalf("%+v", m)
	}
	for _, p := range m.Pairs {
		if p.Shared != 64 || p.InSync != 64 || len(p.Diverged) != 0 {
			t.Errorf("%+v", p)
		}
	}
	// C loses its disk: it misses all, until the others fill it.
	must[api.NodeState](f, "C", "POST", "/api/nodes/C/kill", nil)
	must[api.NodeState](f, "C", "POST", "/api/nodes/C/revive", api.ReviveRequest{LoseDisk: true})
	f.nodes.Eventually("C in its place", func() bool { return member(t, f.view("A"), "C").Status == "up" })
	synced := must[api.SyncAnswer](f, "A", "POST", "/api/merkle/sync", nil)
	if len(synced.Nodes) != 3 {
		t.Errorf("%+v", synced)
	}
	f.nodes.Eventually("all equal again", func() bool {
		m := must[api.Merkle](f, "B", "GET", "/api/merkle", nil)
		return !slices.ContainsFunc(m.Pairs, func(p api.Pair) bool { return p.InSync != p.Shared })
	})
	if m := must[api.Merkle](f, "B", "GET", "/api/merkle", nil); m.Exchanges.PartitionsCompared == 0 || m.Exchanges.NodesCompared == 0 || m.Exchanges.NaiveKeys == 0 {
		t.Errorf("%+v", m.Exchanges)
	}
	partition := must[api.KeyPlace](f, "A", "GET", "/api/ring/key/key1", nil).Partition
	for _, through := range f.names {
		path := fmt.Sprintf("/api/merkle/%d?a=B&b=C", partition)
		d := must[api.Difference](f, through, "GET", path, nil)
		if !d.InSync || d.A != "B" || d.B != "C" || d.NodesCompared != 1 || d.NaiveKeys == 0 {
			t.Errorf("through %s: %+v", through, d)
		}
	}
	for path, want := range map[string]int{"/api/merkle/64": 400, "/api/merkle/x": 400, "/api/merkle/-1": 400, "/api/merkle/1?a=Z": 404, "/api/merkle/1?a=A&b=A": 400} {
		if r := f.call("A", "GET", path, ""); r.status != want {
			t.Errorf("%s: %d %s, want %d", path, r.status, r.body, want)
		}
	}
}

func TestRing_Join_ShowsWhoOwnsWhatNext(t *testing.T) {
	f := newFleet(t, 3, "")
	r := must[api.Ring](f, "B", "GET", "/api/ring", nil)
	if r.Partitions != 64 || r.Slots != 16384 || r.N != 3 || len(r.Owners) != 64 || r.Next != nil || len(r.Nodes) != 3 || r.Nodes[2] != (api.RingNode{Name: "C", Status: "up"}) {
		t.Errorf("%+v", r)
	}
	view := f.ring("B")
	for p, owner := range r.Owners {
		if !slices.Contains(f.names, owner) {
			t.Fatalf("owner %q", owner)
		}
		var want []string
		for _, id := range view.Primaries(ring.Partition(p)) {
			want = append(want, view.Name(id))
		}
		if !slices.Equal(r.Primaries[p], want) || want[0] != owner {
			t.Errorf("partition %d: primaries %q, want %q, the owner %s first", p, r.Primaries[p], want, owner)
		}
	}
}
