package e2e

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// history is what clients were told, for the end to be held against.
//
// A register is written by one client at a time, so that its last acknowledged
// value is what must be read, or one that the client tried later and never heard
// of again. A set is written by many with the empty context, so that every
// acknowledged element must be among its siblings.
type history struct {
	mu        sync.Mutex
	registers map[string]*register
	sets      map[string]*siblings
}

// register is one key. The empty value means that the key is absent.
type register struct {
	acked string
	maybe []string // tried since, and their fate not known
	trail []string // what was tried last and what became of it, for a failure's message
}

const keptTrail = 6

func (r *register) note(format string, args ...any) {
	if len(r.trail) == keptTrail {
		r.trail = slices.Delete(r.trail, 0, 1)
	}
	r.trail = append(r.trail, time.Now().Format("05.000000 ")+fmt.Sprintf(format, args...))
}

// siblings are the elements of one set.
type siblings struct{ acked, tried map[string]bool }

func newHistory() *history {
	return &history{registers: map[string]*register{}, sets: map[string]*siblings{}}
}

// write records that a value, or a deletion, is about to be tried.
func (h *history) write(key, value string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.registers[key]
	if r == nil {
		r = &register{}
		h.registers[key] = r
	}
	r.maybe = append(r.maybe, value)
	r.note("%q tried", value)
}

// wrote records its acknowledgement: what was tried before is settled with it.
func (h *history) wrote(key, value string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.registers[key]
	r.acked, r.maybe = value, nil
	r.note("%q acknowledged", value)
}

func (h *history) add(key, element string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.sets[key]
	if s == nil {
		s = &siblings{acked: map[string]bool{}, tried: map[string]bool{}}
		h.sets[key] = s
	}
	s.tried[element] = true
}

func (h *history) added(key, element string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sets[key].acked[element] = true
}

// read holds a value that was read meanwhile against the history. The key's
// writer must be the reader.
func (h *history) read(key, got string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.registers[key]
	if r == nil {
		r = &register{}
	}
	r.note("%q read", got)
	return r.check(key, got)
}

func (r *register) check(key, got string) error {
	if got == r.acked || slices.Contains(r.maybe, got) {
		return nil
	}
	return fmt.Errorf("%s is %q, want %q (or, never acknowledged, one of %q); %s", key, got, r.acked, r.maybe, strings.Join(r.trail, ", "))
}

// maxReported bounds the lines about one node's faults.
const maxReported = 10

// verify reads everything back through every running node.
func (h *history) verify(t testing.TB, f *fleet) {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	registers, sets, deleted, elements := len(h.registers), len(h.sets), 0, 0
	for _, r := range h.registers {
		if r.acked == "" && len(r.maybe) == 0 {
			deleted++
		}
	}
	for _, s := range h.sets {
		elements += len(s.acked)
	}
	for _, n := range f.nodes {
		if !n.running() {
			continue
		}
		faults := h.faultsLocked(t, n)
		for i, fault := range faults {
			if i == maxReported {
				t.Errorf("through %s: and %d more", n.name, len(faults)-i)
				break
			}
			t.Errorf("through %s: %v", n.name, fault)
		}
	}
	t.Logf("read back through every node: %d registers (%d deleted), %d sets with %d elements", registers, deleted, sets, elements)
	if registers == 0 {
		t.Error("nothing was written")
	}
}

func (h *history) faultsLocked(t testing.TB, n *node) (faults []error) {
	client := n.dial(t)
	for key, r := range h.registers {
		got, err := client.Get(t.Context(), key).Result()
		if err != nil && err != redis.Nil {
			faults = append(faults, fmt.Errorf("GET %s: %w", key, err))
		} else if err := r.check(key, got); err != nil {
			faults = append(faults, err)
		}
	}
	for key, s := range h.sets {
		got, err := readSiblings(t, client, key)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		for element := range s.acked {
			if !slices.Contains(got, element) {
				faults = append(faults, fmt.Errorf("%s lacks the acknowledged %s: %v", key, element, got))
			}
		}
		for _, element := range got {
			if !s.tried[element] {
				faults = append(faults, fmt.Errorf("%s has %s, which nobody wrote", key, element))
			}
		}
	}
	return faults
}

// readSiblings returns all values of a key.
func readSiblings(t testing.TB, client *redis.Client, key string) ([]string, error) {
	reply, err := client.Do(t.Context(), "GET", key, "CONTEXT").Slice()
	if err != nil {
		return nil, fmt.Errorf("GET %s CONTEXT: %w", key, err)
	}
	if len(reply) != 2 {
		return nil, fmt.Errorf("GET %s CONTEXT: %d elements, want a context and the values", key, len(reply))
	}
	values, ok := reply[1].([]any)
	if !ok {
		return nil, fmt.Errorf("GET %s CONTEXT: values are %T", key, reply[1])
	}
	got := make([]string, len(values))
	for i, v := range values {
		got[i] = fmt.Sprint(v)
	}
	return got, nil
}

// awaitIdentical waits until, partition by partition, exactly N nodes hold
// objects and all of them the same: hash trees with equal roots.
func (f *fleet) awaitIdentical(replicas int) {
	f.t.Helper()
	within(f.t, patience, "identical replicas", func() error {
		held := map[string][]string{} // partition: roots
		who := map[string][]string{}
		for _, n := range f.nodes {
			if !n.running() {
				continue
			}
			var answer struct{ Roots map[string]string }
			if err := n.get("/api/merkle?local=1", &answer); err != nil {
				return err
			}
			for partition, root := range answer.Roots {
				held[partition] = append(held[partition], root)
				who[partition] = append(who[partition], n.name)
			}
		}
		unlike := 0
		var example string
		for partition, roots := range held {
			if len(roots) != replicas || len(slices.Compact(roots)) != 1 {
				unlike++
				example = fmt.Sprintf("partition %s on %v: %v", partition, who[partition], held[partition])
			}
		}
		if unlike > 0 {
			return fmt.Errorf("%d of %d partitions differ, as %s", unlike, len(held), example)
		}
		return nil
	})
}
