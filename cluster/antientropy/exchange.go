package antientropy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"golang.org/x/time/rate"

	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/engine"
)

// Errors of an exchange, besides those of the peer channel and the engine.
var (
	// ErrNotReady says that the Merkle tree of one side is still being rebuilt.
	ErrNotReady = errors.New("merkle tree is being rebuilt")
	// ErrKeysFailed says that some keys could not be merged by one side, though
	// all others were.
	ErrKeysFailed = errors.New("some keys were not merged")
)

// objectStore is the part of the engine that reads and merges objects.
type objectStore interface {
	Scan(p ring.Partition, fromHash uint32) iter.Seq2[engine.Entry, error]
	Get(p ring.Partition, key, dst []byte) ([]byte, bool, error)
	FindPart(p ring.Partition, key []byte, wanted func() (object.Selection, bool), dst []byte) (engine.PartRead, error)
	Apply(recs []*engine.Record) (engine.Commit, error)
	ApplySynced(recs []*engine.Record) (engine.Commit, error)
}

// merkleTrees is the part of the engine that shows the Merkle trees.
type merkleTrees interface {
	Root(p ring.Partition) uint64
	Nodes(p ring.Partition, level int, idx []int) []uint64
	PartitionReady(p ring.Partition) bool
}

// Channel is what exchanges need of the peer channel.
type Channel interface {
	Available(to ring.NodeID) bool
	Call(ctx context.Context, to ring.NodeID, class peer.Class, kind peer.Kind, body []byte) ([]byte, error)
}

// Config is what an Exchanger is made of. The first four must be given.
type Config struct {
	Self    ring.NodeID
	Store   *engine.Store
	Channel Channel
	Ring    func() *ring.Ring

	// RepairRate and TransferRate bound what all exchanges together send and
	// receive, in bytes per second: RepairRate those of Sync, TransferRate those of
	// Transfer and Offer. An exchange pauses after each message for as long as its
	// bytes take at that rate. Defaults: 8 MiB and 64 MiB.
	RepairRate, TransferRate int
	// CallTimeout bounds each message and its answer, but for the time that a large object
	// takes on the way. Default: 20 s.
	CallTimeout time.Duration
	// LargeBytes is from which size on a collection is looked at again before Sync moves it. Default:
	// 64 KiB.
	LargeBytes int64
	// LookPause is how long Sync leaves to changes that are under way before it moves all of a large
	// collection for them, twice. Default: 1 s.
	LookPause time.Duration
}

// DefaultRepairRate is the number of bytes a second that comparisons may move.
const DefaultRepairRate = 8 << 20

const (
	defaultTransferRate = 64 << 20
	defaultCallTimeout  = 20 * time.Second
	defaultLargeBytes   = 64 << 10
	defaultLookPause    = time.Second
)

// Exchanger makes the copies of a partition on this node and on a peer equal,
// and answers the peers that do the same ([Exchanger.ServePeer]).
//
// Invariant: it changes an object only by merging another copy into it, here
// through engine.Apply and there through a push that does the same. So it never
// loses a value, and may run at any time, with any peer, beside any writes, end
// anywhere, and be repeated.
//
// An exchange goes:
//
//  1. Compare the roots: equal roots end it, after one small message.
//  2. Descend level by level, asking only for the children of nodes that differ.
//     A subtree that one side does not have at all is not descended into.
//  3. For leaves that only one side has, send or fetch whole objects by pages.
//  4. For leaves that both have, fetch (key, digest) pages, and compare them with
//     the local keys, which are in the same order. Sync looks again at large collections
//     that differ, because changes may be under way (look.go).
//  5. Fetch each object that differs and merge it into the local one; push back
//     the result if it is not what the peer holds.
//
// Its methods may be called from many goroutines at once.
type Exchanger struct {
	cfg              Config
	objects          objectStore
	trees            merkleTrees
	repair, transfer *rate.Limiter
	total            counters
	queue            requestQueue
	underWay         runs
}

// NewExchanger makes an Exchanger. It can begin exchanges at once; Run must be
// called for it to answer those of peers.
func NewExchanger(cfg Config) *Exchanger {
	cfg.CallTimeout = cmp.Or(cfg.CallTimeout, defaultCallTimeout)
	cfg.LargeBytes = cmp.Or(cfg.LargeBytes, defaultLargeBytes)
	cfg.LookPause = cmp.Or(cfg.LookPause, defaultLookPause)
	x := &Exchanger{cfg: cfg, objects: cfg.Store, trees: cfg.Store.Merkle(), queue: newRequestQueue()}
	x.repair = newLimiter(cmp.Or(cfg.RepairRate, DefaultRepairRate))
	x.transfer = newLimiter(cmp.Or(cfg.TransferRate, defaultTransferRate))
	return x
}

func newLimiter(bytesPerSecond int) *rate.Limiter {
	return rate.NewLimiter(rate.Limit(bytesPerSecond), bytesPerSecond)
}

