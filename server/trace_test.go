package server

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/quorate/quorate/cluster/replica"
	"github.com/quorate/quorate/server/command"
)

// sampler records all commands, or none.
type sampler struct {
	all atomic.Bool
	mu  sync.Mutex
	got []*command.Trace
}

func (s *sampler) Sample() bool { return s.all.Load() }

func (s *sampler) Key(key []byte) string { return "<" + string(key) + ">" }

func (s *sampler) Record(t *command.Trace) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got = append(s.got, t)
}

// lines describes what was recorded, and forgets it.
func (s *sampler) lines(t *testing.T) (lines []string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, record := range s.got {
		line := fmt.Sprintf("%s failed=%v omitted=%d", record.Command, record.Failed, record.Omitted)
		for i, r := range record.Requests {
			if i < 3 {
				line += fmt.Sprintf(" %s writes=%v err=%v", r.Key, r.Writes, r.Err)
			}
			if r.Replica == nil || !r.Replica.Prompt {
				t.Errorf("%s: request %d has trace %+v, want one that is prompt", record.Command, i, r.Replica)
			}
		}
		if record.Began.IsZero() || record.Took <= 0 || record.Ring == nil {
			t.Errorf("%+v lacks its time or its ring", record)
		}
		lines = append(lines, line)
	}
	s.got = nil
	return lines
}

func TestTracer_SampledCommands_AreRecordedWithTheirRequests(t *testing.T) {
	tracer, store := new(sampler), newFake(t)
	tracer.all.Store(true)
	c := dial(t, serve(t, Config{Tracer: tracer}, store).Addr().String())
	many := make([]string, command.BatchMax+2)
	for i := range many {
		many[i] = fmt.Sprint("k", i)
	}
	for _, step := range []struct {
		name string
		do   func()
		want []string
	}{
		{"one", func() { c.do("SET", "a", "1") }, []string{"set failed=false omitted=0 <a> writes=true err=<nil>"}},
		{"two keys", func() { c.do("MGET", "a", "b") }, []string{"mget failed=false omitted=0 <a> writes=false err=<nil> <b> writes=false err=<nil>"}},
		{"a pipeline", func() {
			c.send(encode("GET", "a") + encode("PING") + encode("INCR", "a"))
			c.reply()
			c.reply()
			c.reply()
		}, []string{"get failed=false omitted=0 <a> writes=false err=<nil>", "incr failed=false omitted=0 <a> writes=true err=<nil>"}},
		{"in pieces", func() { c.do(append([]string{"EXISTS"}, many...)...) }, []string{fmt.Sprintf("exists failed=false omitted=%d <k0> writes=false err=<nil> <k1> writes=false err=<nil> <k2> writes=false err=<nil>", len(many)-64)}},
		{"without a key", func() { c.do("INFO") }, nil},
		{"unknown", func() { c.do("NOSUCH", "a") }, nil},
		{"refused", func() { c.do("SET", "a", "1", "EX", "no") }, nil},
		{"an error", func() {
			store.failWith(func(*replica.Request) error { return errors.New("no disk") })
			c.do("GET", "a")
			store.failWith(func(*replica.Request) error { return nil })
		}, []string{"get failed=true omitted=0 <a> writes=false err=no disk"}},
		{"not sampled", func() {
			tracer.all.Store(false)
			c.do("GET", "a")
			c.do("SORT", "a", "BY", "nosort")
		}, nil},
	} {
		step.do()
		c.do("PING") // what was before it is recorded
		if got := tracer.lines(t); !slices.Equal(got, step.want) {
			t.Errorf("%s:\n got %s\nwant %s", step.name, strings.Join(got, "\n     "), strings.Join(step.want, "\n     "))
		}
	}
}

// TestTracer_None_RequestsHaveNoTrace looks at what the store is asked for.
func TestTracer_None_RequestsHaveNoTrace(t *testing.T) {
	store := newFake(t)
	var traced atomic.Int64
	store.failWith(func(r *replica.Request) error {
		if r.Trace != nil {
			traced.Add(1)
		}
		return nil
	})
	off := new(sampler)
	for name, tracer := range map[string]command.Tracer{"none": nil, "not sampled": off} {
		c := dial(t, serve(t, Config{Tracer: tracer}, store).Addr().String())
		c.do("SET", "a", "1")
		c.do("MGET", "a", "b")
		if n := traced.Load(); n != 0 {
			t.Errorf("%s: %d requests have a trace", name, n)
		}
	}
}
