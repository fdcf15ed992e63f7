package coverage

import (
	"context"
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

const statusBudget = time.Second

// Status asks every member for its figures, and waits for none of them longer
// than a second.
func (r *Reader) Status(ctx context.Context) []MemberStatus {
	now := r.cfg.Ring()
	counts := r.askCounts(ctx)
	var out []MemberStatus
	for _, m := range now.Members() {
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

// DBSize returns the number of live keys in the cluster: for each partition, what its
// fullest available primary has. Keys that expired within the last seconds may
// be counted.
func (r *Reader) DBSize(ctx context.Context) (int64, error) {
	now := r.cfg.Ring()
	counts := r.askCounts(ctx)
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
func (r *Reader) askCounts(ctx context.Context) map[ring.NodeID]counts {
	ctx, cancel := context.WithTimeout(ctx, statusBudget)
	defer cancel()
	var mu sync.Mutex
	out := map[ring.NodeID]counts{r.cfg.Self: r.countHere()}
	var wg sync.WaitGroup
	for _, m := range r.cfg.Ring().Members() {
		if m.ID == r.cfg.Self || !r.cfg.Channel.Available(m.ID) {
			continue
		}
		wg.Go(func() {
			reply, err := r.cfg.Channel.Call(ctx, m.ID, peer.Background, peer.Count, nil)
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

// AnswerCount returns this node's figures, to a peer. The request has no body.
func (r *Reader) AnswerCount([]byte) ([]byte, error) {
	c := r.countHere()
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

// Figures says how much a node holds.
type Figures struct {
	Keys  int64                            // live keys
	Bytes int64                            // on its disk, approximately
	Hints map[ring.NodeID]engine.HintStats // stored on it, by target
}

// Figures counts what this node holds.
func (r *Reader) Figures() Figures {
	c := r.countHere()
	f := Figures{Bytes: c.bytes, Hints: r.cfg.Store.Hints().Targets()}
	for _, keys := range c.keys {
		f.Keys += keys
	}
	return f
}

// countHere returns this node's figures.
func (r *Reader) countHere() (c counts) {
	for p := range r.cfg.Ring().Partitions() {
		live, _ := r.cfg.Store.Partitions().Keys(ring.Partition(p))
		c.keys = append(c.keys, live)
	}
	c.bytes = r.cfg.Store.Metrics().DiskBytes
	for _, h := range r.cfg.Store.Hints().Targets() {
		c.hints += h.Count
	}
	return c
}
