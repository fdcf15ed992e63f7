package peer

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"

	"github.com/quorate/quorate/cluster/peer/fault"
	"github.com/quorate/quorate/cluster/socket"
)

// Sockets are what a channel communicates through.
type Sockets struct {
	// Listener accepts the connections of peers. Whoever wants TLS wraps it and Dialer.
	Listener net.Listener
	// Packets carries gossip. Its port has the number of Listener's.
	Packets net.PacketConn
	// Dialer opens connections to peers.
	Dialer Dialer
}

// Dialer opens connections.
type Dialer interface {
	DialContext(ctx context.Context, addr string) (net.Conn, error)
}

// Close closes the sockets.
func (s Sockets) Close() error { return errors.Join(s.Listener.Close(), s.Packets.Close()) }

// withFaults returns sockets that obey a table of faults. self is the address that the
// node advertises.
func (s Sockets) withFaults(links *fault.Links, self string) Sockets {
	return Sockets{
		Listener: s.Listener, Packets: fault.NewPackets(s.Packets, links, self),
		Dialer: fault.Dialer{Next: s.Dialer, Links: links, Self: self},
	}
}

// tcp opens TCP connections. TCP_NODELAY stays on, Go's default, because the writer
// coalesces frames itself.
type tcp struct{}

func (tcp) DialContext(ctx context.Context, addr string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return socket.Direct(conn), nil
}

// gossipReceiveBuffer is the size of the UDP receive buffer in bytes. Bursts of gossip
// arrive while the process waits for a processor.
const gossipReceiveBuffer = 2 << 20

// Bind binds one port of this machine for TCP and UDP, host:port. It returns [ErrInUse]
// if the port is taken. With port 0 the kernel chooses a TCP port whose UDP port may be
// taken, so Bind tries several times.
func Bind(addr string) (Sockets, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return Sockets{}, fmt.Errorf("peer address %q: %w", addr, err)
	}
	tries := 1
	if port == "0" {
		tries = 16
	}
	var errs []error
	for range tries {
		l, err := net.Listen("tcp", addr)
		if err != nil {
			return Sockets{}, bindError(addr, err)
		}
		p, err := net.ListenPacket("udp", net.JoinHostPort(host, portOf(l.Addr())))
		if err == nil {
			if u, ok := p.(*net.UDPConn); ok {
				_ = u.SetReadBuffer(gossipReceiveBuffer) // the kernel may allow less
			}
			return Sockets{Listener: l, Packets: p, Dialer: tcp{}}, nil
		}
		errs = []error{bindError(addr+" (UDP)", err), l.Close()}
	}
	return Sockets{}, errors.Join(errs...)
}

func bindError(addr string, err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%w: peer address %s is taken by another process (is this node running already?): %w", ErrInUse, addr, err)
	}
	return fmt.Errorf("bind peer address %s: %w", addr, err)
}

func portOf(a net.Addr) string {
	_, port, err := net.SplitHostPort(a.String())
	if err != nil {
		return "0"
	}
	return port
}

// advertised returns the address to advertise if none was configured.
func advertised(bound net.Addr) string {
	host, port, err := net.SplitHostPort(bound.String())
	if err != nil {
		return bound.String()
	}
	ip := net.ParseIP(host)
	if ip == nil || !ip.IsUnspecified() {
		return bound.String()
	}
	return net.JoinHostPort(reachableIP().String(), port)
}

// reachableIP returns this machine's first private address, or else its first global
// one, or else loopback.
func reachableIP() net.IP {
	best := net.IPv4(127, 0, 0, 1)
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return best
	}
	for _, a := range addrs {
		n, ok := a.(*net.IPNet)
		if !ok || !n.IP.IsGlobalUnicast() {
			continue
		}
		if n.IP.IsPrivate() && n.IP.To4() != nil {
			return n.IP
		}
		if best.IsLoopback() {
			best = n.IP
		}
	}
	return best
}

// Resolve returns all addresses that an address stands for now: its host may be a name
// that several nodes share. They are in the order of the answer.
func Resolve(ctx context.Context, addr string) ([]string, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("address %q: %w", addr, err)
	}
	if net.ParseIP(host) != nil {
		return []string{addr}, nil
	}
	found, err := net.DefaultResolver.LookupHost(ctx, host)
	if err != nil {
		return nil, fmt.Errorf("address %q: %w", addr, err)
	}
	for i := range found {
		found[i] = net.JoinHostPort(found[i], port)
	}
	return found, nil
}

// hostPort splits an address with a numeric port.
func hostPort(addr string) (host string, port int, err error) {
	host, text, err := net.SplitHostPort(addr)
	if err != nil {
		return "", 0, fmt.Errorf("address %q: %w", addr, err)
	}
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return "", 0, fmt.Errorf("address %q: port: %w", addr, err)
	}
	return host, int(n), nil
}
