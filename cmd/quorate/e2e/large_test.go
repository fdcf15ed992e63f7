package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// status returns a size in bytes that the kernel tells of the process.
func (n *node) status(name string) int64 {
	n.t.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", n.cmd.Process.Pid))
	if err != nil {
		n.t.Fatal(err)
	}
	for line := range strings.Lines(string(raw)) {
		var kilobytes int64
		if _, err := fmt.Sscanf(line, name+": %d kB", &kilobytes); err == nil {
			return kilobytes << 10
		}
	}
	n.t.Fatalf("no %s in the status of node %s", name, n.name)
	return 0
}

// forgetPeak makes the most memory that the process had what it has now.
func (n *node) forgetPeak() {
	n.t.Helper()
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", n.cmd.Process.Pid), []byte("5"), 0); err != nil {
		n.t.Skipf("the peak of a process's memory cannot be reset here: %v", err)
	}
}

// TestLargeValue_ThroughAnyNode_TakesThreeTimesItsSize writes and reads a large value through each
// node. A node has it twice, and once more for a client that is slower to read a value than its
// node is to send it, or where garbage of the value before is left. Beside it are what Pebble, the
// caches and garbage of a node that has just started take.
func TestLargeValue_ThroughAnyNode_TakesThreeTimesItsSize(t *testing.T) {
	if testing.Short() {
		t.Skip("takes gigabytes of memory")
	}
	if _, err := os.Stat("/proc/self/clear_refs"); errors.Is(err, os.ErrNotExist) {
		t.Skip("no /proc/self/clear_refs here")
	}
	const size, most = 160 << 20, 3*160<<20 + 192<<20
	f := newFleet(t, 3, "--durability", "interval", "--object-cache-size", "8mb", "--anti-entropy-interval", "1h")
	values := make([][]byte, len(f.nodes))
	source := rand.NewChaCha8([32]byte{1})
	for i := range values {
		values[i] = make([]byte, size)
		_, _ = source.Read(values[i]) // it never fails
	}
	var clients []*redis.Client
	base := make([]int64, len(f.nodes))
	for i, n := range f.nodes {
		c := redis.NewClient(&redis.Options{
			Addr: n.client, MaxRetries: -1, ReadTimeout: 5 * time.Minute, WriteTimeout: 5 * time.Minute, ContextTimeoutEnabled: false,
		})
		t.Cleanup(func() { _ = c.Close() })
		clients = append(clients, c)
		n.forgetPeak()
		base[i] = n.status("VmRSS")
	}
	key := func(i int) string { return fmt.Sprint("large", i) }
	for i, c := range clients {
		done := make(chan struct{})
		var small sync.WaitGroup
		for _, other := range clients {
			small.Go(func() { // which a large value must not keep from being answered
				for n := 0; ; n++ {
					select {
					case <-done:
						return
					case <-time.After(pollEvery):
					}
					if err := other.Set(t.Context(), "small", n, 0).Err(); err != nil {
						t.Errorf("a small SET beside a large one: %v", err)
						return
					}
				}
			})
		}
		err := c.Set(t.Context(), key(i), values[i], 0).Err()
		close(done)
		small.Wait()
		if err != nil {
			t.Fatalf("SET through node %s: %v", f.nodes[i].name, err)
		}
	}
	for i, c := range clients {
		at := (i + 1) % len(values)
		got, err := c.Get(t.Context(), key(at)).Bytes()
		if err != nil || !bytes.Equal(got, values[at]) {
			t.Fatalf("GET through node %s: %d bytes, %v", f.nodes[i].name, len(got), err)
		}
	}
	for i, n := range f.nodes {
		took := n.status("VmHWM") - base[i]
		t.Logf("node %s took %d MiB for values of %d MiB", n.name, took>>20, size>>20)
		if took > most {
			t.Errorf("node %s took %d MiB for values of %d MiB, want at most %d", n.name, took>>20, size>>20, most>>20)
		}
	}
}
