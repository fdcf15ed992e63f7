package handoff

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
)

// ErrStale says that this node was struck off the ring and away for longer than
// deletions are remembered. What it holds may have been deleted since, and the
// deletions forgotten: handing it over would bring deleted values back.
var ErrStale = errors.New("removed from the ring, and away for longer than tombstones are kept: its data is not handed over; start it on an empty data directory")

const stateContact = "handoff-contact"

// contact remembers, across restarts, when this node last belonged to the ring,
// was up to date, and saw half of the other members or more. While it is a member
// nothing is reaped without its consent (see [antientropy.Reaper]), so that its
// data can be no danger; and had it been removed, those would have told it. Its
// data becomes a danger only if it was removed, by the others, while it was away.
//
// A tenth of the grace period is left for deletions that it had not heard of when
// it went away, for anti-entropy had not come to them yet.
type contact struct {
	last time.Time

	// behind is, for a node that was away for longer than that tenth, what it has
	// yet to see equal to each member's copy before it is up to date again; nil:
	// not begun. Members that cannot be reached are not waited for.
	behind map[ring.NodeID][]ring.Partition
}

func (c *contact) load(store Holdings) error {
	data, err := store.LoadState(stateContact)
	if err != nil {
		return fmt.Errorf("load the time of last contact: %w", err)
	}
	if len(data) == 8 {
		c.last = time.UnixMilli(int64(binary.BigEndian.Uint64(data)))
	}
	return nil
}

// keepContact renews the contact, seldom enough to cost nothing. A failure to save
// it is let pass: it errs on the side of refusing, and the engine reports its own
// faults.
func (m *Mover) keepContact(ctx context.Context) {
	at := m.cfg.Now()
	away := at.Sub(m.contact.last)
	if away < min(time.Hour, m.cfg.Grace/20) || !m.heard(ctx) {
		return
	}
	if !m.contact.last.IsZero() && away > m.cfg.Grace/10 && !m.upToDate(ctx) {
		return
	}
	now := m.cfg.Ring()
	if self, known := now.Member(m.cfg.Self); !known || self.Status == ring.Removed || self.Status == ring.Joining {
		return
	}
	if err := m.cfg.Store.SaveState(stateContact, binary.BigEndian.AppendUint64(nil, uint64(at.UnixMilli()))); err == nil {
		m.contact.last, m.contact.behind = at, nil
	}
}

// heard reports whether half of the other members answer, and have told this node
// what they know: what it believes of itself may be older than its removal.
func (m *Mover) heard(ctx context.Context) bool {
	others, answering := 0, 0
	for _, member := range m.cfg.Ring().Members() {
		if member.ID == m.cfg.Self {
			continue
		}
		others++
		if m.cfg.Alive(member.ID) {
			answering++
		}
	}
	return 2*answering >= others && m.cfg.Announce(ctx) == nil
}

// upToDate reports whether each partition of this node's has been equal, at some
// time since it came back, to the copy of each other primary that can be reached.
// Anti-entropy makes them equal; this only looks.
func (m *Mover) upToDate(ctx context.Context) bool {
	now := m.cfg.Ring()
	if m.contact.behind == nil {
		m.contact.behind = make(map[ring.NodeID][]ring.Partition)
		for i := range now.Partitions() {
			if p := ring.Partition(i); now.IsPrimary(m.cfg.Self, p) {
				for _, id := range now.Primaries(p) {
					if id != m.cfg.Self {
						m.contact.behind[id] = append(m.contact.behind[id], p)
					}
				}
			}
		}
	}
	all := true
	for id, parts := range m.contact.behind {
		parts = slices.DeleteFunc(parts, func(p ring.Partition) bool {
			return !now.IsPrimary(m.cfg.Self, p) || !now.IsPrimary(id, p)
		})
		if len(parts) > 0 && m.cfg.Alive(id) {
			if differing, unknown, err := m.cfg.Exchanger.Differing(ctx, id, parts); err == nil {
				parts = slices.Concat(differing, unknown)
			}
			all = all && len(parts) == 0
		}
		m.contact.behind[id] = parts
	}
	return all
}

// AwaitContact returns at once, unless this node was away for so long that it may
// have been removed, and its data be a danger: then when the others have told.
// Nothing that offers its data to others may run before. It must not be called
// beside Run.
func (m *Mover) AwaitContact(ctx context.Context) error {
	if err := m.contact.load(m.cfg.Store); err != nil {
		return err
	}
	if !m.longAway() {
		return nil
	}
	m.cfg.Logger.Warn("away for longer than tombstones are kept: waiting until half of the other members answer, for they may have removed this node; dead ones can be removed", "last", m.contact.last)
	for ctx.Err() == nil && !m.heard(ctx) {
		select {
		case <-ctx.Done():
		case <-time.After(firstBackoff):
		}
	}
	return nil
}

// longAway reports whether deletions may have been forgotten since this node was
// up to date.
func (m *Mover) longAway() bool {
	return !m.contact.last.IsZero() && m.cfg.Now().Sub(m.contact.last) > m.cfg.Grace-m.cfg.Grace/10
}

// stale reports whether what this node holds may have been deleted and forgotten.
func (m *Mover) stale(now *ring.Ring) bool {
	self, known := now.Member(m.cfg.Self)
	return known && (self.Status == ring.Removed || self.Status == ring.Joining) && m.longAway()
}
