package peer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/peer/fault"
)

// Config is what a channel is made of. Zero fields have the defaults named
// beside them.
type Config struct {
	Self     causal.NodeID // required
	Name     string        // required
	Instance string        // of the data directory; tells a node from a namesake

	// Addr is the address to bind, host:port; required. Advertise is what others
	// are told, host:port; default: the bound address, or, where that is the
	// unspecified one, this machine's first private address.
	Addr, Advertise string
	// ClusterID is the cluster this node belongs to; empty while it has none.
	// Required; called at each handshake.
	ClusterID func() string
	// Secret is shared by the nodes of the cluster; empty: no proof is asked.
	Secret string

	// MaxFrame bounds a body; default 544 MiB, which holds an object with one
	// value of Redis's 512 MB and its bookkeeping.
	MaxFrame int
	// InboundBytes bounds the bodies beyond a read buffer that are being received
	// or served at one time, over all streams; at least MaxFrame; default 1 GiB.
	// Full: the streams wait, and break after HandshakeTimeout.
	InboundBytes int64
	// QueueBytes and QueueFrames bound what waits to be sent on one stream, and
	// the requests it may have outstanding; defaults 32 MiB, 16384. One frame
	// bigger than QueueBytes may go if nothing else waits. Full: ErrUnavailable.
	QueueBytes, QueueFrames int
	// MaxStreams bounds accepted streams; default 1024. Full: RefusedBusy.
	MaxStreams int

	// RequestTimeout completes a foreground request with ErrTimeout; default 2 s.
	// BackgroundTimeout is the same for background requests; default 30 s.
	RequestTimeout, BackgroundTimeout time.Duration
	// HandshakeTimeout bounds a dial, a handshake, and how long a connection may
	// stay unidentified; default 3 s.
	HandshakeTimeout time.Duration
	// SilenceTimeout breaks a stream on which nothing comes back although
	// something is asked; default 15 s.
	SilenceTimeout time.Duration
	// DrainTimeout bounds how long Run, when told to end, waits for requests that
	// are being served; default 500 ms.
	DrainTimeout time.Duration
	// PingInterval is how often an idle foreground stream is tried; default 1 s.
	PingInterval time.Duration

	// Connected is told of a peer to which a foreground stream stands from now on,
	// by a goroutine that has to go on: it must return at once. Default: nobody is.
	Connected func(causal.NodeID)

	Logger *slog.Logger
	// Network is where addresses live; default: this machine's.
	Network Network
	// Links is a table of faults that the channel's sockets obey. Its addresses are
	// those of Advertise and SetPeers. Without a table there are no faults.
	Links *fault.Links
}

// Network makes the sockets, so that tests can have links in memory.
type Network interface {
	Listen(addr string) (net.Listener, error)
	ListenPacket(addr string) (net.PacketConn, error)
	DialContext(ctx context.Context, addr string) (net.Conn, error)
}

func orDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

func (c *Config) setDefaults() {
	orDefault(&c.MaxFrame, 544<<20)
	orDefault(&c.InboundBytes, max(1<<30, int64(c.MaxFrame)))
	orDefault(&c.QueueBytes, 32<<20)
	orDefault(&c.QueueFrames, 16<<10)
	orDefault(&c.MaxStreams, 1024)
	orDefault(&c.RequestTimeout, 2*time.Second)
	orDefault(&c.BackgroundTimeout, 30*time.Second)
	orDefault(&c.HandshakeTimeout, 3*time.Second)
	orDefault(&c.SilenceTimeout, 15*time.Second)
	orDefault(&c.DrainTimeout, 500*time.Millisecond)
	orDefault(&c.PingInterval, time.Second)
	if c.Connected == nil {
		c.Connected = func(causal.NodeID) {}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Network == nil {
		c.Network = machine{}
	}
}

// Validate reports everything that is wrong with a configuration.
func (c Config) Validate() error {
	c.setDefaults()
	var errs []error
	if c.Self == 0 {
		errs = append(errs, errors.New("node id is missing"))
	}
	if c.Name == "" || len(c.Name) > maxHelloString || len(c.Instance) > maxHelloString {
		errs = append(errs, fmt.Errorf("node name or instance: want 1 to %d bytes", maxHelloString))
	}
	if c.ClusterID == nil {
		errs = append(errs, errors.New("cluster id is missing"))
	}
	if c.Addr == "" {
		errs = append(errs, errors.New("peer address is missing"))
	}
	if int64(c.MaxFrame) > 1<<32-1 || c.MaxFrame < 1<<10 {
		errs = append(errs, fmt.Errorf("largest frame of %d bytes: want 1 KiB to 4 GiB", c.MaxFrame))
	}
	if c.InboundBytes < int64(c.MaxFrame) {
		errs = append(errs, fmt.Errorf("inbound bytes %d: less than the largest frame, %d", c.InboundBytes, c.MaxFrame))
	}
	return errors.Join(errs...)
}
