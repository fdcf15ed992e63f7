package handoff

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/quorate/quorate/cluster/ring"
)

// ErrStale says that this node was struck off the ring and away for longer than
// deletions are remembered. What it holds may have been deleted since, and the
// deletions forgotten: handing it over would bring deleted values back.
var ErrStale = errors.New("removed from the ring, and away for longer than tombstones are kept: its data is not handed over; start it on an empty data directory")

const stateContact = "handoff-contact"

// contact remembers, across restarts, when this node last belonged to the ring
// and saw half of the other members or more. While it is a member nothing is
// reaped without its consent (see [antientropy.Reaper]), so that its data can be
// no danger; and had it been removed, those would have told it. Its data becomes
// a danger only if it was removed, by the others, while it was away.
type contact struct{ last time.Time }

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

// renew notes that all is well at a time, seldom enough to cost nothing. A failure
// to save it is let pass: it errs on the side of refusing, and the engine reports
// its own faults.
func (c *contact) renew(store Holdings, now time.Time, grace time.Duration) {
	if now.Sub(c.last) < min(time.Hour, grace/20) {
		return
	}
	if err := store.SaveState(stateContact, binary.BigEndian.AppendUint64(nil, uint64(now.UnixMilli()))); err == nil {
		c.last = now
	}
}

// stale reports whether what this node holds may have been deleted and forgotten.
// A tenth of the grace period is left for deletions that this node had not heard
// of when it went away, for anti-entropy had not come to them yet.
func (m *Mover) stale(now *ring.Ring) bool {
	self, known := now.Member(m.cfg.Self)
	away := known && (self.Status == ring.Removed || self.Status == ring.Joining)
	return away && !m.contact.last.IsZero() && m.cfg.Now().Sub(m.contact.last) > m.cfg.Grace-m.cfg.Grace/10
}
