package tracing

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/replica"
	"github.com/quorate/quorate/cluster/sim/poll"
	"github.com/quorate/quorate/server/command"
)

// receiver is a collector that keeps what it gets.
type receiver struct {
	*httptest.Server
	refuses bool

	mu       sync.Mutex
	spans    []*otlp.Span
	resource map[string]string
}

func newReceiver(t *testing.T, refuses bool) *receiver {
	t.Helper()
	c := &receiver{refuses: refuses, resource: make(map[string]string)}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c.refuses {
			http.Error(w, "no", http.StatusBadRequest)
			return
		}
		body := io.Reader(r.Body)
		if r.Header.Get("Content-Encoding") == "gzip" {
			var err error
			if body, err = gzip.NewReader(body); err != nil {
				t.Error(err)
				return
			}
		}
		encoded, err := io.ReadAll(body)
		var request collector.ExportTraceServiceRequest
		if err = errors.Join(err, proto.Unmarshal(encoded, &request)); err != nil || r.URL.Path != "/v1/traces" {
			t.Errorf("%s: %v", r.URL, err)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, of := range request.GetResourceSpans() {
			for _, a := range of.GetResource().GetAttributes() {
				c.resource[a.GetKey()] = a.GetValue().GetStringValue()
			}
			for _, scope := range of.GetScopeSpans() {
				c.spans = append(c.spans, scope.GetSpans()...)
			}
		}
	}))
	t.Cleanup(c.Close)
	return c
}

// tree describes the spans below one, each with what is on it, by depth.
func (c *receiver) tree(parent []byte, depth int) (lines []string) {
	for _, s := range c.spans {
		if string(s.GetParentSpanId()) != string(parent) {
			continue
		}
		line := fmt.Sprintf("%s%s %s %d+%d", strings.Repeat("  ", depth), s.GetName(), strings.ToLower(strings.TrimPrefix(s.GetKind().String(), "SPAN_KIND_")),
			s.GetStartTimeUnixNano()-uint64(began.UnixNano()), s.GetEndTimeUnixNano()-s.GetStartTimeUnixNano())
		for _, a := range s.GetAttributes() {
			if v := a.GetValue(); v.GetStringValue() != "" {
				line += fmt.Sprintf(" %s=%s", a.GetKey(), v.GetStringValue())
			} else {
				line += fmt.Sprintf(" %s=%d", a.GetKey(), v.GetIntValue())
			}
		}
		for _, e := range s.GetEvents() {
			line += fmt.Sprintf(" [%s %s]", e.GetName(), e.GetAttributes()[0].GetValue().GetStringValue())
		}
		if s.GetStatus().GetCode() != otlp.Status_STATUS_CODE_UNSET {
			line += " error: " + s.GetStatus().GetMessage()
		}
		lines = append(append(lines, line), c.tree(s.GetSpanId(), depth+1)...)
	}
	return lines
}

