package peer

import (
	"errors"
	"io"
	"net"
	"time"

	"github.com/quorate/quorate/cluster/socket"
)

// acceptAll accepts connections until the listener closes.
func (c *Channel) acceptAll() {
	const first, longest = 5 * time.Millisecond, time.Second
	for pause := first; ; {
		conn, err := c.sockets.Listener.Accept()
		switch {
		case err == nil:
			pause = first
			conn = socket.Direct(conn)
			c.unidentified.add(conn)
			if !c.spawn(func() { c.receive(conn) }) {
				_ = conn.Close()
				return
			}
			continue
		case errors.Is(err, net.ErrClosed):
			return
		}
		// Out of file descriptors, longest likely: others will be given back.
		if c.throttle.allow(logLine{who: "listener", what: err.Error()}) {
			c.log.Warn("connection not accepted", "err", err)
		}
		select {
		case <-time.After(pause):
			pause = min(2*pause, longest)
		case <-c.closing:
			return
		}
	}
}

// receive identifies a connection by its first bytes and serves it until it ends.
func (c *Channel) receive(conn net.Conn) {
	var first [len(magic)]byte
	left := false
	leave := func() {
		if !left {
			left = true
			c.unidentified.remove(conn)
		}
	}
	defer leave()
	_ = conn.SetReadDeadline(time.Now().Add(c.cfg.HandshakeTimeout)) // if it fails, so does the read
	_, err := io.ReadFull(conn, first[:1])
	switch {
	case err != nil:
		c.reject(conn, err)
	case first[0] == magic[0]:
		if _, err := io.ReadFull(conn, first[1:]); err != nil || string(first[:]) != magic {
			c.reject(conn, errMalformed)
			return
		}
		c.receiveStream(conn, leave)
	case isGossip(first[0]):
		leave()
		c.gossip.take(conn, first[0])
	default:
		c.reject(conn, errMalformed)
	}
}

// reject closes a connection that is neither gossip nor a stream.
func (c *Channel) reject(conn net.Conn, err error) {
	_ = conn.Close()
	if errors.Is(err, io.EOF) {
		return // a port probe, as load balancers do
	}
	c.count.Garbage.Add(1)
	if host := hostOf(conn); c.throttle.allow(logLine{who: host, what: "garbage"}) {
		c.log.Warn("connection dropped: it speaks neither gossip nor the peer protocol", "addr", host, "err", err)
	}
}

func hostOf(conn net.Conn) string {
	if conn.RemoteAddr() == nil {
		return ""
	}
	host, _, err := net.SplitHostPort(conn.RemoteAddr().String())
	if err != nil {
		return conn.RemoteAddr().String()
	}
	return host
}

// receiveStream does the handshake with a dialler and serves its stream until it ends.
func (c *Channel) receiveStream(conn net.Conn, identified func()) {
	h := c.newHandshake(purposePeer, Foreground, 0, 0)
	admitted := false
	err := withDeadline(conn, c.cfg.HandshakeTimeout, func() error {
		return h.accept(conn, func(peer *hello) error {
			err := c.accepted.admit(peer)
			admitted = err == nil
			return err
		})
	})
	identified()
	if admitted {
		defer c.accepted.release(&h.peer)
	}
	if err != nil {
		_ = conn.Close()
		if p := &h.peer; h.ours.cluster == "" && p.cluster != "" && p.purpose == purposePeer && p.expect == c.cfg.Self {
			c.cfg.Claimed(printable([]byte(p.name)), printable([]byte(p.cluster)))
		}
		c.reportRefusal(conn, h, err)
		return
	}
	s := c.newStream(conn, h.peer.node, h.peer.name, h.peer.class, nil)
	s.lane, s.pieces = h.peer.lane, h.peer.version >= versionPieces
	s.newcomer = h.peer.cluster == ""
	if !c.accepted.add(s, &h.peer) {
		_ = conn.Close()
		return
	}
	err = s.run()
	c.accepted.remove(s)
	if errors.Is(err, errMalformed) {
		c.count.Garbage.Add(1)
		if c.throttle.allow(logLine{who: h.peer.name, what: "malformed frame"}) {
			c.log.Warn("stream dropped", "peer", h.peer.name, "addr", conn.RemoteAddr(), "err", err)
		}
	}
}

// reportRefusal logs a refused handshake, throttled by peer and cause.
func (c *Channel) reportRefusal(conn net.Conn, h *handshake, err error) {
	refused := (*RefusedError)(nil)
	if !errors.As(err, &refused) {
		c.log.Debug("handshake not completed", "addr", conn.RemoteAddr(), "err", err)
		return
	}
	c.count.Refused.Add(1)
	who := h.peer.name
	if who == "" {
		who = hostOf(conn)
	}
	if !refused.Reason.temporary() && c.throttle.allow(logLine{who: who, what: refused.Reason.String()}) {
		c.log.Warn("peer refused", "peer", printable([]byte(who)), "addr", conn.RemoteAddr(), "err", err)
	}
}
