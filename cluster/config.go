package cluster

import (
	"cmp"
	"errors"
	"log/slog"
	"time"

	"github.com/quorate/quorate/cluster/antientropy"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/membership/gossip"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/cluster/peer/fault"
	"github.com/quorate/quorate/cluster/replica"
	"github.com/quorate/quorate/engine"
)

// Defaults of a [Config]: those of the parts of a node.
const (
	DefaultRequestTimeout      = peer.DefaultRequestTimeout
	DefaultSiblingsWarn        = replica.DefaultSiblingsWarn
	DefaultSiblingsRefuse      = replica.DefaultSiblingsRefuse
	DefaultAntiEntropyInterval = antientropy.DefaultTick
	DefaultAntiEntropyRate     = antientropy.DefaultRepairRate
	DefaultTombstoneGrace      = antientropy.DefaultGrace
	DefaultGossipProfile       = gossip.DefaultProfile
)

// Config says what a node is and how it behaves. Zero fields have the defaults
// named beside them.
type Config struct {
	// Name is the node's name in the cluster: unique, and for good.
	Name string
	// Zone groups nodes that fail together; empty: each node by itself.
	Zone string
	// ClientAddr, AdvertisePeerAddr and AdminAddr are the addresses that others
	// are told; AdvertisePeerAddr defaults to the address of the peer listener.
	ClientAddr, AdvertisePeerAddr, AdminAddr string
	// Join lists peer addresses of a cluster to join, for a fresh data
	// directory. Empty, and no Founders: found a cluster of one.
	Join []string
	// Replace makes a fresh data directory take the place of the dead member of this
	// node's name, with all that it is to hold.
	Replace bool
	// FoundAfter is how long a fresh node listens for members of a cluster that take it
	// for one of them, before it founds a cluster of its own; 0: not at all.
	FoundAfter time.Duration
	// FoundIfAbsent makes a fresh node found a cluster if none of the addresses of Join is that of
	// a member of one. Of all nodes that have the same Join, one has it.
	FoundIfAbsent bool
	// Founders are the members of a cluster that is founded at once by nodes
	// that all have the same list, this one among them, and the same ClusterID.
	Founders  []ring.Member
	ClusterID string
	// Whereabouts are the addresses that members have now. It is for nodes that are
	// started together and may all have moved: none could tell the others.
	Whereabouts []ring.Member
	// Secret is shared by all peers of a cluster; empty: none.
	Secret string
	// AcceptSecrets are secrets of peers that are accepted besides Secret.
	AcceptSecrets []string
	// PeerStreams bounds the streams that peers may open to this node; default: that of
	// package peer.
	PeerStreams int
	// PeerLanes is how many foreground streams the node opens to each peer; default 1. See
	// [peer.LanesFor].
	PeerLanes int
	// GossipProfile is local, lan or wan; default [DefaultGossipProfile].
	GossipProfile string

	// N, R and W of a cluster that this node founds; default [ring.DefaultN] and so on.
	N, R, W int
	// Partitions of a cluster that this node founds; default [ring.DefaultPartitions].
	Partitions int

	// Store is passed to the engine; Self, Partitions and Logger are filled in.
	Store engine.Options

	// Links are faults that the node's peer sockets obey; nil: none, ever. They
	// belong to the process, and outlive the node.
	Links *fault.Links

	Policy                       register.Policy // default: last writer wins
	RequestTimeout               time.Duration   // default [DefaultRequestTimeout]
	SiblingsWarn, SiblingsRefuse int             // defaults [DefaultSiblingsWarn], [DefaultSiblingsRefuse]

	AntiEntropyInterval time.Duration // default [DefaultAntiEntropyInterval]
	AntiEntropyRate     int64         // bytes a second; default [DefaultAntiEntropyRate]
	TombstoneGrace      time.Duration // default [DefaultTombstoneGrace]

	Logger *slog.Logger
	// Now is the wall clock; default time.Now.
	Now func() time.Time
}

func (c *Config) setDefaults() {
	if c.N == 0 {
		c.N, c.R, c.W = ring.DefaultN, ring.DefaultR, ring.DefaultW
	}
	c.Partitions = cmp.Or(c.Partitions, ring.DefaultPartitions)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
}

// Validate reports everything that is wrong with a configuration.
func (c Config) Validate() error {
	c.setDefaults()
	var errs []error
	if err := ring.ValidName(c.Name); err != nil {
		errs = append(errs, err)
	}
	if err := (ring.Quorums{N: c.N, R: c.R, W: c.W}).Validate(); err != nil {
		errs = append(errs, err)
	}
	if err := ring.ValidPartitions(c.Partitions); err != nil {
		errs = append(errs, err)
	}
	if len(c.Founders) > 0 && c.ClusterID == "" {
		errs = append(errs, errors.New("founders need a common cluster id"))
	}
	return errors.Join(errs...)
}
