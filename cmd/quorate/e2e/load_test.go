package e2e

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// load is clients that write and read until they are stopped: one or more for
// each node, each with keys of its own.
type load struct {
	t       testing.TB
	history *history
	stopped context.CancelFunc
	writers sync.WaitGroup

	mu struct {
		sync.Mutex
		reads, writes tallies
	}
}

// tallies are what became of one kind of request, through nodes that were not
// away.
type tallies struct {
	count     int
	worst     time.Duration
	worstWhat string
	faults    []error
	stale     []error // reads of an older value; for lack of R replicas that were not away
}

const (
	registersPerWriter = 150
	sharedSets         = 60
	elementsPerWriter  = 6 // of one set; all writers together stay far below --siblings-refuse
)

// thinkTime is how long a client waits between two requests, so that the machine has time for
// other things than load.
var thinkTime = 2 * time.Millisecond

// startLoad lets clients loose on nodes.
func startLoad(t testing.TB, h *history, nodes ...*node) *load {
	l := &load{t: t, history: h}
	ctx, cancel := context.WithCancel(t.Context())
	l.stopped = cancel
	t.Cleanup(l.stop)
	for i, n := range nodes {
		w := &writer{load: l, node: n, client: n.dial(t), id: fmt.Sprintf("%s%d-%04x", n.name, i, rand.IntN(1<<16)), added: map[int]int{}}
		l.writers.Go(func() { w.run(ctx) })
	}
	return l
}

// stop ends the clients and waits for them.
func (l *load) stop() {
	l.stopped()
	l.writers.Wait()
}

// ops returns the number of requests that succeeded until now.
func (l *load) ops() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.mu.reads.count + l.mu.writes.count
}

// awaitOps lets the load go on for more requests.
func (l *load) awaitOps(more int) {
	l.t.Helper()
	goal := l.ops() + more
	within(l.t, patience, fmt.Sprintf("%d more requests", more), func() error {
		if now := l.ops(); now < goal {
			return fmt.Errorf("%d of %d", now, goal)
		}
		return nil
	})
}

// during runs a fault and returns the longest pause that a client of a node that
// was not away saw from its beginning to its end.
func (l *load) during(fault func()) time.Duration {
	l.mu.Lock()
	l.mu.reads.worst, l.mu.writes.worst = 0, 0
	l.mu.Unlock()
	fault()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.t.Logf("longest pause: read %v (%s), write %v (%s)", l.mu.reads.worst, l.mu.reads.worstWhat, l.mu.writes.worst, l.mu.writes.worstWhat)
	return max(l.mu.reads.worst, l.mu.writes.worst)
}

// noFaults fails the test for requests that failed, and reads that did not see
// what was acknowledged, through nodes that served. It is for faults that leave
// R and W primaries of each key.
func (l *load) noFaults() {
	l.t.Helper()
	l.noWriteFaults()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mu.reads.report(l.t, "reads")
	for i, fault := range l.mu.reads.stale {
		if i == maxReported {
			break
		}
		l.t.Errorf("reads: an older value: %v", fault)
	}
}

// noWriteFaults checks that every write succeeded. Reads may have failed, or missed what
// only fallbacks hold until it is handed over.
func (l *load) noWriteFaults() {
	l.t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mu.writes.report(l.t, "writes")
}

func (k *tallies) report(t testing.TB, what string) {
	t.Helper()
	t.Logf("%s: %d done, %d failed, %d saw an older value", what, k.count, len(k.faults), len(k.stale))
	for i, fault := range k.faults {
		if i == maxReported {
			break
		}
		t.Errorf("%s: %v", what, fault)
	}
}

// writer is one client.
type writer struct {
	load   *load
	node   *node
	client *redis.Client
	id     string
	round  int
	added  map[int]int // elements tried by set
}

func (w *writer) run(ctx context.Context) {
	tick := time.NewTicker(thinkTime)
	defer tick.Stop()
	for ; ; w.round++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if w.node.away.Load() {
			continue
		}
		key := fmt.Sprintf("%s:%d", w.id, rand.IntN(registersPerWriter))
		switch dice := rand.IntN(100); {
		case dice < 40:
			w.set(key, fmt.Sprintf("%s#%d", key, w.round))
		case dice < 50:
			w.del(key)
		case dice < 65:
			w.add(rand.IntN(sharedSets))
		default:
			w.read(key)
		}
	}
}

// The requests have no context of the test's: when it ends they still get their
// answer, so that the history knows their fate.

func (w *writer) set(key, value string) {
	w.load.history.write(key, value)
	if w.timed(&w.load.mu.writes, "SET "+key, func() error { return w.client.Set(context.Background(), key, value, 0).Err() }) {
		w.load.history.wrote(key, value)
	}
}

// del deletes a key. The answer 0, "there is no such key", is a read, and deletes
// nothing.
func (w *writer) del(key string) {
	w.load.history.write(key, "")
	var deleted int64
	if !w.timed(&w.load.mu.writes, "DEL "+key, func() (err error) {
		deleted, err = w.client.Del(context.Background(), key).Result()
		return err
	}) {
		return
	}
	if deleted == 1 {
		w.load.history.wrote(key, "")
	} else {
		w.compare(key, "")
	}
}

func (w *writer) add(set int) {
	if w.added[set] == elementsPerWriter {
		return
	}
	w.added[set]++
	key := fmt.Sprintf("set:%d", set)
	element := fmt.Sprintf("%s/%d", w.id, w.round)
	w.load.history.add(key, element)
	if w.timed(&w.load.mu.writes, "SET "+key+" CONTEXT", func() error {
		return w.client.Do(context.Background(), "SET", key, element, "CONTEXT", "").Err()
	}) {
		w.load.history.added(key, element)
	}
}

func (w *writer) read(key string) {
	var got string
	ok := w.timed(&w.load.mu.reads, "GET "+key, func() (err error) {
		got, err = w.client.Get(context.Background(), key).Result()
		if errors.Is(err, redis.Nil) {
			err = nil
		}
		return err
	})
	if ok {
		w.compare(key, got)
	}
}

// compare holds what was read against the history.
func (w *writer) compare(key, got string) {
	if err := w.load.history.read(key, got); err != nil {
		w.load.mu.Lock()
		defer w.load.mu.Unlock()
		w.load.mu.reads.stale = append(w.load.mu.reads.stale, fmt.Errorf("through %s: %w", w.node.name, err))
	}
}

// timed makes one request and records how it went.
func (w *writer) timed(k *tallies, what string, request func() error) bool {
	absences := w.node.absences.Load()
	began := time.Now()
	err := request()
	took := time.Since(began)
	l := w.load
	l.mu.Lock()
	defer l.mu.Unlock()
	if w.node.away.Load() || w.node.absences.Load() != absences {
		return err == nil
	}
	what = fmt.Sprintf("%s through %s", what, w.node.name)
	if took > k.worst {
		k.worst, k.worstWhat = took, what
	}
	if err != nil {
		k.faults = append(k.faults, fmt.Errorf("%s: %w after %v", what, err, took.Round(time.Millisecond)))
		return false
	}
	k.count++
	return true
}
