package e2e

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Two clocks are off by seconds, one in each direction. Whoever writes through one node and
// reads through another one finds the last write among the values, siblings do not
// grow, and counters are exact. An update of what all replicas have replaces it, though its
// node's clock is behind.
func TestClock_TwoNodesOffByFiveSeconds_NothingIsLostAndCountersAreExact(t *testing.T) {
	f := planFleet(t, 5)
	f.nodes[1].clockOffset, f.nodes[2].clockOffset = 5*time.Second, -5*time.Second
	f.start()
	const (
		keys, rounds         = 10, 100
		counters, increments = 4, 160
		mostSiblings         = 5 // one of each node that coordinates, at most
	)
	clients := clientsOf(t, f.nodes)
	var group sync.WaitGroup
	for k := range keys {
		group.Go(func() {
			key := fmt.Sprint("off:", k)
			for round := range rounds {
				writer, reader := (k+round)%len(clients), (k+3*round+1)%len(clients)
				value := fmt.Sprintf("%d of %s", round, key)
				if err := clients[writer].Set(t.Context(), key, value, 0).Err(); err != nil {
					t.Errorf("SET %s through %s: %v", key, f.nodes[writer].name, err)
					return
				}
				// A replica may not have the write before, and then the clocks decide which
				// of the two a plain GET shows.
				values, err := readSiblings(t, clients[reader], key)
				if err != nil || !slices.Contains(values, value) || len(values) > mostSiblings {
					t.Errorf("%s through %s is %q, %v after SET to %q through %s", key, f.nodes[reader].name, values, err, value, f.nodes[writer].name)
					return
				}
			}
		})
	}
	var counted [counters]atomic.Int64
	for i, client := range clients {
		group.Go(func() {
			for n := range increments {
				if err := client.Incr(t.Context(), fmt.Sprint("count:", n%counters)).Err(); err != nil {
					t.Errorf("INCR through %s: %v", f.nodes[i].name, err)
					return
				}
				counted[n%counters].Add(1)
			}
		})
	}
	group.Wait()
	f.awaitIdentical(3)
	for k := range keys {
		client, key := clients[k%len(clients)], fmt.Sprint("off:", k)
		if err := client.Set(t.Context(), key, "last", 0).Err(); err != nil {
			t.Fatal(err)
		}
		if err := client.Set(t.Context(), "deleted "+key, "", 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	f.awaitIdentical(3)
	for k := range keys {
		if n, err := clients[(k+2)%len(clients)].Del(t.Context(), fmt.Sprint("deleted off:", k)).Result(); err != nil || n != 1 {
			t.Fatalf("DEL of %d keys, %v", n, err)
		}
	}
	for i, client := range clients {
		for k := range keys {
			key := fmt.Sprint("off:", k)
			if values, err := readSiblings(t, client, key); err != nil || len(values) != 1 || values[0] != "last" {
				t.Errorf("%s through %s: %v, %v, want one value, the last", key, f.nodes[i].name, values, err)
			}
			if n, err := client.Exists(t.Context(), "deleted "+key).Result(); err != nil || n != 0 {
				t.Errorf("%s through %s: deleted, and exists %d times, %v", key, f.nodes[i].name, n, err)
			}
		}
		for c := range counters {
			key := fmt.Sprint("count:", c)
			if got, err := client.Get(t.Context(), key).Int64(); err != nil || got != counted[c].Load() {
				t.Errorf("%s through %s: %d, %v after %d increments", key, f.nodes[i].name, got, err, counted[c].Load())
			}
		}
	}
}

// A clock that is off by more than a minute is not followed, and whoever looks is told whose
// it is and how far.
func TestClock_OffByTwoMinutes_IsRefusedAndNamed(t *testing.T) {
	f := planFleet(t, 3)
	a, c := f.nodes[0], f.nodes[2]
	c.clockOffset = 2 * time.Minute
	f.start()
	clients := clientsOf(t, f.nodes)
	key := func(i int) string { return fmt.Sprint("far:", i%60) }
	written := 0
	within(t, patience, "A to refuse the times of C", func() error {
		for range 60 { // C coordinates some of them, and A reads them
			if err := clients[2].Set(t.Context(), key(written), written, 0).Err(); err != nil {
				t.Fatal(err)
			}
			if got, err := clients[0].Get(t.Context(), key(written)).Int(); err != nil || got != written {
				t.Fatalf("%s through A: %d, %v, want %d", key(written), got, err, written)
			}
			written++
		}
		refused, err := a.metric("quorate_clock_refused_total")
		if err == nil && refused == 0 {
			err = fmt.Errorf("none is")
		}
		return err
	})
	if err := a.log.has("the clock of a node is wrong"); err != nil {
		t.Error(err)
	}
	for _, n := range f.nodes {
		var v struct {
			Nodes []struct {
				Name  string
				Clock int64 `json:"clock_off_ms"`
			}
		}
		if err := n.get("/api/cluster", &v); err != nil {
			t.Fatal(err)
		}
		for _, m := range v.Nodes {
			if off := time.Duration(m.Clock) * time.Millisecond; (m.Name == "C") != (off > time.Minute) || off < 0 {
				t.Errorf("%s says that the clock of %s is %v off", n.name, m.Name, off)
			}
		}
	}
	if output, code := quorate(t, "admin", "--admin-addr", a.admin, "status"); code != 1 || !strings.Contains(output, "the clock of C is ") {
		t.Errorf("exit code %d, and the status does not name C:\n%s", code, output)
	}
}
