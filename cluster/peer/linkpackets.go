package peer

import (
	"bytes"
	"net"
	"sync"
	"time"
)

// maxDelayed bounds the packets held back on one socket; more are lost, as where
// a router's queue is full.
const maxDelayed = 1024

// linkPackets is a UDP socket whose packets obey links when they are sent.
type linkPackets struct {
	net.PacketConn
	links *Links
	self  string
	mu    struct {
		sync.Mutex
		closed  bool
		delayed map[*time.Timer]struct{}
	}
}

func newLinkPackets(conn net.PacketConn, links *Links, self string) *linkPackets {
	p := &linkPackets{PacketConn: conn, links: links, self: self}
	p.mu.delayed = make(map[*time.Timer]struct{})
	return p
}

// WriteTo sends a packet, now, later, or never: who sends cannot tell.
func (p *linkPackets) WriteTo(b []byte, to net.Addr) (int, error) {
	now := p.links.table.Load()
	if now == nil {
		return p.PacketConn.WriteTo(b, to)
	}
	fault := now.of[direction{p.self, to.String()}]
	switch {
	case fault.Cut || fault.loses():
	case fault.Delay > 0:
		p.later(bytes.Clone(b), to, fault.Delay)
	default:
		return p.PacketConn.WriteTo(b, to)
	}
	return len(b), nil
}

func (p *linkPackets) later(b []byte, to net.Addr, delay time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mu.closed || len(p.mu.delayed) >= maxDelayed {
		return
	}
	var timer *time.Timer
	timer = time.AfterFunc(delay, func() {
		p.mu.Lock()
		defer p.mu.Unlock() // held so that Close waits for the last one; a UDP write does not
		if _, waits := p.mu.delayed[timer]; waits {
			delete(p.mu.delayed, timer)
			_, _ = p.PacketConn.WriteTo(b, to) // as with any packet
		}
	})
	p.mu.delayed[timer] = struct{}{}
}

// Close drops what is held back.
func (p *linkPackets) Close() error {
	p.mu.Lock()
	p.mu.closed = true
	for timer := range p.mu.delayed {
		timer.Stop()
	}
	clear(p.mu.delayed)
	p.mu.Unlock()
	return p.PacketConn.Close()
}
