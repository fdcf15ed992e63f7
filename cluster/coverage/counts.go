package coverage

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/core/wire"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/cluster/replica"
	"github.com/quorate/quorate/engine"
)

// MemberStatus is what one member says that it holds.
type MemberStatus struct {
	ring.Member
	Known bool  // it answered in time; if not, the figures are 0
	Keys  int64 // live keys that it holds
	Bytes int64 // on its disk, approximately
	Hints int64 // stored on it for others
}

const statusTimeout = time.Second

// Status asks every member for its figures, and waits for none of them longer
// than a second.
func (r *Reader) Status(ctx context.Context) []MemberStatus {
	view := r.cfg.Ring()
	counts := r.askCounts(ctx, askFlags)
	var out []MemberStatus
	for _, m := range view.Members() {
		s := MemberStatus{Member: m}
		if c, ok := counts[m.ID]; ok {
			s.Known, s.Bytes, s.Hints = true, c.bytes, c.hints
			for _, keys := range c.keys {
				s.Keys += keys
			}
		}
		out = append(out, s)
	}
	return out
}

// DBSize returns the number of keys in the cluster: for each partition, what its
// fullest available primary has. Before they count, all members wait for the updates
// that they have under way. So every update that was acknowledged before the call is
// counted, where no primary of its key is down or counts anew. Keys that expired within
// the last seconds may be counted.
//
// A node that was not stopped cleanly counts its keys anew after its start. Meanwhile the
// other primaries count. If there is none, DBSize waits, and returns [ErrCounting] when ctx
// ends before that.
//
// It is less exact than a scan for keys with concurrent values. If the newest is a
// deletion, the key is not counted, whatever the conflict policy is; else it is counted
// until all of them have expired.
func (r *Reader) DBSize(ctx context.Context) (int64, error) {
	r.awaitUpdates(ctx)
	return r.countWhenComplete(ctx)
}

// countEvery is the time between two attempts to count while nodes are counting anew.
const countEvery = 50 * time.Millisecond

// countWhenComplete counts the keys as soon as every partition has a primary that knows
// what it holds.
func (r *Reader) countWhenComplete(ctx context.Context) (int64, error) {
	tick := time.NewTicker(countEvery)
	defer tick.Stop()
	for {
		all, err := r.CountKeys(ctx)
		if !errors.Is(err, ErrCounting) {
			return all.Keys, err
		}
		select {
		case <-ctx.Done():
			return 0, err
		case <-tick.C:
		}
	}
}

// KeyCounts is how many keys the cluster has, and how many of them expire.
type KeyCounts struct {
	Keys, Expiring int64
	MeanExpiry     int64 // of those that expire, in unix milliseconds
}

// ErrCounting says that the keys of a partition cannot be counted, because all of its
// primaries that can be asked are counting theirs after a start.
var ErrCounting = errors.New("the nodes are counting their keys after a restart; try again in a few seconds")

// CountKeys counts as DBSize does, and does not wait: a replica may lack the newest
// updates, and the error may be [ErrCounting]. Nodes up to version 0.1.0 do not tell which keys expire.
func (r *Reader) CountKeys(ctx context.Context) (all KeyCounts, err error) {
	view := r.cfg.Ring()
	return sumCounts(view, r.askCounts(ctx, askFlags|askExpiries))
}

// sumCounts adds up what the fullest primary of each partition has.
func sumCounts(view *ring.Ring, answers map[ring.NodeID]counts) (all KeyCounts, err error) {
	var expirySum int64
	for p := range view.Partitions() {
		var fullest *counts
		counting := false
		for _, id := range view.Primaries(ring.Partition(p)) {
			c, ok := answers[id]
			if !ok || p >= len(c.keys) || c.refilling {
				continue
			}
			if c.counting {
				counting = true
			} else if fullest == nil || c.keys[p] > fullest.keys[p] {
				fullest = &c
			}
		}
		if fullest == nil && counting {
			return KeyCounts{}, ErrCounting
		}
		if fullest == nil {
			return KeyCounts{}, &replica.NoQuorumError{Op: replica.OpRead, Needed: 1, Got: 0}
		}
		all.Keys += fullest.keys[p]
		if p < len(fullest.expiring) {
			all.Expiring += fullest.expiring[p]
			expirySum += fullest.expirySums[p]
		}
	}
	if all.Expiring > 0 {
		all.MeanExpiry = expirySum / all.Expiring * 1000
	}
	return all, nil
}

// counts are a node's figures; keys and expiries are by partition.
type counts struct {
	bytes, hints         int64
	keys                 []int64
	refilling            bool    // it may lack keys that it should hold
	counting             bool    // it has not counted all of its keys yet
	expiring, expirySums []int64 // keys that expire, and the sum of their expiries in unix seconds; empty if it was not asked
	valued               []int64 // objects with a value; empty if it was not asked, or does not know
}

// A request for counts has one byte of these, or no body.
const (
	askFlags    = 1 << iota // the answer ends with the node's flags
	askSettling             // the answer waits for the updates that the node has under way
	askExpiries             // behind the flags, how many keys expire, and the sums of their expiries
	askValued               // at the end, how many objects have a value; bytes and hints may be 0
)

