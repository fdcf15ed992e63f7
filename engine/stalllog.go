package engine

import (
	"sync"
	"time"
)

// stallLogInterval is the time between two lines about stalls.
const stallLogInterval = 10 * time.Second

// stallLog decides which stalls of writes are logged: under much load there are several a
// second.
type stallLog struct {
	mu     sync.Mutex
	at     time.Time // of the last line
	stalls int       // since then
}

// note notes a stall. If it is to be logged, it returns how many stalls there were since the
// last line, this one included; else 0.
func (l *stallLog) note(now time.Time) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stalls++
	if now.Sub(l.at) < stallLogInterval {
		return 0
	}
	stalls := l.stalls
	l.at, l.stalls = now, 0
	return stalls
}
