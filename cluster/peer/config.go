package peer

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/peer/fault"
)

// Config configures a channel. A zero field means the default named beside it.
type Config struct {
	Self     causal.NodeID // required
	Name     string        // required
	Instance string        // id of the data directory; tells two nodes of one name apart

	// Advertise is the address that this node advertises, host:port. Its default is the
	// address of the listener or, if that is the unspecified one, this machine's first
	// private address.
	Advertise string
	// ClusterID returns the cluster that this node belongs to; "" while it has none.
	// Required. It is called at each handshake.
	ClusterID func() string
	// Secret is shared by the nodes of the cluster. Without one, peers prove nothing.
	Secret string
	// AcceptSecrets are secrets that a dialler may prove instead. They keep nodes
	// together while the secret is changed on one after the other.
	AcceptSecrets []string

	// MaxFrame bounds a body in bytes; default 544 MiB, which holds an object with one
	// value of Redis's 512 MB and its overhead.
	MaxFrame int
	// InboundBytes bounds the bodies, of frames larger than a read buffer, that are
	// being received or served at one time over all streams; default 1 GiB, at least
	// MaxFrame. At the limit streams wait, and break after HandshakeTimeout. Bodies that
	// arrive in pieces have as much for themselves, and are refused at the limit.
	InboundBytes int64
	// QueueBytes and QueueFrames bound what waits to be sent on one stream, and its
	// outstanding requests; defaults 32 MiB and 16384. One frame larger than
	// QueueBytes may be sent if the queue is empty. At the limit requests fail with
	// ErrUnavailable.
	QueueBytes, QueueFrames int
	// Lanes is how many foreground streams are opened to each peer, at most [MaxLanes];
	// default 1.
	Lanes int
	// MaxStreams bounds accepted streams; default 1024. At the limit new ones are
	// refused with RefusedBusy.
	MaxStreams int

	// RequestTimeout completes a foreground request with ErrTimeout; default
	// [DefaultRequestTimeout].
	// BackgroundTimeout does so for background requests; default 30 s.
	RequestTimeout, BackgroundTimeout time.Duration
	// HandshakeTimeout bounds dialling, a handshake, and how long a connection may stay
	// unidentified; default 3 s.
	HandshakeTimeout time.Duration
	// SilenceTimeout breaks a stream on which nothing arrives although requests are
	// outstanding; default 15 s.
	SilenceTimeout time.Duration
	// DrainTimeout bounds how long Run, at its end, waits for requests that are being
	// served; default 500 ms.
	DrainTimeout time.Duration
	// PingInterval is the time between pings of an idle foreground stream; default 1 s.
	PingInterval time.Duration

	// Connected is called when a foreground stream to a peer has been opened. It must
	// not block. The default does nothing.
	Connected func(causal.NodeID)

	// Claimed is called when a member of a cluster dials this node, by its id, while this
	// node belongs to no cluster: with the member's name and its cluster. It must not
	// block. The default does nothing.
	Claimed func(name, cluster string)

	// Logger gets the log; the default discards it.
	Logger *slog.Logger
	// Links is a table of faults that the channel's sockets obey. Its addresses are
	// those of Advertise and SetPeers. Without a table there are no faults.
	Links *fault.Links
}

// DefaultRequestTimeout is how long a request of a client waits for a peer, and a
// client for its request.
const DefaultRequestTimeout = 2 * time.Second

func (c *Config) setDefaults() {
	c.MaxFrame = cmp.Or(c.MaxFrame, 544<<20)
	c.InboundBytes = cmp.Or(c.InboundBytes, max(1<<30, int64(c.MaxFrame)))
	c.QueueBytes = cmp.Or(c.QueueBytes, 32<<20)
	c.QueueFrames = cmp.Or(c.QueueFrames, 16<<10)
	c.Lanes = cmp.Or(c.Lanes, 1)
	c.MaxStreams = cmp.Or(c.MaxStreams, 1024)
	c.RequestTimeout = cmp.Or(c.RequestTimeout, DefaultRequestTimeout)
	c.BackgroundTimeout = cmp.Or(c.BackgroundTimeout, 30*time.Second)
	c.HandshakeTimeout = cmp.Or(c.HandshakeTimeout, 3*time.Second)
	c.SilenceTimeout = cmp.Or(c.SilenceTimeout, 15*time.Second)
	c.DrainTimeout = cmp.Or(c.DrainTimeout, 500*time.Millisecond)
	c.PingInterval = cmp.Or(c.PingInterval, time.Second)
	if c.Connected == nil {
		c.Connected = func(causal.NodeID) {}
	}
	if c.Claimed == nil {
		c.Claimed = func(string, string) {}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
}

// Validate returns an error that names every fault of the configuration.
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
	if c.Lanes < 1 || c.Lanes > MaxLanes {
		errs = append(errs, fmt.Errorf("%d foreground streams for each peer: want 1 to %d", c.Lanes, MaxLanes))
	}
	if int64(c.MaxFrame) > 1<<32-1 || c.MaxFrame < 1<<10 {
		errs = append(errs, fmt.Errorf("largest frame of %d bytes: want 1 KiB to 4 GiB", c.MaxFrame))
	}
	if c.InboundBytes < int64(c.MaxFrame) {
		errs = append(errs, fmt.Errorf("inbound bytes %d: less than the largest frame, %d", c.InboundBytes, c.MaxFrame))
	}
	return errors.Join(errs...)
}
