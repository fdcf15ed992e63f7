package handoff

import (
	"errors"
	"time"

	"github.com/quorate/quorate/cluster/antientropy"
	"github.com/quorate/quorate/cluster/core/ring"
)

// MoverProgress is how far moving partitions has come.
type MoverProgress struct {
	Target    uint64    // of the transition that this node gains by; 0: none
	Since     time.Time // when this node began to gain for it
	Gaining   int       // partitions to copy to this node
	Copied    int       // of these, that are here already
	Releasing int       // partitions that are here and belong elsewhere
	Keys      int64     // moved since the node started
	Bytes     int64
	LastError error // of the last round; nil when it went well
}

// Progress returns how far moving partitions has come.
func (m *Mover) Progress() MoverProgress {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.mu.progress
}

// Drained reports whether this node owns nothing, gains nothing, and holds no
// data of the store proper, so that everything it held is with others. (Hints
// that it keeps for others are the Deliverer's.)
func (m *Mover) Drained() bool {
	now := m.cfg.Ring()
	for i := range now.Partitions() {
		p := ring.Partition(i)
		if now.IsPrimary(m.cfg.Self, p) || now.IsGaining(m.cfg.Self, p) || m.holds(p) {
			return false
		}
	}
	return true
}

// holds reports whether there is, or may be, data of p here.
func (m *Mover) holds(p ring.Partition) bool {
	_, total := m.cfg.Store.Keys(p)
	return total > 0 || !m.cfg.Store.ReadyPartition(p)
}

func (m *Mover) report(change func(*MoverProgress)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change(&m.mu.progress)
}

// complain notes how a round went, and logs one that is held up: moving data must
// not stall without a word.
func (m *Mover) complain(err error) {
	if errors.Is(err, errRingMoved) {
		return
	}
	m.report(func(p *MoverProgress) { p.LastError = err })
	now := m.cfg.Now()
	switch {
	case err == nil:
		m.failing, m.logged = time.Time{}, time.Time{}
		return
	case m.failing.IsZero():
		m.failing = now
	}
	if now.Sub(m.logged) < logEvery {
		return
	}
	if errors.Is(err, ErrStale) {
		m.cfg.Logger.Error("partitions cannot be moved", "err", err)
	} else if now.Sub(m.failing) >= silence {
		m.cfg.Logger.Warn("moving partitions is held up", "for", now.Sub(m.failing), "err", err)
	} else {
		return
	}
	m.logged = now
}

// moved adds what an exchange carried.
func (m *Mover) moved(s antientropy.Stats) {
	m.report(func(p *MoverProgress) {
		p.Keys += s.KeysExchanged
		p.Bytes += s.Bytes
	})
}
