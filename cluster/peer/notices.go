package peer

import (
	"sync"
	"time"
)

const (
	noticeEvery = 10 * time.Minute
	maxNotices  = 1024
)

// notices says which lines were logged lately, so that a peer that keeps trying
// in vain costs one line and not one for each try.
type notices struct {
	mu struct {
		sync.Mutex
		last map[notice]time.Time
	}
}

// notice is a kind of line: about whom, and what.
type notice struct{ who, what string }

// due reports whether a line should be logged now.
func (n *notices) due(line notice) bool {
	now := time.Now()
	n.mu.Lock()
	defer n.mu.Unlock()
	if t, ok := n.mu.last[line]; ok && now.Sub(t) < noticeEvery {
		return false
	}
	if n.mu.last == nil {
		n.mu.last = make(map[notice]time.Time)
	}
	if len(n.mu.last) >= maxNotices {
		for k, t := range n.mu.last {
			if now.Sub(t) >= noticeEvery {
				delete(n.mu.last, k)
			}
		}
		if len(n.mu.last) >= maxNotices {
			return false // that many different causes are an attack
		}
	}
	n.mu.last[line] = now
	return true
}

// forget makes the next line about a peer due at once: its state changed.
func (n *notices) forget(who string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for k := range n.mu.last {
		if k.who == who {
			delete(n.mu.last, k)
		}
	}
}
