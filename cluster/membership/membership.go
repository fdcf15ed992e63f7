package membership

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"strconv"
	"time"

	"github.com/hashicorp/memberlist"

	"github.com/quorate/quorate/cluster/core/ring"
)

// Delegate is whom gossip speaks to. Its methods are called from memberlist's
// goroutines, some under its locks: they must return at once, and must not call
// back.
type Delegate interface {
	// RingDigest names the ring state that this node has.
	RingDigest() uint64
	// RingBehind says which state another node has, whenever it differs.
	RingBehind(from ring.NodeID, digest uint64)
	// PeerUp and PeerDown say that a node began or ceased to answer.
	PeerUp(id ring.NodeID)
	PeerDown(id ring.NodeID)
}

// Config is what a [Membership] is made of.
type Config struct {
	Self      ring.NodeID
	Name      string
	Instance  string
	ClusterID string // separates clusters that share a network
	// PeerAddr is the address that others reach this node at; ClientAddr and
	// AdminAddr are told along with it.
	PeerAddr, ClientAddr, AdminAddr string
	Secret                          string // encrypts gossip; empty: clear
	Profile                         string // lan (default), local or wan: memberlist's presets
	Transport                       memberlist.NodeAwareTransport
	Delegate                        Delegate
	Logger                          *slog.Logger
}

// Membership is this node's part in the gossip.
type Membership struct {
	cfg        Config
	gossip     *memberlist.Config
	broadcasts memberlist.TransmitLimitedQueue
	knocker    knocker
	sights     sights
	list       *memberlist.Memberlist
}

// New prepares the gossip and begins it: the transport must be running.
func New(cfg Config) (*Membership, error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	m := &Membership{cfg: cfg}
	m.knocker.init()
	gossip, err := preset(cfg.Profile)
	if err != nil {
		return nil, err
	}
	host, port, err := splitHostPort(cfg.PeerAddr)
	if err != nil {
		return nil, fmt.Errorf("advertised peer address %q: %w", cfg.PeerAddr, err)
	}
	gossip.Name = cfg.Name
	gossip.AdvertiseAddr, gossip.AdvertisePort = host, port
	gossip.BindPort = port
	gossip.Transport = cfg.Transport
	gossip.Label = cfg.ClusterID
	gossip.Delegate, gossip.Events = delegate{m}, events{m}
	gossip.Logger = log.New(logWriter{cfg.Logger}, "", 0)
	// A node that comes back, at another address even, is taken at its word: the
	// peer channel has checked who it is.
	gossip.DeadNodeReclaimTime = time.Nanosecond
	if cfg.Secret != "" {
		key := sha256.Sum256([]byte(cfg.Secret))
		gossip.SecretKey = key[:]
	}
	m.gossip = gossip
	m.broadcasts.RetransmitMult = gossip.RetransmitMult
	m.broadcasts.NumNodes = m.knocker.size
	if m.list, err = memberlist.Create(gossip); err != nil {
		return nil, fmt.Errorf("start gossip: %w", err)
	}
	return m, nil
}

func preset(name string) (*memberlist.Config, error) {
	switch name {
	case "", "lan":
		return memberlist.DefaultLANConfig(), nil
	case "wan":
		return memberlist.DefaultWANConfig(), nil
	case "local":
		c := memberlist.DefaultLocalConfig()
		// The preset's 200 ms are less than a busy machine's pauses.
		c.ProbeTimeout = 500 * time.Millisecond
		return c, nil
	default:
		return nil, fmt.Errorf("gossip profile %q: want lan, local or wan", name)
	}
}

func splitHostPort(addr string) (host string, port int, err error) {
	host, text, err := net.SplitHostPort(addr)
	if err != nil {
		return "", 0, err
	}
	if net.ParseIP(host) == nil {
		ips, err := net.LookupIP(host)
		if err != nil {
			return "", 0, err
		}
		host = ips[0].String()
	}
	port, err = strconv.Atoi(text)
	return host, port, err
}

// Run knocks on the members that are not seen alive, until ctx ends; then gossip
// stops, without a goodbye: a node that restarts has not left, and its peers
// notice at once by their streams.
func (m *Membership) Run(ctx context.Context) error {
	m.knock(ctx)
	return m.list.Shutdown()
}

// SetMembers says who belongs to the ring, this node left out, and where each is
// reached.
func (m *Membership) SetMembers(addresses map[ring.NodeID]string) { m.knocker.set(addresses) }

// Knock has a silent member knocked on now: it was reached by other means.
func (m *Membership) Knock(id ring.NodeID) { m.knocker.hurry(id) }

// Announce tells the others which ring state this node has.
func (m *Membership) Announce(digest uint64) {
	m.broadcasts.QueueBroadcast(announcement{m.note(digest)})
}

// Alive reports whether gossip sees a node alive, or suspects it at most.
func (m *Membership) Alive(id ring.NodeID) bool { return m.aliveNow()[id] }

func (m *Membership) aliveNow() map[ring.NodeID]bool {
	alive := make(map[ring.NodeID]bool)
	for _, n := range m.list.Members() {
		alive[ring.IDOf(n.Name)] = true
	}
	return alive
}

var errShortNote = errors.New("malformed gossip note")
