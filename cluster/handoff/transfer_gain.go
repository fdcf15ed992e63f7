package handoff

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/quorate/quorate/cluster/antientropy"
	"github.com/quorate/quorate/cluster/core/ring"
)

// Errors of a round that will be tried again.
var (
	errSilentOwner = errors.New("an owner does not answer, waiting for it")
	errNoOwner     = errors.New("no owner answers")
)

// gain copies what this node gains in the transition under way, if any.
func (m *Mover) gain(ctx context.Context, now *ring.Ring) error {
	target, parts := now.Target(), now.Gains(m.cfg.Self)
	if len(parts) == 0 || target == m.done {
		m.report(func(p *MoverProgress) { p.Target, p.Gaining, p.Copied = 0, 0, 0 })
		return nil
	}
	m.beginGain(target, len(parts))
	if m.stale(now) {
		return ErrStale
	}
	if err := m.cfg.Announce(ctx); err != nil {
		return fmt.Errorf("announce the ring: %w", err)
	}
	sources, orphans, err := m.sources(now, parts)
	if err != nil {
		return err
	}
	differing, err := m.copyFrom(ctx, sources)
	if err != nil {
		return err
	}
	m.report(func(p *MoverProgress) { p.Copied = p.Gaining })
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
	before := m.Progress()
	m.cfg.Logger.Info("gained partitions are here", "partitions", len(parts),
		"keys", before.Keys, "bytes", before.Bytes, "took", m.cfg.Now().Sub(before.Since))
	return nil
}

// beginGain notes that a transition is being worked on, if it is a new one.
func (m *Mover) beginGain(target uint64, parts int) {
	if m.Progress().Target == target {
		return
	}
	m.report(func(p *MoverProgress) {
		p.Target, p.Since, p.Gaining, p.Copied = target, m.cfg.Now(), parts, 0
	})
	m.cfg.Logger.Info("gaining partitions in a change of the ring", "partitions", parts)
}

// sources says which primaries to copy each partition from: all of them, but for
// this node, those struck off as dead, and those silent for longer than Patience.
// A partition all of whose primaries were struck off is an orphan.
func (m *Mover) sources(now *ring.Ring, parts []ring.Partition) (sources map[ring.NodeID][]ring.Partition, orphans int, err error) {
	sources = make(map[ring.NodeID][]ring.Partition)
	for _, p := range parts {
		answering, silent := 0, 0
		for _, id := range now.Primaries(p) {
			member, _ := now.Member(id)
			switch {
			case id == m.cfg.Self || member.Status == ring.Removing || member.Status == ring.Removed:
			case m.cfg.Alive(id):
				sources[id] = append(sources[id], p)
				answering++
			case !m.givenUp(id):
				return nil, 0, fmt.Errorf("%s: %w", now.Name(id), errSilentOwner)
			default:
				silent++
			}
		}
		if answering == 0 && silent > 0 {
			return nil, 0, fmt.Errorf("partition %d: %w", p, errNoOwner)
		}
		if answering == 0 {
			orphans++
		}
	}
	return sources, orphans, nil
}

// copyFrom makes this node's partitions equal to those of their sources, and
// returns how many were not.
func (m *Mover) copyFrom(ctx context.Context, sources map[ring.NodeID][]ring.Partition) (int, error) {
	wanted, err := m.compare(ctx, sources)
	if err != nil {
		return 0, err
	}
	m.report(func(p *MoverProgress) { p.Copied = max(p.Copied, p.Gaining-len(wanted)) })
	var group errgroup.Group // one that fails does not stop the others
	group.SetLimit(moveAtOnce)
	for p, from := range wanted {
		group.Go(func() error { return m.copyPartition(ctx, p, from) })
	}
	return len(wanted), group.Wait()
}

// copyPartition exchanges p with each of its sources. The first gives all of it,
// the others what they have beyond; which is first differs by partition, so that
// none gives more than its share.
func (m *Mover) copyPartition(ctx context.Context, p ring.Partition, from []ring.NodeID) error {
	first := int(p) % len(from)
	for _, id := range slices.Concat(from[first:], from[:first]) {
		stats, err := m.cfg.Exchanger.Transfer(ctx, id, p)
		m.moved(stats)
		if errors.Is(err, antientropy.ErrKeysFailed) {
			// A damaged copy must not hold up the ring for ever; it can be read
			// by nobody, and the other owners have their own.
			m.cfg.Logger.Warn("keys not copied, their objects are damaged", "partition", p, "keys", stats.KeysFailed)
			err = nil
		}
		if err != nil {
			return fmt.Errorf("copy partition %d: %w", p, err)
		}
	}
	m.report(func(p *MoverProgress) { p.Copied = min(p.Copied+1, p.Gaining) })
	return nil
}

// compare finds the sources of each partition that differ from this node: one
// message to each source.
func (m *Mover) compare(ctx context.Context, sources map[ring.NodeID][]ring.Partition) (map[ring.Partition][]ring.NodeID, error) {
	wanted := make(map[ring.Partition][]ring.NodeID)
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(moveAtOnce)
	for id, parts := range sources {
		group.Go(func() error {
			differing, unknown, err := m.cfg.Exchanger.Differing(ctx, id, parts)
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
	return wanted, group.Wait()
}
