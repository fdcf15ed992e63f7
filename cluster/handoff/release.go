package handoff

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/operation"
)

// confirmation says that all primaries of a layout were seen to have everything that
// this node held when its tree had this root.
type confirmation struct {
	root   uint64
	layout uint64    // number
	since  time.Time // monotonic
}

// release gives away and drops partitions that are here and belong elsewhere.
func (m *Mover) release(ctx context.Context, view *ring.Ring) error {
	held := m.foreign(view)
	m.report(func(p *MoverProgress) { p.Releasing = len(held) })
	if len(held) == 0 {
		clear(m.confirmed)
		m.releaseDone()
		return nil
	}
	if m.releasing.paused(m.cfg.Monotonic()) {
		return nil
	}
	if m.releasing.begin(m.cfg.Operations, 0, "partitions of other nodes", m.cfg.Monotonic()) {
		m.cfg.Logger.Info("handing over partitions that belong to other nodes", "partitions", len(held))
	}
	m.releasing.op.Update(func(p *operation.Progress) {
		p.Partitions.Total = p.Partitions.Done + int64(len(held))
	})
	return m.releasing.attempt(ctx, m, func(ctx context.Context) error {
		if m.stale(view) {
			return ErrStale
		}
		return m.releaseHeld(ctx, view, held)
	})
}

// foreign lists the partitions that this node holds data of, and neither owns nor
// gains. One whose tree is being rebuilt is left for a later round.
func (m *Mover) foreign(view *ring.Ring) (held []ring.Partition) {
	for i := range view.Partitions() {
		p := ring.Partition(i)
		if view.Keeps(m.cfg.Self, p) {
			continue
		}
		if _, total := m.cfg.Store.Partitions().Keys(p); total > 0 && m.cfg.Store.Merkle().PartitionReady(p) {
			held = append(held, p)
		}
	}
	return held
}

// releaseHeld works on each of the held partitions once. One that cannot go
// because one of its owners is down does not hold up the others.
func (m *Mover) releaseHeld(ctx context.Context, view *ring.Ring, held []ring.Partition) error {
	var mu sync.Mutex
	var errs []error
	dropped := 0
	var group errgroup.Group
	group.SetLimit(moveAtOnce)
	for _, p := range held {
		mu.Lock()
		before := m.confirmed[p]
		mu.Unlock()
		_, keys := m.cfg.Store.Partitions().Keys(p)
		group.Go(func() error {
			after, gone, err := m.releaseOne(ctx, view, p, before)
			mu.Lock()
			defer mu.Unlock()
			if m.confirmed[p] = after; gone {
				delete(m.confirmed, p)
				dropped++
				m.released.partitions++
				m.released.keys += keys
				m.releasing.op.Update(func(p *operation.Progress) { p.Partitions.Done++ })
			}
			if err != nil && len(errs) < moveAtOnce {
				errs = append(errs, fmt.Errorf("hand over partition %d: %w", p, err))
			}
			return nil
		})
	}
	_ = group.Wait() // its functions return nil; faults are in errs
	m.report(func(p *MoverProgress) { p.Releasing = len(held) - dropped })
	if dropped == len(held) {
		m.releaseDone()
	}
	return errors.Join(errs...)
}

// releaseDone ends the operation, if one is under way, now that nothing is left
// to release.
func (m *Mover) releaseDone() {
	if m.releasing.op == nil {
		return
	}
	m.releasing.done()
	m.cfg.Logger.Info("partitions handed over and dropped", "partitions", m.released.partitions, "keys", m.released.keys,
		"took", m.cfg.Monotonic().Sub(m.releasing.began))
	m.released = handedOver{}
}

// handedOver counts what a node has given away: most of it was copied by its new owners, and
// only the rest was sent from here.
type handedOver struct {
	partitions int
	keys       int64
}

// releaseOne offers p to all of its primaries, and drops it if they have had all
// of it for long enough. It returns the confirmation that it found.
func (m *Mover) releaseOne(ctx context.Context, view *ring.Ring, p ring.Partition, before confirmation) (found confirmation, gone bool, err error) {
	found = confirmation{root: m.root(p), layout: view.LayoutNumber(), since: m.cfg.Monotonic()}
	news, err := m.offer(ctx, view, p)
	if err != nil {
		return confirmation{}, false, err
	}
	if news > 0 || found.root != before.root || found.layout != before.layout {
		return found, false, nil
	}
	if m.cfg.Monotonic().Sub(before.since) < m.cfg.Settle {
		return before, false, nil
	}
	// The ring may have given p back to this node since the round began.
	if latest := m.cfg.Ring(); latest.LayoutNumber() != view.LayoutNumber() || latest.Keeps(m.cfg.Self, p) {
		return confirmation{}, false, errRingMoved
	}
	gone, err = m.cfg.Store.Partitions().DropIf(p, found.root)
	if err != nil {
		return confirmation{}, false, fmt.Errorf("drop: %w", err)
	}
	return confirmation{}, gone, nil
}

// offer brings p to all of its primaries, and returns how many keys were news to
// any of them. While one is silent p is made equal with the others' copies
// instead, and an error says that p must stay.
func (m *Mover) offer(ctx context.Context, view *ring.Ring, p ring.Partition) (news int64, _ error) {
	exchange, silent := m.cfg.Exchanger.Offer, error(nil)
	for _, id := range view.Primaries(p) {
		if !m.cfg.Available(id) {
			exchange, silent = m.cfg.Exchanger.Transfer, fmt.Errorf("%s: %w", view.Name(id), errSilentOwner)
		}
	}
	for _, id := range view.Primaries(p) {
		if !m.cfg.Available(id) {
			silent = fmt.Errorf("%s: %w", view.Name(id), errSilentOwner)
			continue
		}
		stats, err := exchange(ctx, id, p)
		m.moved(&m.releasing, stats)
		if err != nil {
			return news, err
		}
		news += stats.KeysTaken
	}
	return news, silent
}
