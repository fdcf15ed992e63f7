package peer

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/hashicorp/memberlist"
)

const (
	gossipPackets = 1024 // waiting for memberlist; beyond: dropped, as a network would
	gossipStreams = 64
	gossipPacket  = 64 << 10 // the most that UDP can carry
)

// gossip is memberlist's transport over the channel's port.
type gossip struct {
	c       *Channel
	packets chan *memberlist.Packet
	streams chan net.Conn
}

func newGossip(c *Channel) *gossip {
	return &gossip{c: c, packets: make(chan *memberlist.Packet, gossipPackets), streams: make(chan net.Conn, gossipStreams)}
}

// Gossip is memberlist's transport over this channel's port. Its Shutdown does
// nothing: the port is the channel's.
func (c *Channel) Gossip() memberlist.NodeAwareTransport { return c.gossip }

// receive reads UDP until the socket closes.
func (g *gossip) receive() {
	buf := make([]byte, gossipPacket)
	for {
		n, from, err := g.c.udp.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) || g.c.ctx.Err() != nil {
			return
		}
		if err != nil || n == 0 {
			continue // an ICMP error about an earlier packet, say
		}
		p := &memberlist.Packet{Buf: append([]byte(nil), buf[:n]...), From: from, Timestamp: time.Now()}
		select {
		case g.packets <- p:
		default:
			g.c.count.GossipDropped.Add(1)
		}
	}
}

// take hands an accepted connection to memberlist.
func (g *gossip) take(conn net.Conn) {
	select {
	case g.streams <- conn:
	default:
		g.c.count.GossipDropped.Add(1)
		_ = conn.Close()
	}
}

// FinalAdvertiseAddr says where this node is reached, as a number.
func (g *gossip) FinalAdvertiseAddr(ip string, port int) (net.IP, int, error) {
	if parsed := net.ParseIP(ip); parsed != nil {
		return parsed, port, nil
	}
	host, port, err := hostPort(g.c.cfg.Advertise)
	if err != nil {
		return nil, 0, err
	}
	if parsed := net.ParseIP(host); parsed != nil {
		return parsed, port, nil
	}
	addr, err := net.ResolveIPAddr("ip", host)
	if err != nil {
		return nil, 0, fmt.Errorf("advertised address %s: %w", host, err)
	}
	return addr.IP, port, nil
}

// WriteTo sends a packet.
func (g *gossip) WriteTo(b []byte, addr string) (time.Time, error) {
	to, err := net.ResolveUDPAddr("udp", addr)
	if err != nil {
		return time.Time{}, err
	}
	_, err = g.c.udp.WriteTo(b, to)
	return time.Now(), err
}

// WriteToAddress sends a packet.
func (g *gossip) WriteToAddress(b []byte, addr memberlist.Address) (time.Time, error) {
	return g.WriteTo(b, addr.Addr)
}

// PacketCh is where received packets come out.
func (g *gossip) PacketCh() <-chan *memberlist.Packet { return g.packets }

// StreamCh is where accepted connections come out.
func (g *gossip) StreamCh() <-chan net.Conn { return g.streams }

// DialTimeout opens a connection for push/pull.
func (g *gossip) DialTimeout(addr string, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(g.c.ctx, timeout)
	defer cancel()
	return g.c.cfg.Network.DialContext(ctx, addr)
}

// DialAddressTimeout opens a connection for push/pull.
func (g *gossip) DialAddressTimeout(addr memberlist.Address, timeout time.Duration) (net.Conn, error) {
	return g.DialTimeout(addr.Addr, timeout)
}

// Shutdown leaves the port to the channel.
func (g *gossip) Shutdown() error { return nil }