// Totals returns the sum of all exchanges that this node began.
func (x *Exchanger) Totals() Stats { return x.total.load() }

// Sync makes p equal on this node and on peer. It returns ErrNotReady if the
// Merkle tree of either is being rebuilt. Writes that arrive meanwhile may leave
// new differences.
func (x *Exchanger) Sync(ctx context.Context, peer ring.NodeID, p ring.Partition) (Stats, error) {
	return x.exchange(ctx, peer, p, bothWays, treesOnly)
}

// Transfer does the same for data that must move now: if a Merkle tree is being
// rebuilt it compares all keys.
func (x *Exchanger) Transfer(ctx context.Context, peer ring.NodeID, p ring.Partition) (Stats, error) {
	return x.exchange(ctx, peer, p, bothWays, anyMeans)
}

// Offer makes peer hold everything of p that this node holds, and changes nothing
// here. When it has returned nil, each object that p held before the call has been
// merged into the peer's copy, and is as durable there as a write.
func (x *Exchanger) Offer(ctx context.Context, peer ring.NodeID, p ring.Partition) (Stats, error) {
	return x.exchange(ctx, peer, p, outwards, anyMeans)
}

// Differing compares the Merkle roots of parts with member's, by one small message.
// It returns those that differ, and those for which that is unknown because the
// tree of either side is being rebuilt.
func (x *Exchanger) Differing(ctx context.Context, member ring.NodeID, parts []ring.Partition) (differing, unknown []ring.Partition, err error) {
	c := comparison{x: x, peer: member, limiter: x.repair}
	defer c.finish()
	answer, err := c.call(ctx, peer.MerkleRoots, appendRootsRequest(nil, parts))
	if err == nil {
		var theirs []root
		if theirs, err = decodeRoots(answer, len(parts)); err == nil {
			c.stats.NodesCompared += int64(len(parts))
			c.stats.PartitionsCompared += int64(len(parts))
			for _, p := range parts {
				_, keys := x.cfg.Store.Partitions().Keys(p)
				c.stats.NaiveKeys += keys
			}
			differing, unknown = x.compareRoots(parts, theirs)
			return differing, unknown, nil
		}
	}
	return nil, nil, fmt.Errorf("compare roots: %w", err)
}

// Unrepaired asks a member whether it may lack what it has acknowledged, because its disk
// was lost or put back. A member of an older version does not know, and counts as if not.
func (x *Exchanger) Unrepaired(ctx context.Context, member ring.NodeID) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, x.cfg.CallTimeout)
	defer cancel()
	answer, err := x.cfg.Channel.Call(ctx, member, peer.Background, peer.Unrepaired, []byte{wireVersion})
	var unknown *peer.RemoteError
	switch {
	case errors.As(err, &unknown):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("ask whether it is repaired: %w", err)
	}
	r := newReader(answer)
	unrepaired := r.Flag()
	return unrepaired, r.end("answer whether it is repaired")
}

func (x *Exchanger) compareRoots(parts []ring.Partition, theirs []root) (differing, unknown []ring.Partition) {
	for i, p := range parts {
		ours := x.root(p)
		switch {
		case !ours.ready || !theirs[i].ready:
			unknown = append(unknown, p)
		case ours.hash != theirs[i].hash:
			differing = append(differing, p)
		}
	}
	return differing, unknown
}

// root is the root of one partition's tree. A tree that is not complete has none.
type root struct {
	ready bool
	hash  uint64
}

func (x *Exchanger) root(p ring.Partition) root {
	if !x.trees.PartitionReady(p) {
		return root{}
	}
	return root{ready: true, hash: x.trees.Root(p)}
}

// direction says which side's copy an exchange may change.
type direction uint8

const (
	bothWays direction = iota
	outwards           // only the peer's
)

// means says how an exchange may find out what differs.
type means uint8

const (
	treesOnly means = iota
	anyMeans        // compare all keys if a tree is being rebuilt
)

// exchange compares p with one peer, and makes equal what differs.
func (x *Exchanger) exchange(ctx context.Context, to ring.NodeID, p ring.Partition, d direction, m means) (Stats, error) {
	c := comparison{x: x, peer: to, partition: p, direction: d, limiter: x.repair}
	if m == anyMeans {
		c.limiter = x.transfer
	} else {
		c.patient = !x.underWay.tooMany(to, p)
		defer func() { x.underWay.note(to, p, c.stats.KeysUnderWay > 0) }()
	}
	defer c.finish()
	plan, err := c.descend(ctx)
	if errors.Is(err, ErrNotReady) && m == anyMeans {
		plan, err = plans{both: everyLeaf()}, nil
	}
	if err == nil {
		err = c.carryOut(ctx, &plan)
	}
	if err != nil {
		return c.stats, fmt.Errorf("exchange partition %d: %w", p, err)
	}
	return c.stats, nil
}
