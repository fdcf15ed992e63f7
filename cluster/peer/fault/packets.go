package fault

import (
	"bytes"
	"net"
	"sync"
	"time"
)

// maxDelayed bounds the packets that are delayed on one socket. More are lost, as
// when a router's queue is full.
const maxDelayed = 1024

// Packets is a UDP socket that obeys a table of faults when it sends.
type Packets struct {
	net.PacketConn
	links *Links
	self  string
	mu    struct {
		sync.Mutex
		closed  bool
		delayed map[*time.Timer]struct{}
	}
}

// NewPackets wraps a socket of the node that advertises the peer address self.
func NewPackets(conn net.PacketConn, links *Links, self string) *Packets {
	p := &Packets{PacketConn: conn, links: links, self: self}
	p.mu.delayed = make(map[*time.Timer]struct{})
	return p
}

// WriteTo sends a packet now, later, or never. The sender gets no error in any case.
func (p *Packets) WriteTo(b []byte, to net.Addr) (int, error) {
	now := p.links.table.Load()
	if now == nil {
		return p.PacketConn.WriteTo(b, to)
	}
	link := now.of[direction{from: p.self, to: to.String()}]
	switch {
	case link.Cut || link.loses():
	case link.Delay > 0:
		p.sendLater(bytes.Clone(b), to, link.Delay)
	default:
		return p.PacketConn.WriteTo(b, to)
	}
	return len(b), nil
}

func (p *Packets) sendLater(b []byte, to net.Addr, delay time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mu.closed || len(p.mu.delayed) >= maxDelayed {
		return
	}
	var timer *time.Timer
	timer = time.AfterFunc(delay, func() {
		p.mu.Lock()
		defer p.mu.Unlock() // held while writing, so that Close waits; a UDP write does not block
		if _, waiting := p.mu.delayed[timer]; waiting {
			delete(p.mu.delayed, timer)
			_, _ = p.PacketConn.WriteTo(b, to) // a lost packet is no error
		}
	})
	p.mu.delayed[timer] = struct{}{}
}

// Close drops the delayed packets and closes the socket.
func (p *Packets) Close() error {
	p.mu.Lock()
	p.mu.closed = true
	for timer := range p.mu.delayed {
		timer.Stop()
	}
	clear(p.mu.delayed)
	p.mu.Unlock()
	return p.PacketConn.Close()
}
