package testcluster

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/cluster/sim/poll"
	"github.com/quorate/quorate/engine"
)

// Node is one life of a node: after a restart there is another Node. It is the peer
// channel of the parts that it runs.
type Node struct {
	ID    ring.NodeID
	Name  string
	Disk  *vfs.MemFS
	Store *engine.Store

	cluster *Cluster
	handler peer.Handler
	ctx     context.Context // of its parts
	running sync.WaitGroup
	stop    func()
}

func (c *Cluster) open(name string, disk *vfs.MemFS) *Node {
	c.tb.Helper()
	n := &Node{ID: ring.IDOf(name), Name: name, Disk: disk, cluster: c}
	var err error
	n.Store, err = engine.Open(engine.Options{
		Dir: "data", FS: disk, Partitions: c.Ring().Partitions(), Self: n.ID, Name: name,
		CacheBytes: 4 << 20, MemtableBytes: 8 << 20, Now: c.Now,
	})
	if err != nil {
		c.tb.Fatalf("start %s: %v", name, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	n.ctx = ctx
	n.stop = sync.OnceFunc(func() { cancel(); n.running.Wait() })
	n.Run(n.Store.Run)
	c.tb.Cleanup(func() {
		n.stop()
		if err := n.Store.Close(); err != nil && !errors.Is(err, engine.ErrClosed) {
			c.tb.Errorf("stop %s: %v", name, err)
		}
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, before := range c.nodes {
		if before.ID == n.ID {
			c.nodes[i] = n
			return n
		}
	}
	c.nodes = append(c.nodes, n)
	return n
}

// Serve makes h answer the messages to this node. It must be called before the first of
// them comes.
func (n *Node) Serve(h peer.Handler) { n.handler = h }

// Run runs a part of this node until the node stops.
func (n *Node) Run(part func(context.Context) error) {
	n.running.Go(func() {
		if err := part(n.ctx); err != nil && !errors.Is(err, context.Canceled) {
			n.cluster.tb.Errorf("%s: %v", n.Name, err)
		}
	})
}

// Available reports whether a node is up.
func (n *Node) Available(to ring.NodeID) bool {
	n.cluster.mu.Lock()
	defer n.cluster.mu.Unlock()
	return !n.cluster.down[to]
}

// Call sends a request to another node and waits for the answer.
func (n *Node) Call(ctx context.Context, to ring.NodeID, class peer.Class, kind peer.Kind, body []byte) ([]byte, error) {
	c := n.cluster
	target := c.ByID(to)
	c.mu.Lock()
	down, intercept := c.down[to] || target == nil, c.intercept
	c.calls++
	c.mu.Unlock()
	if class != peer.Background {
		c.tb.Errorf("%s sent kind %d in the foreground, where clients wait", n.Name, kind)
	}
	if down {
		return nil, peer.ErrUnavailable
	}
	if intercept != nil {
		if err := intercept(n, to, kind); err != nil {
			return nil, err
		}
	}
	reply := make(answer, 1)
	target.handler.ServePeer([]*peer.Request{peer.NewRequest(n.ID, class, kind, body, reply)})
	select {
	case r := <-reply:
		return r.body, r.err
	case <-target.ctx.Done():
		return nil, peer.ErrUnavailable
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// answer takes the answer to a request.
type answer chan struct {
	body []byte
	err  error
}

// Answer implements [peer.Answerer].
func (a answer) Answer(body []byte, err error) {
	a <- struct {
		body []byte
		err  error
	}{body, err}
}

// Set makes a new version of a key on this node alone, as the coordinator of a SET does,
// and returns the object that it stored.
func (n *Node) Set(key, value string) []byte {
	n.cluster.tb.Helper()
	return n.update(key, object.Value{Data: []byte(value)})
}

// Delete is Set for a DEL.
func (n *Node) Delete(key string) []byte {
	n.cluster.tb.Helper()
	return n.update(key, object.Value{Tombstone: true})
}

// Merge merges an object into this node's copy of a key.
func (n *Node) Merge(key string, encoded []byte) {
	n.cluster.tb.Helper()
	n.Apply(&engine.Record{Partition: n.partition(key), Key: []byte(key), Merge: encoded})
}

// Hint keeps an object of a key for another node.
func (n *Node) Hint(target ring.NodeID, key string, encoded []byte) {
	n.cluster.tb.Helper()
	n.Apply(&engine.Record{Partition: n.partition(key), Key: []byte(key), Hint: target, Merge: encoded})
}

// Apply applies records and waits until they are as safe as a write.
func (n *Node) Apply(records ...*engine.Record) {
	n.cluster.tb.Helper()
	commit, err := n.Store.Apply(records)
	if err == nil {
		err = commit.Wait()
	}
	for _, r := range records {
		err = errors.Join(err, r.Err)
	}
	if err != nil {
		n.cluster.tb.Fatalf("apply at %s: %v", n.Name, err)
	}
}

// Value returns what a plain GET makes of this node's copy of a key, or "".
func (n *Node) Value(key string) string {
	n.cluster.tb.Helper()
	encoded, found, err := n.Store.Get(n.partition(key), []byte(key), nil)
	if err != nil {
		n.cluster.tb.Fatalf("read %s at %s: %v", key, n.Name, err)
	}
	if !found {
		return ""
	}
	o, err := object.Decode(encoded)
	if err != nil {
		n.cluster.tb.Fatalf("decode %s of %s: %v", key, n.Name, err)
	}
	v, _, err := register.Resolve(&o, register.LWW, n.cluster.now.Load())
	if err != nil {
		n.cluster.tb.Fatalf("resolve %s of %s: %v", key, n.Name, err)
	}
	return string(v.Data)
}

// Contents returns every key that this node holds, with its encoded object.
func (n *Node) Contents() map[string]string {
	n.cluster.tb.Helper()
	all := make(map[string]string)
	for p := range n.cluster.Ring().Partitions() {
		for e, err := range n.Store.Scan(ring.Partition(p), 0) {
			if err != nil {
				n.cluster.tb.Fatalf("scan %s: %v", n.Name, err)
			}
			all[string(e.Key)] = string(e.Object)
		}
	}
	return all
}

// Keys returns the number of keys of a partition on this node.
func (n *Node) Keys(p ring.Partition) int64 {
	_, total := n.Store.Partitions().Keys(p)
	return total
}

// AwaitTrees waits until the Merkle trees are there, after a start on a disk with data.
func (n *Node) AwaitTrees() {
	n.cluster.tb.Helper()
	poll.Until(n.cluster.tb, "the Merkle trees of "+n.Name, n.Store.Merkle().Ready)
}

func (n *Node) partition(key string) ring.Partition {
	return n.cluster.Ring().PartitionOf([]byte(key))
}

func (n *Node) update(key string, v object.Value) []byte {
	n.cluster.tb.Helper()
	r := &engine.Record{Partition: n.partition(key), Key: []byte(key), Edit: &edit{at: n.cluster.Now(), value: v}}
	n.Apply(r)
	return r.Stored
}

// edit is a plain update at a coordinator, of all that it has seen.
type edit struct {
	at    time.Time
	value object.Value
}

// Edit implements [engine.Editor].
func (e *edit) Edit(current *object.Object, mint *engine.Minter) (object.Object, bool, error) {
	at := max(causal.TimestampOf(e.at.UnixMilli()), current.Clock.Latest()+1)
	return object.Put(*current, current.Context(), mint.Dot(current.Clock), at, e.value), true, nil
}
