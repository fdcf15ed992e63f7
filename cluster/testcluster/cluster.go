package testcluster

import (
	"bytes"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/engine"
)

// Cluster is a few nodes, their ring and their clock. Its methods may be called from any
// goroutine.
type Cluster struct {
	tb   testing.TB
	now  atomic.Int64 // unix ms
	ring atomic.Pointer[ring.Ring]

	mu        sync.Mutex
	state     *ring.State
	nodes     []*Node // in the order of their first start
	down      map[ring.NodeID]bool
	calls     int
	intercept func(from *Node, to ring.NodeID, kind peer.Kind) error
}

// New makes a cluster whose ring has the given founders. None of them runs yet.
func New(tb testing.TB, partitions int, quorums ring.Quorums, founders ...string) *Cluster {
	c := &Cluster{tb: tb, down: make(map[ring.NodeID]bool)}
	c.now.Store(1_800_000_000_000)
	var members []ring.Member
	for _, name := range founders {
		members = append(members, Member(name))
	}
	c.state = ring.NewState("cluster", partitions, quorums, members...)
	c.ring.Store(ring.NewRing(c.state))
	return c
}

// Member returns the member of the ring that a node of that name is.
func Member(name string) ring.Member {
	return ring.Member{ID: ring.IDOf(name), Name: name, Instance: name}
}

// Ring returns the ring that all nodes see now.
func (c *Cluster) Ring() *ring.Ring { return c.ring.Load() }

// Now returns the time of the cluster's clock.
func (c *Cluster) Now() time.Time { return time.UnixMilli(c.now.Load()) }

// Pass sets the clock forwards, or backwards if d is negative.
func (c *Cluster) Pass(d time.Duration) { c.now.Add(d.Milliseconds()) }

// Change changes the ring, ends a transition for which all gaining nodes are done, and
// shows the result to all nodes.
func (c *Cluster) Change(edit func(*ring.State) error) {
	c.tb.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := edit(c.state); err != nil {
		c.tb.Errorf("change the ring: %v", err)
	}
	c.state.Flip()
	c.state.Confirm(c.state.LayoutNumber()) // for all nodes see it at once
	c.ring.Store(ring.NewRing(c.state))
}

// SetDown says whether a node is cut off: no other node reaches it, and it reaches none.
func (c *Cluster) SetDown(name string, down bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.down[ring.IDOf(name)] = down
}

// Intercept calls f before each message to a node that is up. A message for which f
// returns an error fails with it. nil: all messages arrive.
func (c *Cluster) Intercept(f func(from *Node, to ring.NodeID, kind peer.Kind) error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.intercept = f
}

// Calls returns the number of messages sent since the cluster was made.
func (c *Cluster) Calls() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.calls
}

// Start starts a node on an empty disk.
func (c *Cluster) Start(name string) *Node {
	c.tb.Helper()
	return c.open(name, vfs.NewCrashableMem())
}

// Restart stops a node as kill -9 would, and starts it on its disk.
func (c *Cluster) Restart(name string) *Node {
	c.tb.Helper()
	n := c.Node(name)
	n.stop()
	n.Store.Crash()
	return c.open(name, n.Disk)
}

// LosePower stops a node and starts it on what its disk had synced.
func (c *Cluster) LosePower(name string) *Node {
	c.tb.Helper()
	n := c.Node(name)
	synced := n.Disk.CrashClone(vfs.CrashCloneCfg{})
	n.stop()
	n.Store.Crash()
	return c.open(name, synced)
}

// Node returns the node of that name that was started last, or nil.
func (c *Cluster) Node(name string) *Node { return c.ByID(ring.IDOf(name)) }

// ByID returns the node of that id that was started last, or nil.
func (c *Cluster) ByID(id ring.NodeID) *Node {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, n := range c.nodes {
		if n.ID == id {
			return n
		}
	}
	return nil
}

// Write carries out an acknowledged SET: the first primary of the key makes the new
// object, and those of the other primaries and of the receiving nodes that reached names
// merge it. view is the ring that the coordinator knows.
func (c *Cluster) Write(view *ring.Ring, key, value string, reached func(ring.NodeID) bool) {
	c.tb.Helper()
	p := view.PartitionOf([]byte(key))
	primaries := view.Primaries(p)
	stored := c.ByID(primaries[0]).Set(key, value)
	for _, id := range slices.Concat(primaries[1:], view.Receiving(p)) {
		if reached(id) {
			c.ByID(id).Merge(key, stored)
		}
	}
}

// Everyone reaches every node.
func Everyone(ring.NodeID) bool { return true }

// Except reaches every node but those of the given names.
func Except(names ...string) func(ring.NodeID) bool {
	return func(id ring.NodeID) bool {
		return !slices.ContainsFunc(names, func(name string) bool { return ring.IDOf(name) == id })
	}
}

// Fill writes the keys "key:0", "key:1", … to all of their primaries, with values of
// size bytes.
func (c *Cluster) Fill(keys, size int) {
	c.tb.Helper()
	value := string(bytes.Repeat([]byte("v"), size))
	for i := range keys {
		c.Write(c.Ring(), fmt.Sprint("key:", i), value, Everyone)
	}
}

// FillNodes writes the same objects of the keys "key:0", "key:1", … to the named nodes,
// whether they are primaries or not. It is fast enough for many keys.
func (c *Cluster) FillNodes(keys, size int, names ...string) {
	c.tb.Helper()
	const atOnce = 1000
	value := object.Value{Data: bytes.Repeat([]byte("v"), size)}
	first := c.Node(names[0])
	for from := 0; from < keys; from += atOnce {
		var made []*engine.Record
		for i := from; i < min(keys, from+atOnce); i++ {
			key := fmt.Append(nil, "key:", i)
			made = append(made, &engine.Record{Partition: c.Ring().PartitionOf(key), Key: key, Edit: &edit{at: c.Now(), value: value}})
		}
		first.Apply(made...)
		for _, name := range names[1:] {
			var copies []*engine.Record
			for _, r := range made {
				copies = append(copies, &engine.Record{Partition: r.Partition, Key: r.Key, Merge: r.Stored})
			}
			c.Node(name).Apply(copies...)
		}
	}
}
