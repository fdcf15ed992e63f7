package peer

import (
	"sync"
	"time"
)

const (
	logEvery    = 10 * time.Minute
	maxLogLines = 1024
)

// logThrottle remembers which lines were logged lately, so that a peer that keeps
// failing to connect costs one line every ten minutes instead of one for each try.
type logThrottle struct {
	mu struct {
		sync.Mutex
		last map[logLine]time.Time
	}
}

// logLine identifies a line of the log: its subject and its message.
type logLine struct{ who, what string }

// allow reports whether a line should be logged now.
func (n *logThrottle) allow(line logLine) bool {
	now := time.Now()
	n.mu.Lock()
	defer n.mu.Unlock()
	if t, ok := n.mu.last[line]; ok && now.Sub(t) < logEvery {
		return false
	}
	if n.mu.last == nil {
		n.mu.last = make(map[logLine]time.Time)
	}
	if len(n.mu.last) >= maxLogLines {
		for k, t := range n.mu.last {
			if now.Sub(t) >= logEvery {
				delete(n.mu.last, k)
			}
		}
		if len(n.mu.last) >= maxLogLines {
			return false // so many different causes are an attack
		}
	}
	n.mu.last[line] = now
	return true
}

// forget allows the next line about a peer at once, because its state has changed.
func (n *logThrottle) forget(who string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for k := range n.mu.last {
		if k.who == who {
			delete(n.mu.last, k)
		}
	}
}
