package antientropy

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/time/rate"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
)

// comparison is one exchange under way, with one peer: it compares, and makes
// equal what differs. It belongs to one goroutine.
type comparison struct {
	x           *Exchanger
	peer        ring.NodeID
	partition   ring.Partition
	direction   direction
	limiter     *rate.Limiter
	patient     bool // it looks again at large collections that differ
	unthrottled int  // bytes that throttle has not waited for yet
	stats       Stats
}

func (c *comparison) finish() { c.x.total.add(c.stats) }

// call sends a request to the peer and returns its answer. The bytes of both count
// against the limiter; throttle waits for them, when no object is being carried.
func (c *comparison) call(ctx context.Context, kind peer.Kind, body []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout(kind, len(body)))
	defer cancel()
	answer, err := c.x.cfg.Channel.Call(ctx, c.peer, peer.Background, kind, body)
	size := len(body) + len(answer)
	c.stats.Messages++
	c.stats.Bytes += int64(size)
	c.unthrottled += size
	return answer, err
}

// timeout returns how long a request and its answer may take. How large the objects of an answer
// are is not known before it begins to arrive: the channel gives up what does not
// begin in time, and gives what does the time that its size needs.
func (c *comparison) timeout(kind peer.Kind, size int) time.Duration {
	if kind == peer.Fetch || kind == peer.Objects {
		return carryLimit
	}
	return c.x.cfg.CallTimeout + peer.TransferTime(size)
}

// throttle waits as long as the bytes since its last call take at the limiter's rate.
func (c *comparison) throttle(ctx context.Context) error {
	for c.unthrottled > 0 {
		n := min(c.unthrottled, c.limiter.Burst())
		if err := c.limiter.WaitN(ctx, n); err != nil {
			return err
		}
		c.unthrottled -= n
	}
	return nil
}

// carryLimit bounds the time from when an object is read in one store until it is
// merged into another. What takes longer is given up, and found to differ again
// later: the reaper relies on a bound for how long an old copy can still arrive
// (see Reaper). It is enough for the largest value at the slowest rate of
// [peer.TransferTime], and less than the reaper's Settle.
const carryLimit = 280 * time.Second

// carry runs one unit of work that carries objects, within carryLimit, and then
// throttles.
func (c *comparison) carry(ctx context.Context, unit func(context.Context) error) error {
	bounded, cancel := context.WithTimeout(ctx, carryLimit)
	defer cancel()
	if err := unit(bounded); err != nil {
		return err
	}
	return c.throttle(ctx)
}

// plans says what to do with the leaves that differ.
type plans struct {
	fetch leafSet // this node has nothing there
	push  leafSet // the peer has nothing there
	both  leafSet // both have something there
}

// descend compares the trees from the root down, and returns the leaves that
// differ.
func (c *comparison) descend(ctx context.Context) (plans, error) {
	var plan plans
	if !c.x.trees.PartitionReady(c.partition) {
		return plan, ErrNotReady
	}
	index := []int{0}
	for level := 0; len(index) > 0; level++ {
		theirs, err := c.nodes(ctx, level, index)
		if err != nil {
			return plan, err
		}
		ours := c.x.trees.Nodes(c.partition, level, index)
		var children []int
		for i, node := range index {
			switch {
			case ours[i] == theirs[i]:
			case ours[i] == 0:
				plan.fetch.addSubtree(level, node)
			case theirs[i] == 0:
				plan.push.addSubtree(level, node)
			case level == leafLevel:
				plan.both.addSubtree(level, node)
			default:
				for child := range fanout {
					children = append(children, node*fanout+child)
				}
			}
		}
		index = children
	}
	return plan, nil
}

func (c *comparison) nodes(ctx context.Context, level int, index []int) ([]uint64, error) {
	request := nodesRequest{partition: c.partition, level: level, index: index}
	answer, err := c.call(ctx, peer.MerkleNodes, request.append(nil))
	if err != nil {
		return nil, err
	}
	c.stats.NodesCompared += int64(len(index))
	return decodeHashes(answer, len(index))
}

func (c *comparison) carryOut(ctx context.Context, plan *plans) error {
	if c.direction == outwards {
		plan.fetch = leafSet{}
	}
	for _, step := range []struct {
		leaves *leafSet
		do     func(context.Context, *leafSet) error
	}{
		{&plan.fetch, c.fetchLeaves},
		{&plan.push, c.pushLeaves},
		{&plan.both, c.compareLeaves},
	} {
		n := step.leaves.count()
		if n == 0 {
			continue
		}
		c.stats.LeavesCompared += int64(n)
		if err := step.do(ctx, step.leaves); err != nil {
			return err
		}
	}
	if c.stats.KeysFailed > 0 {
		return fmt.Errorf("%d keys: %w", c.stats.KeysFailed, ErrKeysFailed)
	}
	return nil
}
