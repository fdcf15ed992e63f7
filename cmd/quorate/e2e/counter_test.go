package e2e

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"
)

// Each increment counts once. One that was under way at the node that dies is answered
// with an error, which says that nobody knows whether it counts.
func TestIncrement_ManyClientsOfOneNodeWhileAnotherDies_CountsEachOnce(t *testing.T) {
	const clients, counters, before, after = 6, 8, 600, 1200
	f := newFleet(t, 5)
	through, victim := f.nodes[1], f.nodes[3]

	var acked, tried [counters]atomic.Int64
	var total atomic.Int64
	ctx, stop := context.WithCancel(t.Context())
	var group sync.WaitGroup
	defer func() { stop(); group.Wait() }()
	faults := make(chan error, 100)
	for i := range clients {
		client := through.dial(t)
		group.Go(func() {
			for turn := i; ctx.Err() == nil; turn++ {
				c := turn % counters
				tried[c].Add(1)
				if err := client.Incr(context.Background(), fmt.Sprintf("counter:%d", c)).Err(); err != nil {
					select {
					case faults <- err:
					default:
					}
					continue
				}
				acked[c].Add(1)
				total.Add(1)
			}
		})
	}
	reach := func(goal int64) {
		within(t, patience, fmt.Sprintf("%d increments", goal), func() error {
			if now := total.Load(); now < goal {
				return fmt.Errorf("%d", now)
			}
			return nil
		})
	}
	reach(before)
	victim.kill()
	reach(total.Load() + after)
	victim.restart()
	reach(total.Load() + before)
	stop()
	group.Wait()
	close(faults)
	unknown := 0
	for err := range faults {
		if strings.HasPrefix(err.Error(), "UNKNOWNOUTCOME ") {
			unknown++
			continue
		}
		t.Errorf("INCR: %v", err)
	}
	// Each client has one under way when the node dies, and one when streams to it begin anew.
	if unknown > 2*clients {
		t.Errorf("the outcome of %d increments is unknown, and %d clients had one under way each, twice", unknown, clients)
	}

	f.awaitPlaces()
	f.awaitIdentical(3)
	for _, n := range f.nodes {
		client := n.dial(t)
		for c := range counters {
			got, err := client.Get(t.Context(), fmt.Sprintf("counter:%d", c)).Int64()
			if err != nil && err != redis.Nil || got < acked[c].Load() || got > tried[c].Load() {
				t.Errorf("counter %d through %s is %d, %v: %d increments were acknowledged, %d tried", c, n.name, got, err, acked[c].Load(), tried[c].Load())
			}
		}
	}
	t.Logf("%d increments acknowledged", total.Load())
}
