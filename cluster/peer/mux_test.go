package peer

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

// asked is a request over no stream, and the answer to it.
type asked struct {
	*Request
	body []byte
	err  error
	done bool
}

func (a *asked) Answer(body []byte, err error) { a.body, a.err, a.done = body, err, true }

func ask(kinds ...Kind) (all []*asked, reqs []*Request) {
	for i, k := range kinds {
		a := new(asked)
		a.Request = NewRequest(1, Foreground, k, []byte{byte(i)}, a)
		all, reqs = append(all, a), append(reqs, a.Request)
	}
	return all, reqs
}

// batches notes the kinds of each batch that it serves.
type batches struct{ kinds [][]Kind }

func (b *batches) ServePeer(reqs []*Request) {
	var kinds []Kind
	for _, r := range reqs {
		kinds = append(kinds, r.Kind)
		r.Reply(r.Body)
	}
	b.kinds = append(b.kinds, kinds)
}

func welcome() error { return nil }

func echoBody(body []byte) ([]byte, error) { return body, nil }

func TestMux_MixedRequests_EachHandlerGetsItsAdjacentOnesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, data, other := NewMux(welcome), new(batches), new(batches)
		m.Batch(data, Write, Read)
		m.Batch(other, Reap)
		m.Queue(Scan, echoBody)
		ctx, cancel := context.WithCancel(t.Context())
		go func() { _ = m.Run(ctx) }()
		all, reqs := ask(Write, Read, Scan, Write, Reap, Reap, Read)
		m.ServePeer(reqs)
		synctest.Wait()
		cancel()
		for i, a := range all {
			if !a.done || a.err != nil || !slices.Equal(a.body, []byte{byte(i)}) {
				t.Errorf("request %d: answered %v with %v, %v", i, a.done, a.body, a.err)
			}
		}
		want := [][]Kind{{Write, Read}, {Write}, {Read}}
		if !slices.EqualFunc(data.kinds, want, slices.Equal[[]Kind]) {
			t.Errorf("batches of data: %v, want %v", data.kinds, want)
		}
		if want := [][]Kind{{Reap, Reap}}; !slices.EqualFunc(other.kinds, want, slices.Equal[[]Kind]) {
			t.Errorf("batches of the other handler: %v, want %v", other.kinds, want)
		}
	})
}

func TestMux_Refusal_AnswersEveryKind(t *testing.T) {
	gone := errors.New("not now")
	m, data := NewMux(func() error { return gone }), new(batches)
	m.Batch(data, Write)
	m.Queue(Scan, echoBody)
	all, reqs := ask(Write, Scan, Join)
	m.ServePeer(reqs)
	for i, a := range all {
		if a.err != gone {
			t.Errorf("request %d: %v", i, a.err)
		}
	}
	if len(data.kinds) > 0 || len(m.tasks) > 0 {
		t.Error("a handler was asked")
	}
}

func TestMux_UnknownKind_IsRefusedAtOnce(t *testing.T) {
	m := NewMux(welcome)
	all, reqs := ask(99, firstOwnKind, 255)
	m.ServePeer(reqs)
	for i, a := range all {
		if a.err == nil || !strings.Contains(a.err.Error(), "message kind") {
			t.Errorf("request %d: %v", i, a.err)
		}
	}
}

func TestMux_Queue_OwnsTheBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMux(welcome)
		m.Queue(Join, echoBody)
		body := []byte("before")
		a := new(asked)
		m.ServePeer([]*Request{NewRequest(1, Foreground, Join, body, a)})
		copy(body, "after!") // the reader reuses its buffer
		ctx, cancel := context.WithCancel(t.Context())
		go func() { _ = m.Run(ctx) }()
		synctest.Wait()
		cancel()
		if string(a.body) != "before" {
			t.Errorf("the handler saw %q", a.body)
		}
	})
}

func TestMux_QueueFull_IsRefused_AndWhatWaitsAtTheEndToo(t *testing.T) {
	m := NewMux(welcome)
	m.Queue(Scan, echoBody)
	for range muxQueue - 1 {
		if !m.Do(func(context.Context) {}) {
			t.Fatal("refused, with room left")
		}
	}
	all, reqs := ask(Scan, Scan)
	m.ServePeer(reqs)
	if all[0].done || all[1].err != errMuxFull {
		t.Errorf("answered %v; and %v", all[0].done, all[1].err)
	}
	if m.Do(func(context.Context) {}) {
		t.Error("no bound")
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for len(m.tasks) > 1 { // a worker may carry out some before it sees the end
		<-m.tasks
	}
	if err := m.Run(ended); err != nil {
		t.Fatal(err)
	}
	if !all[0].done {
		t.Error("the waiting request has no answer")
	}
}

func TestMux_KindRegisteredTwice_Panics(t *testing.T) {
	for name, register := range map[string]func(*Mux){
		"twice in a queue":     func(m *Mux) { m.Queue(Scan, echoBody) },
		"a batch over a queue": func(m *Mux) { m.Batch(new(batches), Scan) },
		"the channel's own":    func(m *Mux) { m.Queue(kindPing, echoBody) },
	} {
		t.Run(name, func(t *testing.T) {
			m := NewMux(welcome)
			m.Queue(Scan, echoBody)
			defer func() {
				if recover() == nil {
					t.Error("accepted")
				}
			}()
			register(m)
		})
	}
}

// silent answers nothing, so that only what the mux does is counted.
type silent struct{}

func (silent) ServePeer([]*Request) {}

func TestMux_Batch_AllocatesNothing(t *testing.T) {
	m := NewMux(welcome)
	m.Batch(silent{}, Write, Read, Forward)
	_, reqs := ask(Write, Read, Forward, Write)
	if n := testing.AllocsPerRun(100, func() { m.ServePeer(reqs) }); n > 0 {
		t.Errorf("%v allocations for a batch", n)
	}
}
