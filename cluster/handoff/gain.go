package handoff

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/quorate/quorate/cluster/antientropy"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/operation"
)

// Errors of a round that will be tried again.
var (
	errSilentOwner  = errors.New("an owner does not answer, waiting for it")
	errTooFewOwners = errors.New("too few owners answer, or have all that they had on their disks, to have every acknowledged write between them: start those that are down, or remove them")
)

// gain copies what this node gains in the transition under way, if any.
func (m *Mover) gain(ctx context.Context, view *ring.Ring) error {
	target, parts := view.Target(), view.Gains(m.cfg.Self)
	if len(parts) == 0 || target == m.done && !slices.Contains(view.Pending(), m.cfg.Self) {
		m.gaining.supersede()
		m.report(func(p *MoverProgress) { p.Since, p.Gaining, p.Copied = time.Time{}, 0, 0 })
		return nil
	}
	if m.gaining.target == target && m.gaining.paused(m.cfg.Monotonic()) {
		return nil
	}
	m.beginGain(target, len(parts))
	return m.gaining.attempt(ctx, m, func(ctx context.Context) error { return m.gainParts(ctx, view, target, parts) })
}

// gainParts takes the steps to gain: see [Mover].
func (m *Mover) gainParts(ctx context.Context, view *ring.Ring, target uint64, parts []ring.Partition) error {
	if m.stale(view) {
		return ErrStale
	}
	if err := m.cfg.Announce(ctx); err != nil {
		return fmt.Errorf("announce the ring: %w", err)
	}
	unrepaired, err := m.unrepaired(ctx, view, parts)
	if err != nil {
		return err
	}
	sources, orphans, err := m.sources(view, parts, unrepaired)
	if err != nil {
		return err
	}
	differing, err := m.copyFrom(ctx, sources)
	if err != nil {
		return err
	}
	m.copied(func(_, gaining int) int { return gaining })
	if differing > 0 {
		// Writes that were under way when the ring was announced may have reached
		// the sources after they were compared.
		if _, err := m.copyFrom(ctx, sources); err != nil {
			return err
		}
	}
	if m.cfg.Ring().Target() != target {
		return errRingMoved
	}
	if orphans > 0 {
		m.cfg.Logger.Warn("partitions gained have no owner left to copy them from", "partitions", orphans)
	}
	if err := m.cfg.Done(target); err != nil {
		return fmt.Errorf("mark this node done: %w", err)
	}
	m.done = target
	m.gaining.done()
	m.cfg.Logger.Info("gained partitions are complete", "partitions", len(parts), "keys", m.keysOf(parts),
		"took", m.cfg.Monotonic().Sub(m.gaining.began))
	return nil
}

// keysOf counts the keys of partitions that are here.
func (m *Mover) keysOf(parts []ring.Partition) (keys int64) {
	for _, p := range parts {
		_, total := m.cfg.Store.Partitions().Keys(p)
		keys += total
	}
	return keys
}

// beginGain begins an operation for a transition, if none works for it yet.
func (m *Mover) beginGain(target uint64, parts int) {
	if !m.gaining.begin(m.cfg.Operations, target, "partitions of a ring change", m.cfg.Monotonic()) {
		return
	}
	m.report(func(p *MoverProgress) {
		p.Since, p.Gaining, p.Copied = m.cfg.Now(), parts, 0
	})
	m.gaining.op.Update(func(p *operation.Progress) { p.Partitions.Total = int64(parts) })
	m.cfg.Logger.Info("gaining partitions in a change of the ring", "partitions", parts)
}

// copied changes how many of the partitions gained are here: change is given that
// number and the number of all.
func (m *Mover) copied(change func(copied, gaining int) int) {
	var copied int
	m.report(func(p *MoverProgress) {
		p.Copied = min(p.Gaining, change(p.Copied, p.Gaining))
		copied = p.Copied
	})
	m.gaining.op.Update(func(p *operation.Progress) { p.Partitions.Done = max(p.Partitions.Done, int64(copied)) })
}

