package cluster

import (
	"context"
	"sync"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/core/wire"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/cluster/replica"
)

// MemberStatus is one member as this node sees it now.
type MemberStatus struct {
	ring.Member
	Up     bool  // it answers this node
	Known  bool  // it answered in time; the figures below are its own
	Tokens int   // partitions whose first primary it is
	Keys   int64 // live keys that it holds
	Bytes  int64 // on its disk, approximately
	Hints  int64 // that it keeps for others
}

const statusBudget = time.Second

// Status asks every member for its figures, and waits for none of them longer
// than a second.
func (n *Node) Status(ctx context.Context) []MemberStatus {
	now := n.keeper.ring()
	tokens := make(map[ring.NodeID]int)
	for p := range now.Partitions() {
		if owners := now.Walk(ring.Partition(p)); len(owners) > 0 {
			tokens[owners[0]]++
		}
	}
	counts := n.askCounts(ctx)
	var out []MemberStatus
	for _, m := range now.Members() {
		s := MemberStatus{Member: m, Up: m.ID == n.id || n.channel.Available(m.ID), Tokens: tokens[m.ID]}
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

// DBSize is the number of live keys in the cluster: for each partition what its
// fullest reachable primary has. Keys that expired within the last seconds may
// be counted.
func (n *Node) DBSize(ctx context.Context) (int64, error) {
	now := n.keeper.ring()
	counts := n.askCounts(ctx)
	var total int64
	for p := range now.Partitions() {
		most, known := int64(0), false
		for _, id := range now.Primaries(ring.Partition(p)) {
			if c, ok := counts[id]; ok && p < len(c.keys) {
				most, known = max(most, c.keys[p]), true
			}
		}
		if !known {
			return 0, &replica.NoQuorumError{Op: replica.OpRead, Needed: 1, Got: 0}
		}
		total += most
	}
	return total, nil
}

// counts are a node's figures; keys are by partition.
type counts struct {
	bytes, hints int64
	keys         []int64
}

// askCounts returns the figures of every member that answers in time.
func (n *Node) askCounts(ctx context.Context) map[ring.NodeID]counts {
	ctx, cancel := context.WithTimeout(ctx, statusBudget)
	defer cancel()
	var mu sync.Mutex
	out := map[ring.NodeID]counts{n.id: n.countHere()}
	var wg sync.WaitGroup
	for _, m := range n.keeper.ring().Members() {
		if m.ID == n.id || !n.channel.Available(m.ID) {
			continue
		}
		wg.Go(func() {
			reply, err := n.channel.Call(ctx, m.ID, peer.Background, peer.Count, nil)
			if err != nil {
				return // shown as unknown
			}
			if c, err := decodeCounts(reply); err == nil {
				mu.Lock()
				out[m.ID] = c
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return out
}

func (n *Node) answerCount() ([]byte, error) {
	c := n.countHere()
	out := wire.AppendUvarint(nil, uint64(c.bytes))
	out = wire.AppendUvarint(out, uint64(c.hints))
	for _, k := range c.keys {
		out = wire.AppendUvarint(out, uint64(max(0, k)))
	}
	return out, nil
}

func decodeCounts(b []byte) (c counts, err error) {
	r := wire.NewReader(b)
	c.bytes, c.hints = int64(r.Uvarint()), int64(r.Uvarint())
	for len(r.Rest()) > 0 {
		c.keys = append(c.keys, int64(r.Uvarint()))
	}
	if err := r.Done("counts"); err != nil {
		return counts{}, err
	}
	return c, nil
}

// Health is nil, or why this node refuses writes: see [engine.Store.Health].
func (n *Node) Health() error { return n.store.Health() }
