package antientropy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"golang.org/x/time/rate"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/engine"
)

// Errors of an exchange, besides those of the peer channel and the engine.
var (
	// ErrNotReady says that a Merkle tree of one side is still being rebuilt.
	ErrNotReady = errors.New("merkle tree is being rebuilt")
	// ErrKeysFailed says that some keys could not be merged by one side, though
	// all others were.
	ErrKeysFailed = errors.New("some keys were not merged")
)

// Store is what exchanges need of the engine.
type Store interface {
	MerkleNodes(p ring.Partition, level int, idx []int) []uint64
	ReadyPartition(p ring.Partition) bool
	Keys(p ring.Partition) (live, total int64)
	Scan(p ring.Partition, fromHash uint32) iter.Seq2[engine.Entry, error]
	Get(p ring.Partition, key, dst []byte) ([]byte, bool, error)
	Apply(recs []*engine.Record) (engine.Commit, error)
	Graves
}

// Channel is what exchanges need of the peer channel.
type Channel interface {
	Available(to ring.NodeID) bool
	Call(ctx context.Context, to ring.NodeID, class peer.Class, kind peer.Kind, body []byte) ([]byte, error)
}

// Config is what an Exchanger is made of. The first four must be given.
type Config struct {
	Self    ring.NodeID
	Store   Store
	Channel Channel
	Ring    func() *ring.Ring

	// RepairRate bounds what Sync sends and receives, and TransferRate what
	// Transfer and Offer do, in bytes per second: an exchange pauses after each
	// message for as long as its bytes cost. Defaults: 8 MiB and 64 MiB.
	RepairRate, TransferRate int
	// CallTimeout bounds each message and its answer. Default: 20 s.
	CallTimeout time.Duration
}

const (
	defaultRepairRate   = 8 << 20
	defaultTransferRate = 64 << 20
	defaultCallTimeout  = 20 * time.Second
)

// Exchanger makes the copies of a partition on this node and on a peer equal,
// and answers the peers that do the same ([Exchanger.ServePeer]).
//
// Invariant: it changes an object only by merging another copy into it, here
// through engine.Apply and there through a push that does the same; so it may run
// at any time, with any peer, beside any writes, be cut off anywhere, and be
// repeated, and never loses a value.
//
// An exchange goes:
//
//  1. Compare the roots: equal roots end it, after one small message.
//  2. Descend level by level, asking only for the children of nodes that differ.
//     A subtree that one side does not have at all is not descended into.
//  3. For leaves that only one side has, send or fetch whole objects by pages.
//  4. For leaves that both have, fetch (key, digest) pages, and compare them with
//     the local keys, which are in the same order.
//  5. Fetch each object that differs and merge it into the local one; push back
//     the result if it is not what the peer holds.
//
// Its methods may be called from many goroutines at once.
type Exchanger struct {
	cfg              Config
	repair, transfer *rate.Limiter
	total            counters
	desk             desk
}

// NewExchanger makes an Exchanger. It begins exchanges at once; to answer those
// of peers, Run must be called.
func NewExchanger(cfg Config) *Exchanger {
	cfg.CallTimeout = cmp.Or(cfg.CallTimeout, defaultCallTimeout)
	x := &Exchanger{cfg: cfg, desk: newDesk()}
	x.repair = newLimiter(cmp.Or(cfg.RepairRate, defaultRepairRate))
	x.transfer = newLimiter(cmp.Or(cfg.TransferRate, defaultTransferRate))
	return x
}

func newLimiter(bytesPerSecond int) *rate.Limiter {
	return rate.NewLimiter(rate.Limit(bytesPerSecond), bytesPerSecond)
}

// SetRepairRate changes Config.RepairRate, at once. bytesPerSecond is at least 1.
func (x *Exchanger) SetRepairRate(bytesPerSecond int) { setRate(x.repair, bytesPerSecond) }

// SetTransferRate changes Config.TransferRate, at once. bytesPerSecond is at least 1.
func (x *Exchanger) SetTransferRate(bytesPerSecond int) { setRate(x.transfer, bytesPerSecond) }

func setRate(l *rate.Limiter, bytesPerSecond int) {
	l.SetLimit(rate.Limit(max(1, bytesPerSecond)))
	l.SetBurst(max(1, bytesPerSecond))
}

// Totals returns the sum of all exchanges that this node began.
func (x *Exchanger) Totals() Stats { return x.total.load() }

// Sync makes p equal on this node and on peer. It needs the Merkle trees of both
// (ErrNotReady). Writes that arrive meanwhile may leave new differences.
func (x *Exchanger) Sync(ctx context.Context, peer ring.NodeID, p ring.Partition) (Stats, error) {
	return x.exchange(ctx, peer, p, bothWays, treesOnly)
}

// Transfer is Sync for data that must move now: if a Merkle tree is being
// rebuilt it compares all keys instead of waiting.
func (x *Exchanger) Transfer(ctx context.Context, peer ring.NodeID, p ring.Partition) (Stats, error) {
	return x.exchange(ctx, peer, p, bothWays, anyMeans)
}

// Offer makes peer hold everything of p that this node holds, and changes
// nothing here: after it returned nil, each object that p held before the call
// has been merged into the peer's copy, and is as durable there as a write.
func (x *Exchanger) Offer(ctx context.Context, peer ring.NodeID, p ring.Partition) (Stats, error) {
	return x.exchange(ctx, peer, p, outwards, anyMeans)
}

