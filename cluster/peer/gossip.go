package peer

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/hashicorp/memberlist"
)

const (
	maxPackets     = 512 // received and not yet read by memberlist; at the limit dropped and counted
	maxGossipConns = 128 // open at one time; at the limit closed and counted
	maxPacket      = 64 << 10
)

// isGossip reports whether a connection's first byte is one of memberlist's: the marker
// of a label, or a message type.
func isGossip(first byte) bool { return first == 244 || first <= 15 }

// gossip is memberlist's transport over the channel's port.
type gossip struct {
	c       *Channel
	packets chan *memberlist.Packet
	streams chan net.Conn
	stopped chan struct{}
	mu      struct {
		sync.Mutex
		attached bool
		stopped  bool
		conns    map[*gossipConn]struct{}
	}
}

var _ memberlist.NodeAwareTransport = (*gossip)(nil)

func newGossip(c *Channel) *gossip {
	g := &gossip{
		c: c, packets: make(chan *memberlist.Packet, maxPackets), streams: make(chan net.Conn),
		stopped: make(chan struct{}),
	}
	g.mu.conns = make(map[*gossipConn]struct{})
	return g
}

// Gossip returns the transport for memberlist. It serves one memberlist: after
// its Shutdown, what comes in for gossip is dropped.
func (c *Channel) Gossip() memberlist.NodeAwareTransport {
	c.gossip.mu.Lock()
	defer c.gossip.mu.Unlock()
	c.gossip.mu.attached = true
	return c.gossip
}

// inUse reports whether memberlist has the transport and has not shut it down.
func (g *gossip) inUse() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.mu.attached && !g.mu.stopped
}

// readPackets reads UDP packets until the socket closes.
func (g *gossip) readPackets() {
	buf := make([]byte, maxPacket)
	for {
		n, from, err := g.c.sockets.Packets.ReadFrom(buf)
		now := time.Now()
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return
			}
			// An ICMP error for a packet sent earlier. The socket still works.
			if !g.pause() {
				return
			}
			continue
		}
		if n == 0 || !g.inUse() {
			continue
		}
		packet := &memberlist.Packet{Buf: append([]byte(nil), buf[:n]...), From: from, Timestamp: now}
		select {
		case g.packets <- packet:
		default:
			g.c.count.GossipDropped.Add(1)
		}
	}
}

// pause waits a millisecond, so that a lasting error does not spin. It returns false if
// the channel closes.
func (g *gossip) pause() bool {
	select {
	case <-time.After(time.Millisecond):
		return true
	case <-g.c.closing:
		return false
	}
}

// take passes a connection, whose first byte is read, to memberlist.
func (g *gossip) take(conn net.Conn, first byte) {
	wrapped := &gossipConn{Conn: conn, g: g, first: []byte{first}}
	if !g.add(wrapped) {
		g.c.count.GossipDropped.Add(1)
		_ = conn.Close()
		return
	}
	timer := time.NewTimer(g.c.cfg.HandshakeTimeout)
	defer timer.Stop()
	select {
	case g.streams <- wrapped: // memberlist sets a deadline itself
		return
	case <-timer.C:
		g.c.count.GossipDropped.Add(1)
	case <-g.stopped:
	case <-g.c.closing:
	}
	_ = wrapped.Close()
}

func (g *gossip) add(conn *gossipConn) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.mu.attached || g.mu.stopped || len(g.mu.conns) >= maxGossipConns {
		return false
	}
	g.mu.conns[conn] = struct{}{}
	return true
}

func (g *gossip) closeAll() {
	g.mu.Lock()
	conns := make([]*gossipConn, 0, len(g.mu.conns))
	for conn := range g.mu.conns {
		conns = append(conns, conn)
	}
	g.mu.Unlock()
	for _, conn := range conns {
		_ = conn.Close()
	}
}

// gossipConn is a connection of memberlist whose first byte was read to identify it.
type gossipConn struct {
	net.Conn
	g     *gossip
	first []byte
}

func (c *gossipConn) Read(b []byte) (int, error) {
	if len(c.first) > 0 && len(b) > 0 {
		n := copy(b, c.first)
		c.first = c.first[n:]
		return n, nil
	}
	return c.Conn.Read(b)
}

func (c *gossipConn) Close() error {
	c.g.mu.Lock()
	delete(c.g.mu.conns, c)
	c.g.mu.Unlock()
	return c.Conn.Close()
}

// FinalAdvertiseAddr returns the address that memberlist advertises: the channel's, with
// its host name resolved, because gossip carries numeric addresses.
func (g *gossip) FinalAdvertiseAddr(string, int) (net.IP, int, error) {
	host, port, err := hostPort(g.c.cfg.Advertise)
	if err != nil {
		return nil, 0, fmt.Errorf("advertised peer %w", err)
	}
	if ip := net.ParseIP(host); ip != nil {
		return shortIP(ip), port, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), g.c.cfg.HandshakeTimeout)
	defer cancel()
	addrs, err := net.DefaultResolver.LookupIPAddr(ctx, host)
	if err != nil || len(addrs) == 0 {
		return nil, 0, fmt.Errorf("advertised peer address %q: %w", g.c.cfg.Advertise, err)
	}
	return shortIP(addrs[0].IP), port, nil
}

func shortIP(ip net.IP) net.IP {
	if v4 := ip.To4(); v4 != nil {
		return v4
	}
	return ip
}

// WriteTo sends one packet to an address.
func (g *gossip) WriteTo(b []byte, addr string) (time.Time, error) {
	return g.WriteToAddress(b, memberlist.Address{Addr: addr})
}

// WriteToAddress sends one packet.
func (g *gossip) WriteToAddress(b []byte, a memberlist.Address) (time.Time, error) {
	var to *net.UDPAddr
	if parsed, err := netip.ParseAddrPort(a.Addr); err == nil {
		to = net.UDPAddrFromAddrPort(parsed)
	} else if to, err = net.ResolveUDPAddr("udp", a.Addr); err != nil {
		return time.Time{}, err
	}
	_, err := g.c.sockets.Packets.WriteTo(b, to)
	return time.Now(), err
}

// PacketCh returns the channel of received packets.
func (g *gossip) PacketCh() <-chan *memberlist.Packet { return g.packets }

// DialTimeout opens a connection for gossip.
func (g *gossip) DialTimeout(addr string, timeout time.Duration) (net.Conn, error) {
	return g.DialAddressTimeout(memberlist.Address{Addr: addr}, timeout)
}

// DialAddressTimeout opens a connection for gossip.
func (g *gossip) DialAddressTimeout(a memberlist.Address, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	conn, err := g.c.sockets.Dialer.DialContext(ctx, a.Addr)
	if err != nil {
		return nil, err
	}
	wrapped := &gossipConn{Conn: conn, g: g}
	g.mu.Lock()
	stopped := g.mu.stopped
	if !stopped {
		g.mu.conns[wrapped] = struct{}{} // so that Close closes it too
	}
	g.mu.Unlock()
	if stopped {
		_ = conn.Close()
		return nil, ErrClosed
	}
	return wrapped, nil
}

// StreamCh returns the channel of accepted connections.
func (g *gossip) StreamCh() <-chan net.Conn { return g.streams }

// Shutdown ends gossip. The port stays open for streams.
func (g *gossip) Shutdown() error {
	g.mu.Lock()
	stopped := g.mu.stopped
	g.mu.stopped = true
	g.mu.Unlock()
	if !stopped {
		close(g.stopped)
		g.closeAll()
	}
	return nil
}
