package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// cpu returns the processor time that the node has used, from its process's statistics,
// in units of 10 ms.
func (n *node) cpu() time.Duration {
	n.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", n.cmd.Process.Pid))
	if err != nil {
		n.t.Skipf("no processor times: %v", err)
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	var ticks int64
	for _, field := range fields[11:13] { // user and system
		n, _ := strconv.ParseInt(field, 10, 64)
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

// BenchmarkHop compares a client that knows where keys are with clients that ask
// any node: how long a request takes, and how much processor time all nodes
// together spend on it. Half are writes.
func BenchmarkHop(b *testing.B) {
	f := newFleet(b, 5, "--durability", "interval")
	var plain []*redis.Client
	for _, n := range f.nodes {
		c := redis.NewClient(&redis.Options{Addr: n.client})
		b.Cleanup(func() { _ = c.Close() })
		plain = append(plain, c)
	}
	aware := dialCluster(b, f.nodes...)
	value := strings.Repeat("v", 100)
	run := func(client func() redis.UniversalClient) func(*testing.B) {
		return func(b *testing.B) {
			used := func() (sum time.Duration) {
				for _, n := range f.nodes {
					sum += n.cpu()
				}
				return sum
			}
			before := used()
			const workers = 16
			var wg sync.WaitGroup
			for w := range workers {
				wg.Go(func() {
					ctx := context.Background()
					for i := w; i < b.N; i += workers {
						key := fmt.Sprint("key", rand.IntN(10_000))
						err := client().Set(ctx, key, value, 0).Err()
						if err == nil {
							err = client().Get(ctx, key).Err()
						}
						if err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			requests := float64(2 * b.N)
			b.ReportMetric(float64(used()-before)/requests/float64(time.Microsecond), "cpu-us/request")
			b.ReportMetric(float64(b.Elapsed())*workers/requests/float64(time.Microsecond), "us/request")
		}
	}
	b.Run("any-node", run(func() redis.UniversalClient { return plain[rand.IntN(len(plain))] }))
	b.Run("aware", run(func() redis.UniversalClient { return aware }))
}
