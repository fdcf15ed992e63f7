package peer

import (
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"time"
)

// lobbySize bounds connections that have not said yet what they are. When it is
// full the longest waiting goes: a peer is through in milliseconds, so that is
// someone who dawdles.
const lobbySize = 256

// lobby holds the connections that are not identified yet.
type lobby struct {
	mu struct {
		sync.Mutex
		conns [lobbySize]net.Conn
		next  int
	}
}

func (l *lobby) enter(conn net.Conn) {
	l.mu.Lock()
	evicted := l.mu.conns[l.mu.next]
	l.mu.conns[l.mu.next] = conn
	l.mu.next = (l.mu.next + 1) % lobbySize
	l.mu.Unlock()
	if evicted != nil {
		_ = evicted.Close() // its goroutine finds out
	}
}

func (l *lobby) leave(conn net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.mu.conns {
		if l.mu.conns[i] == conn {
			l.mu.conns[i] = nil
		}
	}
}

func (l *lobby) closeAll() {
	l.mu.Lock()
	conns := l.mu.conns
	l.mu.Unlock()
	for _, conn := range conns {
		if conn != nil {
			_ = conn.Close()
		}
	}
}

// acceptAll takes connections until the listener closes.
func (c *Channel) acceptAll() {
	const first, most = 5 * time.Millisecond, time.Second
	for pause := first; ; {
		conn, err := c.listener.Accept()
		switch {
		case err == nil:
			pause = first
			c.lobby.enter(conn)
			if !c.spawn(func() { c.receive(conn) }) {
				_ = conn.Close()
				return
			}
			continue
		case errors.Is(err, net.ErrClosed):
			return
		}
		// Out of file descriptors, most likely: others will be given back.
		if c.notices.due(notice{who: "listener", what: err.Error()}) {
			c.log.Warn("connection not accepted", "err", err)
		}
		select {
		case <-time.After(pause):
			pause = min(2*pause, most)
		case <-c.closing:
			return
		}
	}
}

// receive finds out what a connection is, and sees it through.
func (c *Channel) receive(conn net.Conn) {
	var first [len(magic)]byte
	left := false
	leave := func() {
		if !left {
			left = true
			c.lobby.leave(conn)
		}
	}
	defer leave()
	_ = conn.SetReadDeadline(time.Now().Add(c.cfg.HandshakeTimeout)) // fails on a closed one; so does the read
	_, err := io.ReadFull(conn, first[:1])
	switch {
	case err != nil:
		c.turnAway(conn, err)
	case first[0] == magic[0]:
		if _, err := io.ReadFull(conn, first[1:]); err != nil || string(first[:]) != magic {
			c.turnAway(conn, errMalformed)
			return
		}
		c.receiveStream(conn, leave)
	case isGossip(first[0]):
		leave()
		c.gossip.take(conn, first[0])
	default:
		c.turnAway(conn, errMalformed)
	}
}

// turnAway drops what is neither gossip nor a stream.
func (c *Channel) turnAway(conn net.Conn, err error) {
	_ = conn.Close()
	if errors.Is(err, io.EOF) {
		return // a port probe, as load balancers do
	}
	c.count.Garbage.Add(1)
	if host := hostOf(conn); c.notices.due(notice{who: host, what: "garbage"}) {
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

// receiveStream shakes hands with a dialler and serves its stream until it ends.
func (c *Channel) receiveStream(conn net.Conn, identified func()) {
	h := c.newHandshake(purposePeer, Foreground, 0)
	admitted := false
	err := shake(conn, c.cfg.HandshakeTimeout, func() error {
		return h.accept(conn, func(peer *hello) error {
			err := c.admit(peer)
			admitted = err == nil
			return err
		})
	})
	identified()
	if admitted {
		defer c.dismiss(&h.peer)
	}
	if err != nil {
		_ = conn.Close()
		c.reportRefusal(conn, h, err)
		return
	}
	s := c.newStream(conn, h.peer.node, h.peer.name, h.peer.class, nil)
	s.guest = h.peer.cluster == ""
	if !c.register(s, &h.peer) {
		_ = conn.Close()
		return
	}
	err = s.run()
	c.unregister(s)
	if errors.Is(err, errMalformed) {
		c.count.Garbage.Add(1)
		if c.notices.due(notice{who: h.peer.name, what: "malformed frame"}) {
			c.log.Warn("stream dropped", "peer", h.peer.name, "addr", conn.RemoteAddr(), "err", err)
		}
	}
}

// maxCalls bounds streams that are for one call.
const maxCalls = 64

func (c *Channel) admit(peer *hello) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mu.admitted >= c.cfg.MaxStreams || peer.purpose == purposeCall && c.mu.calls >= maxCalls {
		return &RefusedError{Reason: RefusedBusy}
	}
	c.mu.admitted++
	if peer.purpose == purposeCall {
		c.mu.calls++
	}
	return nil
}

func (c *Channel) dismiss(peer *hello) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mu.admitted--
	if peer.purpose == purposeCall {
		c.mu.calls--
	}
}

// maxTwins bounds the accepted streams of one peer and class. One is in use; the
// others are dead already, and this end does not know it yet. A newcomer does not
// end its predecessor outright, for without a secret it may be an impostor.
const maxTwins = 4

// register lists an accepted stream.
func (c *Channel) register(s *stream, peer *hello) bool {
	c.mu.Lock()
	if c.mu.closed {
		c.mu.Unlock()
		return false
	}
	c.mu.accepted[s] = struct{}{}
	var old *stream
	if peer.purpose == purposePeer {
		key := streamKey{s.node, s.class}
		twins := append(c.mu.members[key], s)
		if len(twins) > maxTwins {
			old, twins = twins[0], twins[1:]
		}
		c.mu.members[key] = twins
	}
	c.mu.Unlock()
	if old != nil {
		old.breakOff(errReplaced)
	}
	return true
}

func (c *Channel) unregister(s *stream) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.mu.accepted, s)
	key := streamKey{s.node, s.class}
	twins := slices.DeleteFunc(c.mu.members[key], func(other *stream) bool { return other == s })
	if len(twins) == 0 {
		delete(c.mu.members, key)
	} else {
		c.mu.members[key] = twins
	}
}

// reportRefusal logs, once for each peer and cause, who was not let in.
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
	if !refused.Reason.passes() && c.notices.due(notice{who: who, what: refused.Reason.String()}) {
		c.log.Warn("peer refused", "peer", printable([]byte(who)), "addr", conn.RemoteAddr(), "err", err)
	}
}
