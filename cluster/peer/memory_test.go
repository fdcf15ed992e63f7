package peer

import (
	"context"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"
)

// memory is a network of pipes, for tests in a synctest bubble. Its addresses
// look like real ones, so that gossip can resolve them.
type memory struct {
	mu struct {
		sync.Mutex
		listeners map[string]*memoryListener
		packets   map[string]*memoryPackets
		dials     int
	}
}

func newMemory() *memory {
	m := &memory{}
	m.mu.listeners = make(map[string]*memoryListener)
	m.mu.packets = make(map[string]*memoryPackets)
	return m
}

// bind returns the sockets of an address of this network.
func (m *memory) bind(tb testing.TB, addr string) Sockets {
	l := &memoryListener{m: m, addr: addr, conns: make(chan net.Conn), closed: make(chan struct{})}
	p := &memoryPackets{m: m, addr: addr, in: make(chan memoryPacket, 256), closed: make(chan struct{})}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.mu.listeners[addr] != nil {
		tb.Helper()
		tb.Fatalf("the address %s is taken", addr)
	}
	m.mu.listeners[addr], m.mu.packets[addr] = l, p
	return Sockets{Listener: l, Packets: p, Dialer: m}
}

func (m *memory) DialContext(ctx context.Context, addr string) (net.Conn, error) {
	m.mu.Lock()
	m.mu.dials++
	l := m.mu.listeners[addr]
	m.mu.Unlock()
	if l == nil {
		return nil, syscall.ECONNREFUSED
	}
	here, there := net.Pipe()
	select {
	case l.conns <- there:
		return here, nil
	case <-l.closed:
		return nil, syscall.ECONNREFUSED
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (m *memory) dialled() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.mu.dials
}

type memoryListener struct {
	m      *memory
	addr   string
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (l *memoryListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *memoryListener) Close() error {
	l.once.Do(func() {
		close(l.closed)
		l.m.mu.Lock()
		defer l.m.mu.Unlock()
		delete(l.m.mu.listeners, l.addr)
	})
	return nil
}

func (l *memoryListener) Addr() net.Addr { return memoryAddr(l.addr) }

func memoryAddr(addr string) net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(addr))
}

type memoryPacket struct {
	b    []byte
	from net.Addr
}

type memoryPackets struct {
	net.PacketConn // the deadlines, which nobody uses
	m              *memory
	addr           string
	in             chan memoryPacket
	closed         chan struct{}
	once           sync.Once
}

func (p *memoryPackets) ReadFrom(b []byte) (int, net.Addr, error) {
	select {
	case packet := <-p.in:
		return copy(b, packet.b), packet.from, nil
	case <-p.closed:
		return 0, nil, net.ErrClosed
	}
}

func (p *memoryPackets) WriteTo(b []byte, to net.Addr) (int, error) {
	p.m.mu.Lock()
	target := p.m.mu.packets[to.String()]
	p.m.mu.Unlock()
	if target != nil {
		select {
		case target.in <- memoryPacket{append([]byte(nil), b...), net.UDPAddrFromAddrPort(netip.MustParseAddrPort(p.addr))}:
		default: // lost, as on a network
		}
	}
	return len(b), nil
}

func (p *memoryPackets) Close() error {
	p.once.Do(func() {
		close(p.closed)
		p.m.mu.Lock()
		defer p.m.mu.Unlock()
		delete(p.m.mu.packets, p.addr)
	})
	return nil
}

// script is a connection that reads a given input, in chunks of given sizes, and
// swallows what is written.
type script struct {
	net.Conn
	in    []byte
	chunk []byte // sizes, over and over
	n     int
	done  chan struct{}
	once  sync.Once
}

func (s *script) Read(b []byte) (int, error) {
	select {
	case <-s.done:
		return 0, net.ErrClosed
	default:
	}
	if len(s.in) == 0 {
		return 0, os.ErrDeadlineExceeded
	}
	size := len(s.in)
	if len(s.chunk) > 0 {
		size = 1 + int(s.chunk[s.n%len(s.chunk)])
		s.n++
	}
	n := copy(b, s.in[:min(size, len(s.in))])
	s.in = s.in[n:]
	return n, nil
}

func (s *script) Write(b []byte) (int, error)      { return len(b), nil }
func (s *script) Close() error                     { s.once.Do(func() { close(s.done) }); return nil }
func (s *script) SetDeadline(time.Time) error      { return nil }
func (s *script) SetReadDeadline(time.Time) error  { return nil }
func (s *script) SetWriteDeadline(time.Time) error { return nil }
func (s *script) RemoteAddr() net.Addr             { return memoryAddr("10.0.0.9:1") }