// record runs a recorder that takes these commands, until it has exported them.
func record(t *testing.T, cfg Config, commands ...*command.Trace) *Recorder {
	t.Helper()
	cfg.Logger = slog.New(slog.DiscardHandler)
	r, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	r.flushFor = time.Minute // however slow the machine is
	for _, c := range commands {
		r.Record(c)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := r.Run(ctx); err != nil {
		t.Fatal(err)
	}
	return r
}

var (
	began = time.Unix(1_800_000_000, 0)
	view  = ring.NewRing(ring.NewState("c", 16, ring.Quorums{N: 3, R: 2, W: 2},
		ring.Member{ID: ring.IDOf("A"), Name: "A"}, ring.Member{ID: ring.IDOf("B"), Name: "B"}, ring.Member{ID: ring.IDOf("C"), Name: "C"}))
)

// aWrite is a SET through A that C did not answer, with a hint.
func aWrite(key string) *command.Trace {
	a, b, c := ring.IDOf("A"), ring.IDOf("B"), ring.IDOf("C")
	return &command.Trace{
		Command: "config|set", Began: began, Took: 900, Failed: true, Ring: view,
		Requests: []command.RequestTrace{{Key: key, Slot: 7, Writes: true, Err: &replica.NoQuorumError{Op: replica.OpWrite, Needed: 2, Got: 1}, Replica: &replica.Trace{
			Began: began.Add(100), Took: 600, Node: a, Coordinator: b, Partition: 3, Need: 2, Got: 1, Siblings: 1, Repaired: []ring.NodeID{c},
			Steps: []replica.Step{
				{At: 10, Took: 20, Node: a, Role: replica.RolePrimary, Action: replica.ActionApply, Outcome: replica.OutcomeOK},
				{At: 40, Took: -1, Node: b, Role: replica.RolePrimary, Action: replica.ActionWrite},
				{At: 50, Node: c, Role: replica.RolePrimary, Action: replica.ActionSkip, Outcome: replica.OutcomeDown},
				{At: 60, Took: 30, Node: b, Role: replica.RoleFallback, Action: replica.ActionHint, For: c, Outcome: replica.OutcomeFailed, Error: "stream broke"},
			},
		}}},
	}
}

func TestRecorder_Command_IsATreeOfSpans(t *testing.T) {
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=school")
	c := newReceiver(t, false)
	r := record(t, Config{Endpoint: c.URL + "/v1/traces", Ratio: 1, Instance: "A", Version: "v1"}, aWrite("00ff"))
	want := []string{
		"CONFIG SET server 0+900 db.system.name=quorate db.operation.name=CONFIG SET quorate.requests=1 error: answered with an error",
		"  write internal 100+600 quorate.slot=7 quorate.partition=3 quorate.node=A quorate.coordinator=B quorate.quorum.needed=2 quorate.quorum.answered=1 quorate.siblings=1 quorate.key.hash=00ff [node is down C] [read repair C] error: write needs 2 replicas, 1 answered in time; the write may still take effect",
		"    apply internal 110+20 quorate.node=A quorate.role=primary quorate.outcome=ok",
		"    write client 140+560 quorate.node=B quorate.role=primary quorate.outcome=pending",
		"    hint client 160+30 quorate.node=B quorate.role=fallback quorate.outcome=failed quorate.hint.for=C error: stream broke",
	}
	if got := c.tree(nil, 0); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for key, want := range map[string]string{"service.name": "quorate", "service.instance.id": "A", "service.version": "v1", "deployment.environment.name": "school"} {
		if c.resource[key] != want {
			t.Errorf("%s is %q, want %q", key, c.resource[key], want)
		}
	}
	if got := r.Counts(); got != (Counts{Exported: 5}) {
		t.Errorf("%+v", got)
	}
}

// TestRecorder_Keys_AreOnSpansAsConfigured looks for the key in everything that was sent.
func TestRecorder_Keys_AreOnSpansAsConfigured(t *testing.T) {
	key := []byte("user:7\xff" + strings.Repeat("x", 2*mostOfKey))
	for keys, want := range map[Keys]string{HashedKeys: "quorate.key.hash=", NoKeys: "", PlainKeys: "quorate.key=user:7\uFFFDxxx"} {
		c := newReceiver(t, false)
		cfg := Config{Endpoint: c.URL + "/v1/traces", Keys: keys, Logger: slog.New(slog.DiscardHandler)}
		r, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		record(t, cfg, aWrite(r.Key(key)))
		all := strings.Join(c.tree(nil, 0), "\n")
		if !strings.Contains(all, want) || strings.Contains(all, "quorate.key") != (keys != NoKeys) || strings.Contains(all, "user:7") != (keys == PlainKeys) {
			t.Errorf("%v: %s", keys, all)
		}
		if len(r.Key(key)) > mostOfKey+2 {
			t.Errorf("%v: a key of %d bytes is recorded with %d", keys, len(key), len(r.Key(key)))
		}
		other, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		again := r.Key(bytes.Clone(key))
		if keys == HashedKeys && (r.Key(key) != again || again == r.Key([]byte("user:8")) || again == other.Key(key)) {
			t.Error("a hash must tell keys apart, and not be that of another process")
		}
	}
}

func TestRecorder_Sample_FollowsTheRatio(t *testing.T) {
	for ratio, within := range map[float64][2]int{0: {0, 0}, 0.25: {2000, 3000}, 1: {10_000, 10_000}} {
		r, n := &Recorder{cfg: Config{Ratio: ratio}}, 0
		for range 10_000 {
			if r.Sample() {
				n++
			}
		}
		if n < within[0] || n > within[1] {
			t.Errorf("ratio %v: %d of 10000", ratio, n)
		}
	}
}

// TestRecorder_QueueFull_DropsAndCounts records more than fits, while nothing is exported.
func TestRecorder_QueueFull_DropsAndCounts(t *testing.T) {
	c := newReceiver(t, false)
	commands := make([]*command.Trace, maxQueued+3)
	for i := range commands {
		commands[i] = aWrite("")
	}
	r := record(t, Config{Endpoint: c.URL + "/v1/traces"}, commands...)
	if got := r.Counts(); got.Dropped != 3 || got.Exported != 5*maxQueued || len(c.spans) != 5*maxQueued {
		t.Errorf("%+v, and %d came", got, len(c.spans))
	}
}

func TestRecorder_CollectorThatRefuses_CountsAndLogsOnce(t *testing.T) {
	c := newReceiver(t, true)
	var log strings.Builder
	r, err := New(Config{Endpoint: c.URL + "/v1/traces", Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		r.makeSpans(aWrite(""))
		r.export(context.Background())
	}
	if got := r.Counts(); got != (Counts{Failed: 10}) || strings.Count(log.String(), "level=WARN") != 1 {
		t.Errorf("%+v\n%s", got, &log)
	}
	c.refuses = false
	r.makeSpans(aWrite(""))
	r.export(context.Background())
	if got := r.Counts(); got != (Counts{Failed: 10, Exported: 5}) || strings.Count(log.String(), "again") != 1 {
		t.Errorf("%+v\n%s", got, &log)
	}
}

// TestRecorder_CollectorThatHangs_DoesNotHoldTheEnd ends while the collector has a batch and
// does not answer. The test would hang if the recorder waited for it.
func TestRecorder_CollectorThatHangs_DoesNotHoldTheEnd(t *testing.T) {
	release, asked := make(chan struct{}), make(chan struct{}, 10)
	hanging := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		<-release
	}))
	defer hanging.Close()
	defer close(release)
	r, err := New(Config{Endpoint: hanging.URL, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	for range maxBatch/5 + 1 {
		r.Record(aWrite(""))
	}
	<-asked
	poll.Until(t, "the batch to be taken out", func() bool { return len(r.queue) == 0 })
	r.Record(aWrite(""))
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if got := r.Counts(); got.Exported != 0 || got.Failed+5*got.Dropped != 5*(maxBatch/5+2) {
		t.Errorf("%+v", got)
	}
}