// sources lists, by primary, the partitions to copy from it. Each partition is copied
// from all of its primaries except this node, those removed as dead, and those silent for
// longer than OwnerWait. A partition whose primaries were all removed is an orphan.
//
// W of the N primaries have each acknowledged write, so that any N-W+1 of them have it
// between them. With fewer sources this node could come to own a partition without a
// write that a client relies on. Only owners that were removed are done without. One that
// is unrepaired is a source, and proves nothing: it may have lost what it acknowledged.
func (m *Mover) sources(view *ring.Ring, parts []ring.Partition, unrepaired map[ring.NodeID]bool) (sources map[ring.NodeID][]ring.Partition, orphans int, err error) {
	sources = make(map[ring.NodeID][]ring.Partition)
	for _, p := range parts {
		answering, silent := 0, 0
		primaries := view.Primaries(p)
		for _, id := range primaries {
			member, _ := view.Member(id)
			switch {
			case id == m.cfg.Self || member.Status == ring.Removing || member.Status == ring.Removed:
			case m.cfg.Available(id):
				sources[id] = append(sources[id], p)
				if unrepaired[id] {
					silent++
				} else {
					answering++
				}
			case !m.givenUp(id):
				return nil, 0, fmt.Errorf("%s: %w", view.Name(id), errSilentOwner)
			default:
				silent++
			}
		}
		needed := min(len(primaries)-min(view.Quorums().W, len(primaries))+1, answering+silent)
		switch {
		case needed == 0:
			orphans++
		case answering < needed:
			return nil, 0, fmt.Errorf("partition %d has %d of %d owners: %w", p, answering, needed, errTooFewOwners)
		}
	}
	return sources, orphans, nil
}

// unrepaired returns those owners of parts that may lack what they have acknowledged.
func (m *Mover) unrepaired(ctx context.Context, view *ring.Ring, parts []ring.Partition) (map[ring.NodeID]bool, error) {
	asked := make(map[ring.NodeID]bool)
	for _, p := range parts {
		for _, id := range view.Primaries(p) {
			if _, known := asked[id]; known || id == m.cfg.Self || !m.cfg.Available(id) {
				continue
			}
			var err error
			if asked[id], err = m.cfg.Exchanger.Unrepaired(ctx, id); err != nil {
				return nil, fmt.Errorf("%s: %w", view.Name(id), err)
			}
		}
	}
	return asked, nil
}

// copyFrom makes this node's partitions equal to those of their sources, and
// returns how many were not.
func (m *Mover) copyFrom(ctx context.Context, sources map[ring.NodeID][]ring.Partition) (int, error) {
	wanted, err := m.compare(ctx, sources)
	if err != nil {
		return 0, err
	}
	m.copied(func(copied, gaining int) int { return max(copied, gaining-len(wanted)) })
	var group errgroup.Group // one that fails does not stop the others
	group.SetLimit(moveAtOnce)
	for _, p := range slices.Sorted(maps.Keys(wanted)) {
		group.Go(func() error { return m.copyPartition(ctx, p, wanted[p]) })
	}
	return len(wanted), group.Wait()
}

// copyPartition exchanges p with each of its sources. The first gives all of it,
// the others what they have beyond. Which one is first depends on the partition,
// so that the sources share the work.
func (m *Mover) copyPartition(ctx context.Context, p ring.Partition, from []ring.NodeID) error {
	first := int(p) % len(from)
	for _, id := range slices.Concat(from[first:], from[:first]) {
		stats, err := m.cfg.Exchanger.Transfer(ctx, id, p)
		m.moved(&m.gaining, stats)
		if errors.Is(err, antientropy.ErrKeysFailed) {
			// A damaged object must not hold up the ring for ever: it cannot be
			// read, and the other owners have their own copies.
			m.cfg.Logger.Warn("keys not copied, their objects are damaged", "partition", p, "keys", stats.KeysFailed)
			err = nil
		}
		if err != nil {
			return fmt.Errorf("copy partition %d: %w", p, err)
		}
	}
	m.copied(func(copied, _ int) int { return copied + 1 })
	return nil
}

// compare finds the sources of each partition that differ from this node, in the
// order of their ids, by one message to each source.
func (m *Mover) compare(ctx context.Context, sources map[ring.NodeID][]ring.Partition) (map[ring.Partition][]ring.NodeID, error) {
	wanted := make(map[ring.Partition][]ring.NodeID)
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(moveAtOnce)
	for _, id := range slices.Sorted(maps.Keys(sources)) {
		group.Go(func() error {
			differing, unknown, err := m.cfg.Exchanger.Differing(ctx, id, sources[id])
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			for _, p := range slices.Concat(differing, unknown) {
				wanted[p] = append(wanted[p], id)
			}
			return nil
		})
	}
	err := group.Wait()
	for _, from := range wanted {
		slices.Sort(from)
	}
	return wanted, err
}
