package e2e

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"
)

// A client deletes a key, sets it and reads it, over and over, while nodes that carry out
// its updates are frozen and go on. What it reads is what it has written last.
func TestFreeze_ClientsOfOtherNodes_ReadTheirOwnWrites(t *testing.T) {
	const keys, freezes = 12, 3
	f := newFleet(t, 5)
	var rounds atomic.Int64
	reach := func(more int64) {
		goal := rounds.Load() + more
		within(t, patience, fmt.Sprintf("%d rounds", goal), func() error {
			if now := rounds.Load(); now < goal {
				return fmt.Errorf("%d", now)
			}
			return nil
		})
	}
	for turn := range freezes {
		victim := f.nodes[turn]
		ctx, stop := context.WithCancel(t.Context())
		var group sync.WaitGroup
		for i := range keys {
			through := f.nodes[i%len(f.nodes)]
			if through == victim {
				continue
			}
			client := through.dial(t)
			key := fmt.Sprintf("own:%d", i)
			group.Go(func() {
				for n := 0; ctx.Err() == nil; n++ {
					value := fmt.Sprintf("%d of freeze %d", n, turn)
					if err := readsOwnWrite(client, key, value); err != nil {
						t.Errorf("%s through %s: %v", key, through.name, err)
						return
					}
					rounds.Add(1)
				}
			})
		}
		reach(200)
		victim.freeze()
		reach(1000)
		victim.thaw()
		reach(200)
		stop()
		group.Wait()
	}
	t.Logf("%d rounds", rounds.Load())
}

func readsOwnWrite(client *redis.Client, key, value string) error {
	ctx := context.Background()
	if err := client.Del(ctx, key).Err(); err != nil {
		return fmt.Errorf("DEL before %q: %w", value, err)
	}
	if err := client.Set(ctx, key, value, 0).Err(); err != nil {
		return fmt.Errorf("SET to %q: %w", value, err)
	}
	got, err := client.Get(ctx, key).Result()
	if err != nil || got != value {
		return fmt.Errorf("GET returns %q, %v after SET to %q", got, err, value)
	}
	return nil
}
