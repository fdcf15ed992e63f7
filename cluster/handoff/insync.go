package handoff

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/engine"
)

// ErrStale says that this node was removed from the ring and not in sync for longer than
// deletions are remembered. What it holds may have been deleted since, and the
// deletions forgotten: handing it over would bring deleted values back.
var ErrStale = errors.New("removed from the ring, and not in sync with the others for longer than tombstones are kept: its data is not handed over; start it on an empty data directory")

const stateInSync = "handoff-contact" // the engine's name for it on disk

// lastInSync is the last time when this node was a member, in sync with the other
// primaries, and in touch with half of the other members or more. It survives
// restarts. Past 9/10 of the tombstone grace this node's data may contain values
// whose deletion the others have forgotten, so that it must not be offered to them.
//
// While this node is a member nothing is reaped without its consent (see
// [antientropy.Reaper]), and its data is harmless. Half of the members would have
// shown it its own removal. So its data is harmful only if the others removed it
// while it was away.
//
// To see the others is not enough: a node whose disk is full sees them and takes none of
// their deletions. The time is that since when each of this node's partitions has been
// seen equal to the copy of each other primary.
//
// A tenth of the grace is left for deletions of members that could not be reached.
type lastInSync struct {
	at time.Time // wall clock

	// since is when the comparisons began that are to renew at. pending lists, by
	// member, the partitions that have not been seen equal to that member's copy since
	// then. This node is in sync when none is left. Members that cannot be reached are
	// not waited for. nil: not begun.
	since   time.Time
	pending map[ring.NodeID][]ring.Partition
}

func (l *lastInSync) load(state *engine.State) (err error) {
	l.at, err = LastInSync(state)
	return err
}

// LastInSync returns when a node was last in sync, as its disk has it. It is zero for a
// node that never was.
func LastInSync(state *engine.State) (at time.Time, err error) {
	data, err := state.Load(stateInSync)
	if err != nil {
		return at, fmt.Errorf("load the time when this node was last in sync: %w", err)
	}
	if len(data) == 8 {
		at = time.UnixMilli(int64(binary.BigEndian.Uint64(data)))
	}
	return at, nil
}

// LongAway reports whether deletions may have been forgotten between last, when a node
// was last in sync, and now.
func LongAway(last, now time.Time, grace time.Duration) bool {
	return !last.IsZero() && now.Sub(last) > grace-grace/10
}

// renewLastInSync renews lastInSync if this node is in sync, at intervals long enough to
// cost nothing. It ignores a failure to save it: an older time only makes this node refuse
// to offer its data sooner, and the engine reports its own faults.
func (m *Mover) renewLastInSync(ctx context.Context) {
	if m.cfg.Now().Sub(m.inSync.at) < min(time.Hour, m.cfg.Grace/20) {
		return
	}
	if m.inSync.at.IsZero() { // a new node: what it holds has come since it became a member
		m.inSync.since = m.cfg.Now()
	} else if !m.upToDate(ctx) {
		return
	}
	if !m.inTouch(ctx) {
		return
	}
	view, at := m.cfg.Ring(), m.inSync.since
	if self, known := view.Member(m.cfg.Self); !known || self.Status == ring.Removed || self.Status == ring.Joining {
		return
	}
	if err := m.cfg.Store.State().Save(stateInSync, binary.BigEndian.AppendUint64(nil, uint64(at.UnixMilli()))); err == nil {
		m.inSync = lastInSync{at: at}
	}
}

// inTouch reports whether half of the other members answer, and have exchanged
// ring states with this node: its own state may be older than its removal.
func (m *Mover) inTouch(ctx context.Context) bool {
	others, answering := 0, 0
	for _, member := range m.cfg.Ring().Members() {
		if member.ID == m.cfg.Self {
			continue
		}
		others++
		if m.cfg.Available(member.ID) {
			answering++
		}
	}
	return 2*answering >= others && m.cfg.Announce(ctx) == nil
}

// upToDate reports whether each partition of this node has been equal, at some
// time since the comparisons began, to the copy of each other primary that can be
// reached. It only compares; anti-entropy makes the copies equal.
func (m *Mover) upToDate(ctx context.Context) bool {
	view := m.cfg.Ring()
	if m.inSync.pending == nil {
		m.inSync.since, m.inSync.pending = m.cfg.Now(), make(map[ring.NodeID][]ring.Partition)
		for i := range view.Partitions() {
			if p := ring.Partition(i); view.IsPrimary(m.cfg.Self, p) {
				for _, id := range view.Primaries(p) {
					if id != m.cfg.Self {
						m.inSync.pending[id] = append(m.inSync.pending[id], p)
					}
				}
			}
		}
	}
	all := true
	for _, id := range slices.Sorted(maps.Keys(m.inSync.pending)) {
		parts := slices.DeleteFunc(m.inSync.pending[id], func(p ring.Partition) bool {
			return !view.IsPrimary(m.cfg.Self, p) || !view.IsPrimary(id, p)
		})
		if len(parts) > 0 && m.cfg.Available(id) {
			if differing, unknown, err := m.cfg.Exchanger.Differing(ctx, id, parts); err == nil {
				parts = slices.Concat(differing, unknown)
			}
			all = all && len(parts) == 0
		}
		m.inSync.pending[id] = parts
	}
	return all
}

// AwaitRing returns at once, unless this node was away for so long that the others
// may have removed it and its data may be harmful. Then it returns when half of
// the other members have shown it their ring, or ctx ends. Nothing that offers this
// node's data to others may run before. It must not be called beside Run.
func (m *Mover) AwaitRing(ctx context.Context) error {
	if err := m.inSync.load(m.cfg.Store.State()); err != nil {
		return err
	}
	if !m.longAway() {
		return nil
	}
	m.cfg.Logger.Warn("not in sync with the others for longer than tombstones are kept: waiting until half of the other members answer, because they may have removed this node; dead ones can be removed", "last", m.inSync.at)
	for ctx.Err() == nil && !m.inTouch(ctx) {
		select {
		case <-ctx.Done():
		case <-time.After(firstBackoff):
		}
	}
	return nil
}

// longAway reports whether deletions may have been forgotten since this node was
// last in sync.
func (m *Mover) longAway() bool {
	return LongAway(m.inSync.at, m.cfg.Now(), m.cfg.Grace)
}

// stale reports whether what this node holds may have been deleted and forgotten.
func (m *Mover) stale(view *ring.Ring) bool {
	self, known := view.Member(m.cfg.Self)
	return known && (self.Status == ring.Removed || self.Status == ring.Joining) && m.longAway()
}
