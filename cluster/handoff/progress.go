package handoff

import (
	"errors"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
)

// MoverProgress is the progress of moving partitions.
type MoverProgress struct {
	Since     time.Time // wall clock: when this node began to gain partitions; zero while it gains none
	Gaining   int       // partitions to copy to this node
	Copied    int       // of these, that are here already
	Releasing int       // partitions that are here and belong elsewhere
	Keys      int64     // moved since the node started
	Bytes     int64     // moved since the node started
	LastError error     // of the last round; nil when it went well
}

// Progress returns the progress of moving partitions.
func (m *Mover) Progress() MoverProgress {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.mu.progress
}

func (m *Mover) report(change func(*MoverProgress)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change(&m.mu.progress)
}

// Drained reports whether this node owns nothing, gains nothing, and holds no
// data of the store proper, so that everything it held is with others. (The
// Deliverer moves the hints for other nodes.)
func (m *Mover) Drained() bool {
	view := m.cfg.Ring()
	for i := range view.Partitions() {
		p := ring.Partition(i)
		if view.Keeps(m.cfg.Self, p) || m.holds(p) {
			return false
		}
	}
	return true
}

// holds reports whether there is, or may be, data of p here.
func (m *Mover) holds(p ring.Partition) bool {
	_, total := m.cfg.Store.Partitions().Keys(p)
	return total > 0 || !m.cfg.Store.Merkle().PartitionReady(p)
}

const (
	logAfter = 30 * time.Second // how long rounds may fail before the first line
	logEvery = time.Minute      // the time between two lines
)

// logThrottle logs that rounds fail, at most once a minute: an operator must learn that
// data has stopped moving, and the log must not fill up.
type logThrottle struct {
	failing time.Time // monotonic: since when no round went well; zero: the last one did
	logged  time.Time // monotonic: when that was last logged
}

// record notes how a round went, and logs it if that is due.
func (l *logThrottle) record(m *Mover, err error) {
	if errors.Is(err, errRingMoved) {
		return
	}
	m.report(func(p *MoverProgress) { p.LastError = err })
	if err == nil {
		*l = logThrottle{}
		return
	}
	now := m.cfg.Monotonic()
	if l.failing.IsZero() {
		l.failing = now
	}
	if !l.logged.IsZero() && now.Sub(l.logged) < logEvery {
		return
	}
	if errors.Is(err, ErrStale) {
		m.cfg.Logger.Error("partitions cannot be moved", "err", err)
	} else if now.Sub(l.failing) >= logAfter {
		m.cfg.Logger.Warn("moving partitions fails, and is tried again", "since", now.Sub(l.failing), "err", err)
	} else {
		return
	}
	l.logged = now
}