// Differing says which of parts differ between this node and peer, at the cost
// of one small message, and of which that is unknown, for a tree is being rebuilt.
func (x *Exchanger) Differing(ctx context.Context, peer ring.NodeID, parts []ring.Partition) (differing, unknown []ring.Partition, err error) {
	s := session{x: x, peer: peer, limiter: x.repair}
	defer s.finish()
	answer, err := s.call(ctx, KindMerkleRoots, appendRootsRequest(nil, parts))
	if err == nil {
		var theirs []root
		if theirs, err = decodeRoots(answer, len(parts)); err == nil {
			s.stats.NodesCompared += int64(len(parts))
			s.stats.PartitionsCompared += int64(len(parts))
			for _, p := range parts {
				_, keys := x.cfg.Store.Keys(p)
				s.stats.NaiveKeys += keys
			}
			differing, unknown = x.compareRoots(parts, theirs)
			return differing, unknown, nil
		}
	}
	return nil, nil, fmt.Errorf("compare roots: %w", err)
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

// root is the root of one partition's tree, if the tree is complete.
type root struct {
	ready bool
	hash  uint64
}

var rootIndex = []int{0}

func (x *Exchanger) root(p ring.Partition) root {
	if !x.cfg.Store.ReadyPartition(p) {
		return root{}
	}
	return root{ready: true, hash: x.cfg.Store.MerkleNodes(p, 0, rootIndex)[0]}
}

// direction says which side of an exchange may change.
type direction uint8

const (
	bothWays direction = iota
	outwards           // only the peer's
)

// means says how an exchange may find out what differs.
type means uint8

const (
	treesOnly means = iota
	anyMeans        // all keys are compared if a tree is being rebuilt
)

func (x *Exchanger) exchange(ctx context.Context, to ring.NodeID, p ring.Partition, d direction, m means) (Stats, error) {
	s := session{x: x, peer: to, partition: p, direction: d, limiter: x.repair}
	if m == anyMeans {
		s.limiter = x.transfer
	}
	defer s.finish()
	plan, err := s.descend(ctx)
	if errors.Is(err, ErrNotReady) && m == anyMeans {
		plan, err = plans{both: everyLeaf()}, nil
	}
	if err == nil {
		err = s.carryOut(ctx, &plan)
	}
	if err != nil {
		return s.stats, fmt.Errorf("exchange partition %d: %w", p, err)
	}
	return s.stats, nil
}

// session is one exchange under way. It belongs to one goroutine.
type session struct {
	x         *Exchanger
	peer      ring.NodeID
	partition ring.Partition
	direction direction
	limiter   *rate.Limiter
	owed      int // bytes not yet paid for
	stats     Stats
}

func (s *session) finish() { s.x.total.add(s.stats) }

// call asks the peer. What went over the wire is owed to the limiter; pay waits
// for it, at moments when no object is being carried.
func (s *session) call(ctx context.Context, kind peer.Kind, body []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, s.x.cfg.CallTimeout)
	defer cancel()
	answer, err := s.x.cfg.Channel.Call(ctx, s.peer, peer.Background, kind, body)
	size := len(body) + len(answer)
	s.stats.Messages++
	s.stats.Bytes += int64(size)
	s.owed += size
	return answer, err
}

func (s *session) pay(ctx context.Context) error {
	for s.owed > 0 {
		n := min(s.owed, s.limiter.Burst())
		if err := s.limiter.WaitN(ctx, n); err != nil {
			return err
		}
		s.owed -= n
	}
	return nil
}

// carryLimit bounds how long an object is under way, from when it is read in one
// store until it is merged in another. What takes longer is given up, and found
// to differ again later: the reaper must know for how long an old copy can still
// turn up (see Reaper).
const carryLimit = 2 * time.Minute

// carry runs one unit of work in which objects are carried, and then waits for as
// long as it cost.
func (s *session) carry(ctx context.Context, unit func(context.Context) error) error {
	bounded, cancel := context.WithTimeout(ctx, carryLimit)
	defer cancel()
	if err := unit(bounded); err != nil {
		return err
	}
	return s.pay(ctx)
}

// plans says what is to be done with the leaves that differ.
type plans struct {
	fetch leafSet // we have nothing there
	push  leafSet // the peer has nothing there
	both  leafSet
}

// descend compares the trees from the root down.
func (s *session) descend(ctx context.Context) (plans, error) {
	var plan plans
	if !s.x.cfg.Store.ReadyPartition(s.partition) {
		return plan, ErrNotReady
	}
	index := []int{0}
	for level := 0; len(index) > 0; level++ {
		theirs, err := s.nodes(ctx, level, index)
		if err != nil {
			return plan, err
		}
		ours := s.x.cfg.Store.MerkleNodes(s.partition, level, index)
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

func (s *session) nodes(ctx context.Context, level int, index []int) ([]uint64, error) {
	request := nodesRequest{partition: s.partition, level: level, index: index}
	answer, err := s.call(ctx, KindMerkleNodes, request.append(nil))
	if err != nil {
		return nil, err
	}
	s.stats.NodesCompared += int64(len(index))
	return decodeHashes(answer, len(index))
}

func (s *session) carryOut(ctx context.Context, plan *plans) error {
	if s.direction == outwards {
		plan.fetch = leafSet{}
	}
	for _, step := range []struct {
		leaves *leafSet
		do     func(context.Context, *leafSet) error
	}{
		{&plan.fetch, s.fetchLeaves},
		{&plan.push, s.pushLeaves},
		{&plan.both, s.compareLeaves},
	} {
		n := step.leaves.count()
		if n == 0 {
			continue
		}
		s.stats.LeavesCompared += int64(n)
		if err := step.do(ctx, step.leaves); err != nil {
			return err
		}
	}
	if s.stats.KeysFailed > 0 {
		return fmt.Errorf("%d keys: %w", s.stats.KeysFailed, ErrKeysFailed)
	}
	return nil
}
