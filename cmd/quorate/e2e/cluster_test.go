package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// dialCluster makes a cluster-aware client that begins with the given nodes.
func dialCluster(t testing.TB, nodes ...*node) *redis.ClusterClient {
	t.Helper()
	var addrs []string
	for _, n := range nodes {
		addrs = append(addrs, n.client)
	}
	// By itself this library asks for the slots once a minute and when it is sent
	// away; no node sends anybody away.
	c := redis.NewClusterClient(&redis.ClusterOptions{
		Addrs: addrs, DialTimeout: time.Second, ReadTimeout: 3 * time.Second, ClusterStateReloadInterval: 300 * time.Millisecond,
		MaxRedirects: 10,
	})
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// metric reads one of the node's counters.
func (n *node) metric(name string) (int64, error) {
	response, err := http.Get("http://" + n.admin + "/metrics")
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if value, found := strings.CutPrefix(line, name+" "); found {
			f, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			return int64(f), err
		}
	}
	return 0, fmt.Errorf("%s has no metric %s", n.name, name)
}

// arrivals sums over the running nodes how many requests came to a primary of
// their key, and how many elsewhere.
func (f *fleet) arrivals() (direct, indirect int64) {
	f.t.Helper()
	for _, n := range f.nodes {
		if !n.running() {
			continue
		}
		d, err := n.metric("quorate_requests_at_primary_total")
		if err != nil {
			f.t.Fatal(err)
		}
		i, err := n.metric("quorate_requests_elsewhere_total")
		if err != nil {
			f.t.Fatal(err)
		}
		direct, indirect = direct+d, indirect+i
	}
	return direct, indirect
}

// A client that asks for the slots needs one hop to its keys, from the first
// request on, also to those of a node that joined later.
func TestCluster_AwareClient_NeedsOneHop(t *testing.T) {
	f := newFleet(t, 4)
	c := dialCluster(t, f.nodes[0])
	play := func(round int) {
		t.Helper()
		direct, indirect := f.arrivals()
		const keys = 500
		for i := range keys {
			key := fmt.Sprintf("key-%d-%d", round, i)
			if err := c.Set(t.Context(), key, i, 0).Err(); err != nil {
				t.Fatal(err)
			}
			if got, err := c.Get(t.Context(), key).Int(); err != nil || got != i {
				t.Fatalf("%s: %d, %v", key, got, err)
			}
		}
		d, i := f.arrivals()
		direct, indirect = d-direct, i-indirect
		t.Logf("round %d: %d requests came to a primary, %d elsewhere", round, direct, indirect)
		if direct+indirect != 2*keys || indirect*100 > direct+indirect {
			t.Errorf("round %d: of %d requests %d came to a primary and %d elsewhere, want 99 %% at a primary", round, 2*keys, direct, indirect)
		}
	}
	play(1)
	fifth := f.add()
	fifth.restart()
	f.awaitPlaces()
	within(t, patience, "the client to go to the fifth node", func() error {
		var known atomic.Bool // it is called for all at once
		err := c.ForEachMaster(t.Context(), func(_ context.Context, one *redis.Client) error {
			if one.Options().Addr == fifth.client {
				known.Store(true)
			}
			return nil
		})
		if err == nil && !known.Load() {
			err = fmt.Errorf("it is not among its masters")
		}
		return err
	})
	play(2)
}

// The application sees no error when a node that its client goes to is killed:
// the client tries again, elsewhere.
func TestCluster_AwareClient_DoesNotFailWhenANodeIsKilled(t *testing.T) {
	f := newFleet(t, 5)
	c := dialCluster(t, f.nodes...)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	type fault struct {
		at  time.Time
		err error
	}
	var (
		wg     sync.WaitGroup
		mu     sync.Mutex
		faults []fault
		done   int
		killed time.Time
	)
	const clients = 4
	for w := range clients {
		wg.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				key := fmt.Sprintf("key-%d-%d", w, i%200)
				began := time.Now()
				err := c.Set(context.Background(), key, i, 0).Err()
				if err == nil {
					_, err = c.Get(context.Background(), key).Result()
				}
				mu.Lock()
				done++
				if err != nil {
					faults = append(faults, fault{began, err})
				}
				mu.Unlock()
			}
		})
	}
	await := func(more int) {
		t.Helper()
		mu.Lock()
		target := done + more
		mu.Unlock()
		within(t, patience, "requests", func() error {
			mu.Lock()
			defer mu.Unlock()
			if done < target {
				return fmt.Errorf("%d of %d done", done, target)
			}
			return nil
		})
	}
	await(warmUp)
	mu.Lock()
	killed = time.Now()
	mu.Unlock()
	f.nodes[2].kill()
	await(aftermath)
	stop()
	wg.Wait()
	inFlight := 0
	for _, f := range faults {
		if f.at.After(killed) {
			t.Errorf("%v after the kill: %v", f.at.Sub(killed), f.err)
		} else {
			inFlight++
			t.Logf("in flight at the kill: %v", f.err)
		}
	}
	if inFlight > clients {
		t.Errorf("%d requests failed that began before the kill, of %d that can have been under way", inFlight, clients)
	}
}