// The flags of a node.
const (
	flagRefilling = 1 << iota // counts.refilling
	flagCounting              // counts.counting
)

// settleTimeout bounds how long a node waits for its updates: by then a replica that has
// not answered is as good as down.
const settleTimeout = 250 * time.Millisecond

// awaitUpdates waits until the replicas have what the members have been writing to them.
func (r *Reader) awaitUpdates(ctx context.Context) {
	r.askCounts(ctx, askFlags|askSettling)
}

// askCounts returns the figures of every member that answers in time.
func (r *Reader) askCounts(ctx context.Context, asked byte) map[ring.NodeID]counts {
	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	var mu sync.Mutex
	out := make(map[ring.NodeID]counts)
	var wg sync.WaitGroup
	wg.Go(func() {
		c := r.countHere(asked)
		mu.Lock()
		out[r.cfg.Self] = c
		mu.Unlock()
	})
	for _, m := range r.cfg.Ring().Members() {
		if m.ID == r.cfg.Self || !r.cfg.Channel.Available(m.ID) {
			continue
		}
		wg.Go(func() {
			reply, err := r.cfg.Channel.Call(ctx, m.ID, peer.Background, peer.Count, []byte{asked})
			if err != nil {
				return // shown as unknown
			}
			if c, err := decodeCounts(reply, r.cfg.Ring().Partitions()); err == nil {
				mu.Lock()
				out[m.ID] = c
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return out
}

// AnswerCount returns this node's figures, to a peer. Nodes up to version 0.1.0 send no
// body and know no flags, and their answers have none.
func (r *Reader) AnswerCount(body []byte) ([]byte, error) {
	var asked byte
	if len(body) > 0 {
		asked = body[0]
	}
	c := r.countHere(asked)
	out := wire.AppendUvarint(nil, uint64(c.bytes))
	out = wire.AppendUvarint(out, uint64(c.hints))
	for _, k := range c.keys {
		out = wire.AppendUvarint(out, uint64(max(0, k)))
	}
	if asked&askFlags != 0 {
		var flags uint64
		if c.refilling {
			flags |= flagRefilling
		}
		if c.counting {
			flags |= flagCounting
		}
		out = wire.AppendUvarint(out, flags)
	}
	for _, list := range [][]int64{c.expiring, c.expirySums, c.valued} { // those that were not asked for are empty
		for _, n := range list {
			out = wire.AppendUvarint(out, uint64(n))
		}
	}
	return out, nil
}

// decodeCounts reads the counts of a node, and what else it was asked for and knows.
func decodeCounts(b []byte, partitions int) (c counts, err error) {
	r := wire.NewReader(b)
	c.bytes, c.hints = int64(r.Uvarint()), int64(r.Uvarint())
	for len(r.Rest()) > 0 {
		c.keys = append(c.keys, int64(r.Uvarint()))
	}
	if err := r.Done("counts"); err != nil {
		return counts{}, err
	}
	if len(c.keys) <= partitions {
		return c, nil
	}
	flags, rest := c.keys[partitions], c.keys[partitions+1:]
	c.refilling, c.counting = flags&flagRefilling != 0, flags&flagCounting != 0
	c.keys = c.keys[:partitions]
	if len(rest) >= 2*partitions {
		c.expiring, c.expirySums, rest = rest[:partitions:partitions], rest[partitions:2*partitions:2*partitions], rest[2*partitions:]
	}
	if len(rest) == partitions {
		c.valued = rest
	}
	return c, nil
}

// Figures says how much a node holds.
type Figures struct {
	Keys  int64                            // live keys
	Bytes int64                            // on its disk, approximately
	Hints map[ring.NodeID]engine.HintStats // stored on it, by target
}

// Figures counts what this node holds.
func (r *Reader) Figures() Figures {
	c := r.countHere(0)
	f := Figures{Bytes: c.bytes, Hints: r.cfg.Store.Hints().Targets()}
	for _, keys := range c.keys {
		f.Keys += keys
	}
	return f
}

// countHere returns this node's figures.
func (r *Reader) countHere(asked byte) (c counts) {
	if asked&askSettling != 0 {
		ctx, cancel := context.WithTimeout(context.Background(), settleTimeout)
		defer cancel()
		r.cfg.Coordinator.AwaitReplicas(ctx)
	}
	c.refilling = r.cfg.Store.DiskLoss().Unrepaired()
	c.counting = !r.cfg.Store.Merkle().Ready()
	held := r.cfg.Store.Partitions()
	for i := range r.cfg.Ring().Partitions() {
		p := ring.Partition(i)
		live, _ := held.Keys(p)
		c.keys = append(c.keys, live)
		if asked&askExpiries != 0 {
			expiring, sum := held.Expiring(p)
			c.expiring, c.expirySums = append(c.expiring, expiring), append(c.expirySums, sum)
		}
		if asked&askValued != 0 {
			c.valued = append(c.valued, held.Valued(p))
		}
	}
	if asked&askValued != 0 {
		return c
	}
	c.bytes = r.cfg.Store.Metrics().DiskBytes
	for _, h := range r.cfg.Store.Hints().Targets() {
		c.hints += h.Count
	}
	return c
}
