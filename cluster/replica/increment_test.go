package replica

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/cluster/sim/poll"
)

func incrFloat(key []byte, by string) *Request {
	return &Request{Key: key, Update: &register.Update{Kind: register.IncrementFloat, Float: by}}
}

// split lets the node at place 0 work alone, then all others without it.
func split(w *world, first, second *Request) {
	w.tb.Helper()
	first.R, first.W, second.R, second.W = 1, 1, 1, 1
	w.setDown(1, 2, 3, 4)
	w.at(0).must(first)
	w.setDown(0)
	w.at(1).must(second)
	w.setDown()
}

// readAll returns what a plain read of all copies shows.
func readAll(w *world) string {
	w.tb.Helper()
	r := get(w.key)
	r.R = 3
	return w.at(4).must(r).plain()
}

func TestIncrement_OnBothSidesOfASplit_BothCount(t *testing.T) {
	for _, c := range []struct {
		name          string
		before        *Request
		first, second func(key []byte) *Request
		want          string
	}{
		{"of a number", set([]byte("key"), "5"), incr, incr, "7"},
		{"of a key that is not there", nil, incr, incr, "2"},
		{"of a key that was deleted", del([]byte("key")), incr, incr, "2"},
		{"floating point", set([]byte("key"), "0.5"), func(k []byte) *Request { return incrFloat(k, "0.1") }, func(k []byte) *Request { return incrFloat(k, "0.2") }, "0.8"},
		{"beside a SET", set([]byte("key"), "5"), incr, func(k []byte) *Request { return set(k, "20") }, "21"},
		{"beside a DEL", set([]byte("key"), "5"), incr, del, "1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, usual, long, "A", "B", "C", "D", "E")
			if c.before != nil {
				c.before.W = 3
				w.at(0).must(c.before)
			}
			split(w, c.first(w.key), c.second(w.key))
			if got := readAll(w); got != c.want {
				t.Errorf("shown is %q, want %q", got, c.want)
			}
		})
	}
}

// A SET takes in the increments that were acknowledged before, although its coordinator has not
// heard of them. What was added with the same pipeline, after the SET, counts on top.
func TestSet_CoordinatorLacksAnIncrement_TakesItIn(t *testing.T) {
	for _, c := range []struct {
		name string
		then []func(key []byte) *Request
		want string
	}{
		{"SET", []func([]byte) *Request{func(k []byte) *Request { return set(k, "20") }}, "20"},
		{"SET and INCR at once", []func([]byte) *Request{func(k []byte) *Request { return set(k, "20") }, incr}, "21"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, usual, long, "A", "B", "C", "D", "E")
			w.setDown(0)
			w.at(1).must(incr(w.key))
			w.at(1).must(incr(w.key))
			w.setDown()
			var reqs []*Request
			for _, then := range c.then {
				reqs = append(reqs, then(w.key))
			}
			w.at(0).coordinator.Do(t.Context(), reqs)
			for _, r := range reqs {
				if r.Err != nil {
					t.Fatal(r.Err)
				}
			}
			if got := readAll(w); got != c.want {
				t.Errorf("shown is %q, want %q", got, c.want)
			}
		})
	}
}

// A value that lies in parts on the disk is written again with all its bytes, also where the
// coordinator has heard of the increment by then, so that its copy has nothing to learn.
func TestSet_LargeValueWrittenAgain_KeepsItsData(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C", "D", "E")
	w.setDown(0)
	w.at(1).must(incr(w.key))
	w.setDown()
	w.decide(func(to int, kind peer.Kind) fate {
		if kind == peer.Write && (to == 1 || to == 2) {
			return isLate
		}
		return arrives
	})
	for _, n := range w.nodes {
		n.waitFor(long)
	}
	large := strings.Repeat("large ", 1<<19)
	var group sync.WaitGroup
	group.Go(func() { w.at(0).must(set(w.key, large)) })
	var merged []byte
	poll.Until(t, "a replica has the value", func() bool {
		encoded, _, err := w.at(1).store.Get(w.at(1).partition(w.key), w.key, nil)
		merged = encoded
		return err == nil && len(encoded) > len(large)
	})
	w.at(0).plant(w.key, merged)
	w.decide(nil)
	poll.Until(t, "both answers wait", func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return len(w.held) == 2
	})
	w.release()
	group.Wait()
	if got := readAll(w); got != large {
		t.Errorf("%d bytes are left of %d", len(got), len(large))
	}
}

// A forwarded increment that comes twice to its coordinator counts once.
func TestIncrement_ForwardedTwice_CountsOnce(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C", "D", "E")
	r := incr(w.key)
	r.issue.origin = w.at(3).coordinator.issuer.issue()
	r.issue.stamp = r.issue.origin.Stamp
	again := incr(w.key)
	again.issue = r.issue
	w.at(0).coordinator.do(t.Context(), []*Request{r}, origin{forwarded: true})
	w.at(0).coordinator.do(t.Context(), []*Request{again}, origin{forwarded: true})
	if r.Err != nil || again.Err == nil {
		t.Errorf("first %v, second %v, want that the outcome of the second is unknown", r.Err, again.Err)
	}
	if got := readAll(w); got != "1" {
		t.Errorf("shown is %q, want 1", got)
	}
}

// Until all members read sums, an increment is a value.
func TestIncrement_OlderMember_WritesAValue(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C")
	for _, n := range w.nodes {
		n.coordinator.cfg.Sums = func() error { return errors.New("waiting for C") }
	}
	r := incr(w.key)
	r.W = 3
	w.at(0).must(r)
	for place := range 3 {
		encoded, _, err := w.at(place).store.Get(w.at(place).partition(w.key), w.key, nil)
		if err != nil || len(encoded) == 0 || encoded[0] != 1 {
			t.Errorf("place %d holds an object of format %v, %v, want 1", place, encoded[:min(1, len(encoded))], err)
		}
	}
}

// Where a replica stays silent when the SET is written again, the other one is enough.
func TestSet_WrittenAgain_NeedsNoMoreThanW(t *testing.T) {
	w := newWorld(t, usual, long, "A", "B", "C", "D", "E")
	w.setDown(0)
	w.at(1).must(incr(w.key))
	w.setDown()
	written := 0
	w.decide(func(to int, kind peer.Kind) fate {
		if kind == peer.Write && to == 2 {
			if written++; written > 1 {
				return fails
			}
		}
		return arrives
	})
	w.at(0).must(set(w.key, "20"))
	if got := readAll(w); got != "20" {
		t.Errorf("shown is %q, want 20", got)
	}
}
