package engine

import (
	"encoding/binary"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
)

// cleanStopKey is present after a clean stop. Its value is not empty if the statistics
// were saved.
var cleanStopKey = []byte{prefixInternal, 'c'}

// statsSize is the size of saved statistics, seven counts and the leaves, without the bounds of
// epochs that follow (object.Clear.Append). Up to version 0.1.0 there were three counts, five
// or six for a while, and then no bounds; such statistics are not loaded but rebuilt.
const (
	statsSize     = 8 * (7 + Leaves)
	statsSizeSix  = 8 * (6 + Leaves)
	statsSizeFive = 8 * (5 + Leaves)
	statsSizeV01  = 8 * (3 + Leaves)
)

// load reads the statistics that a clean stop saved. It has the batch remove them, because
// the first write makes them untrue. It returns false if they are of a format that lacks
// some of them, or if the directory was outdated: digests of collections were others then.
func (s *statistics) load(b *pebble.Batch, outdated bool) (complete bool, err error) {
	complete = !outdated
	lower, upper := prefixBounds(prefixTree)
	err = s.db.forEach(lower, upper, func(k, v []byte) error {
		// One by one: a range deletion would slow down every read of the memtable that
		// it lies in.
		if err := b.Delete(k, nil); err != nil {
			return err
		}
		if !complete {
			return nil
		}
		if len(k) == 3 && (len(v) == statsSizeV01 || len(v) == statsSizeFive || len(v) == statsSizeSix || len(v) == statsSize) {
			complete = false
			return nil
		}
		if len(k) != 3 || len(v) < statsSize {
			return fmt.Errorf("saved merkle tree: %w", ErrCorrupt)
		}
		newest, err := object.DecodeClear(v[statsSize:])
		if err != nil {
			return fmt.Errorf("saved merkle tree: %w: %w", ErrCorrupt, err)
		}
		p := ring.Partition(binary.BigEndian.Uint16(k[1:]))
		if int(p) >= len(s.of) {
			return fmt.Errorf("saved merkle tree of partition %d: %w", p, ErrCorrupt)
		}
		s.get(p).decode(v)
		s.newest[p].join(newest)
		s.newest[p].more.Store(len(newest) == maxNewest)
		return nil
	})
	if err != nil || !complete {
		return false, err
	}
	for p := range s.ready {
		s.setReady(ring.Partition(p))
	}
	return true, nil
}

// save ends a clean stop. One durable batch holds the mark that the stop was clean, and
// the statistics, if they are complete.
func (s *statistics) save() error {
	b := s.db.pebble.NewBatch()
	defer b.Close()
	var mark []byte
	if s.allReady() {
		mark = []byte("trees")
		if err := s.put(b); err != nil {
			return err
		}
	}
	if err := b.Set(cleanStopKey, mark, nil); err != nil {
		return err
	}
	if err := s.db.pebble.Apply(b, pebble.Sync); err != nil {
		return fmt.Errorf("save merkle trees: %w", err)
	}
	return nil
}

// put adds the statistics of every partition that has objects to the batch.
func (s *statistics) put(b *pebble.Batch) error {
	var v []byte
	for p := range s.of {
		stats := s.of[p].Load()
		if stats == nil || stats.total.Load() == 0 {
			continue
		}
		v = s.newest[p].clear().Append(stats.append(v[:0]))
		k, _ := partitionBounds(prefixTree, ring.Partition(p))
		if err := b.Set(k, v, nil); err != nil {
			return err
		}
	}
	return nil
}

func (s *partitionStats) append(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint64(dst, uint64(s.live.Load()))
	dst = binary.BigEndian.AppendUint64(dst, uint64(s.total.Load()))
	dst = binary.BigEndian.AppendUint64(dst, uint64(s.bytes.Load()))
	dst = binary.BigEndian.AppendUint64(dst, uint64(s.expiring.Load()))
	dst = binary.BigEndian.AppendUint64(dst, uint64(s.expirySum.Load()))
	dst = binary.BigEndian.AppendUint64(dst, uint64(s.valued.Load()))
	dst = binary.BigEndian.AppendUint64(dst, uint64(s.dead.Load()))
	for i := range s.leaves {
		dst = binary.BigEndian.AppendUint64(dst, s.leaves[i].Load())
	}
	return dst
}

// decode reads what append wrote; v has statsSize bytes at least.
func (s *partitionStats) decode(v []byte) {
	s.live.Store(int64(binary.BigEndian.Uint64(v)))
	s.total.Store(int64(binary.BigEndian.Uint64(v[8:])))
	s.bytes.Store(int64(binary.BigEndian.Uint64(v[16:])))
	s.expiring.Store(int64(binary.BigEndian.Uint64(v[24:])))
	s.expirySum.Store(int64(binary.BigEndian.Uint64(v[32:])))
	s.valued.Store(int64(binary.BigEndian.Uint64(v[40:])))
	s.dead.Store(int64(binary.BigEndian.Uint64(v[48:])))
	for i := range s.leaves {
		s.leaves[i].Store(binary.BigEndian.Uint64(v[56+8*i:]))
	}
}
