package peer

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"

	"github.com/quorate/quorate/cluster/peer/fault"
)

// Machine is the [Network] of this machine, without TLS.
type Machine struct{}

// Listen binds a TCP port.
func (Machine) Listen(addr string) (net.Listener, error) { return net.Listen("tcp", addr) }

// ListenPacket binds a UDP port.
func (Machine) ListenPacket(addr string) (net.PacketConn, error) {
	return net.ListenPacket("udp", addr)
}

// DialContext connects by TCP. TCP_NODELAY stays on, Go's default, because the writer
// coalesces frames itself.
func (Machine) DialContext(ctx context.Context, addr string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, "tcp", addr)
}

// faultyNetwork is a network whose links may be faulty.
type faultyNetwork struct {
	Network
	dialer fault.Dialer
}

// DialContext opens a connection that obeys the table of faults.
func (n faultyNetwork) DialContext(ctx context.Context, addr string) (net.Conn, error) {
	return n.dialer.DialContext(ctx, addr)
}

// gossipReceiveBuffer is the size of the UDP receive buffer in bytes. Bursts of gossip
// arrive while the process waits for a processor.
const gossipReceiveBuffer = 2 << 20

// bind binds one port for TCP and UDP. With port 0 the kernel chooses a TCP port whose
// UDP port may be taken, so bind tries several times.
func bind(network Network, addr string) (net.Listener, net.PacketConn, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, nil, fmt.Errorf("peer address %q: %w", addr, err)
	}
	tries := 1
	if port == "0" {
		tries = 16
	}
	var errs []error
	for range tries {
		l, err := network.Listen(addr)
		if err != nil {
			return nil, nil, bindError(addr, err)
		}
		p, err := network.ListenPacket(net.JoinHostPort(host, portOf(l.Addr())))
		if err == nil {
			if u, ok := p.(*net.UDPConn); ok {
				_ = u.SetReadBuffer(gossipReceiveBuffer) // the kernel may allow less
			}
			return l, p, nil
		}
		errs = []error{bindError(addr+" (UDP)", err), l.Close()}
	}
	return nil, nil, errors.Join(errs...)
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
