package handoff

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/quorate/quorate/cluster/core/ring"
)

// coverage says that all primaries of an epoch were seen to have everything that
// this node held when its tree had this root.
type coverage struct {
	root  uint64
	epoch uint64
	since time.Time
}

// release gives away and drops partitions that are here and belong elsewhere.
func (m *Mover) release(ctx context.Context, now *ring.Ring) error {
	var held []ring.Partition
	for i := range now.Partitions() {
		p := ring.Partition(i)
		if now.IsPrimary(m.cfg.Self, p) || now.IsGaining(m.cfg.Self, p) {
			continue
		}
		// A tree that is being rebuilt is looked at again when it is there.
		if _, total := m.cfg.Store.Keys(p); total > 0 && m.cfg.Store.ReadyPartition(p) {
			held = append(held, p)
		}
	}
	m.beginRelease(len(held))
	if len(held) == 0 {
		clear(m.covered)
		return nil
	}
	if m.stale(now) {
		return ErrStale
	}
	// One partition that cannot go, for one of its owners is down, must not hold
	// up the others.
	var mu sync.Mutex
	var errs []error
	dropped := 0
	var group errgroup.Group
	group.SetLimit(moveAtOnce)
	for _, p := range held {
		mu.Lock()
		before := m.covered[p]
		mu.Unlock()
		group.Go(func() error {
			after, gone, err := m.releaseOne(ctx, now, p, before)
			mu.Lock()
			defer mu.Unlock()
			if m.covered[p] = after; gone {
				delete(m.covered, p)
				dropped++
			}
			if err != nil && len(errs) < moveAtOnce {
				errs = append(errs, fmt.Errorf("hand over partition %d: %w", p, err))
			}
			return nil
		})
	}
	_ = group.Wait() // faults are in errs
	if dropped == len(held) {
		m.beginRelease(0)
	} else {
		m.report(func(p *MoverProgress) { p.Releasing = len(held) - dropped })
	}
	return errors.Join(errs...)
}

// beginRelease notes how many partitions are to go, and logs when that begins and
// when all are gone.
func (m *Mover) beginRelease(n int) {
	before := m.Progress()
	m.report(func(p *MoverProgress) { p.Releasing = n })
	switch {
	case before.Releasing == 0 && n > 0:
		m.cfg.Logger.Info("handing over partitions that belong to other nodes", "partitions", n)
	case before.Releasing > 0 && n == 0:
		m.cfg.Logger.Info("partitions handed over and dropped", "keys", before.Keys, "bytes", before.Bytes)
	}
}

// releaseOne offers p to all of its primaries, and drops it if they have had all
// of it for long enough. It returns the coverage that it found.
func (m *Mover) releaseOne(ctx context.Context, now *ring.Ring, p ring.Partition, before coverage) (coverage, bool, error) {
	found := coverage{root: m.root(p), epoch: now.Epoch(), since: m.cfg.Now()}
	exchange, silent := m.cfg.Exchanger.Offer, error(nil)
	for _, id := range now.Primaries(p) {
		if !m.cfg.Alive(id) {
			exchange, silent = m.cfg.Exchanger.Transfer, fmt.Errorf("%s: %w", now.Name(id), errSilentOwner)
		}
	}
	news := int64(0)
	for _, id := range now.Primaries(p) {
		if !m.cfg.Alive(id) {
			silent = fmt.Errorf("%s: %w", now.Name(id), errSilentOwner)
			continue
		}
		stats, err := exchange(ctx, id, p)
		m.moved(stats)
		if err != nil {
			return coverage{}, false, err
		}
		news += stats.KeysTaken
	}
	if silent != nil {
		return coverage{}, false, silent
	}
	if news > 0 || found.root != before.root || found.epoch != before.epoch {
		return found, false, nil
	}
	if m.cfg.Now().Sub(before.since) < m.cfg.Settle {
		return before, false, nil
	}
	// The ring may have given p back to this node since the round began.
	if latest := m.cfg.Ring(); latest.Epoch() != now.Epoch() || latest.IsPrimary(m.cfg.Self, p) || latest.IsGaining(m.cfg.Self, p) {
		return coverage{}, false, errRingMoved
	}
	gone, err := m.cfg.Store.DropPartitionIf(p, found.root)
	if err != nil {
		return coverage{}, false, fmt.Errorf("drop: %w", err)
	}
	return coverage{}, gone, nil
}
