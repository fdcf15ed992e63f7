package peer

import (
	"net"
	"sync"
)

// maxUnidentified bounds the connections that have not identified themselves yet. At
// the limit the oldest one is closed: a peer identifies itself within milliseconds.
const maxUnidentified = 256

// unidentified is a ring of the connections that are not identified yet.
type unidentified struct {
	mu struct {
		sync.Mutex
		conns [maxUnidentified]net.Conn
		next  int
	}
}

func (u *unidentified) add(conn net.Conn) {
	u.mu.Lock()
	evicted := u.mu.conns[u.mu.next]
	u.mu.conns[u.mu.next] = conn
	u.mu.next = (u.mu.next + 1) % maxUnidentified
	u.mu.Unlock()
	if evicted != nil {
		_ = evicted.Close() // the goroutine that reads it ends
	}
}

func (u *unidentified) remove(conn net.Conn) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for i := range u.mu.conns {
		if u.mu.conns[i] == conn {
			u.mu.conns[i] = nil
		}
	}
}

func (u *unidentified) closeAll() {
	u.mu.Lock()
	conns := u.mu.conns
	u.mu.Unlock()
	for _, conn := range conns {
		if conn != nil {
			_ = conn.Close()
		}
	}
}
