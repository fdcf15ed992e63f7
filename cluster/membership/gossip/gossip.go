package gossip

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/hashicorp/memberlist"

	"github.com/quorate/quorate/cluster/core/ring"
)

// Delegate is the node that takes part in the gossip. Its methods are called from
// memberlist's goroutines, some under its locks. They must return at once, and must not
// call back.
type Delegate interface {
	// RingDigest returns the digest of the ring state that this node has.
	RingDigest() uint64
	// RingBehind tells that another node has a ring state with another digest.
	RingBehind(from ring.NodeID, digest uint64)
	// PeerUp tells that a node began to answer.
	PeerUp(id ring.NodeID)
	// PeerDown tells that a node ceased to answer.
	PeerDown(id ring.NodeID)
}

// Settings has the settings of the whole cluster. Its methods are called as those of a
// [Delegate] are.
type Settings interface {
	// Digest returns the digest of the settings that this node has; 0: none.
	Digest() uint64
	// Behind tells that a member has settings with that digest, which may be this node's.
	Behind(member ring.NodeID, digest uint64)
}

// Config configures a [Gossip].
type Config struct {
	Self      ring.NodeID
	Name      string
	Instance  string
	ClusterID func() string // separates clusters that share a network; Start asks for it
	// PeerAddr is the address at which others reach this node. ClientAddr and
	// AdminAddr are told along with it.
	PeerAddr, ClientAddr, AdminAddr string
	Secret                          string   // encrypts gossip; empty: clear
	AcceptSecrets                   []string // besides Secret, of packets that arrive
	Profile                         string   // local, lan or wan: memberlist's presets; default DefaultProfile
	Transport                       memberlist.NodeAwareTransport
	Delegate                        Delegate
	Settings                        Settings
	Logger                          *slog.Logger
}

// Gossip is this node's part in the gossip.
type Gossip struct {
	cfg          Config
	preset       *memberlist.Config
	broadcasts   memberlist.TransmitLimitedQueue
	rejoiner     rejoiner
	observations observations
	list         atomic.Pointer[memberlist.Memberlist] // nil before Start
}

// New prepares the gossip; nothing is sent before [Gossip.Start].
func New(cfg Config) (*Gossip, error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	preset, err := presetOf(cmp.Or(cfg.Profile, DefaultProfile))
	if err != nil {
		return nil, err
	}
	preset.Name = cfg.Name
	preset.AdvertiseAddr, preset.AdvertisePort, err = splitHostPort(cfg.PeerAddr)
	if err != nil {
		return nil, fmt.Errorf("advertised peer address %q: %w", cfg.PeerAddr, err)
	}
	preset.BindPort = preset.AdvertisePort
	g := &Gossip{cfg: cfg, preset: preset}
	g.rejoiner.init()
	g.broadcasts.RetransmitMult = preset.RetransmitMult
	g.broadcasts.NumNodes = g.rejoiner.size
	return g, nil
}

// Start begins to gossip, with the transport running. Run must follow: it ends what Start
// began.
func (g *Gossip) Start() (err error) {
	c := *g.preset
	c.Transport = g.cfg.Transport
	c.Label = g.cfg.ClusterID()
	c.Delegate, c.Events = delegate{g}, events{g}
	c.Logger = log.New(&logWriter{log: g.cfg.Logger}, "", 0)
	// A node that comes back is believed at once, even at another address: the peer
	// channel has checked who it is.
	c.DeadNodeReclaimTime = time.Nanosecond
	if g.cfg.Secret != "" {
		if c.Keyring, err = keyring(g.cfg.Secret, g.cfg.AcceptSecrets); err != nil {
			return fmt.Errorf("start gossip: %w", err)
		}
	}
	list, err := memberlist.Create(&c)
	if err != nil {
		return fmt.Errorf("start gossip: %w", err)
	}
	g.list.Store(list)
	return nil
}

// keyring returns the keys of memberlist: the first encrypts, and each decrypts.
func keyring(secret string, accepted []string) (*memberlist.Keyring, error) {
	first := sha256.Sum256([]byte(secret))
	others := make([][]byte, len(accepted))
	for i := range accepted {
		key := sha256.Sum256([]byte(accepted[i]))
		others[i] = key[:]
	}
	return memberlist.NewKeyring(others, first[:])
}

// DefaultProfile is the profile of a cluster in one network.
const DefaultProfile = "lan"

// presetOf returns memberlist's configuration of a profile.
func presetOf(name string) (*memberlist.Config, error) {
	switch name {
	case DefaultProfile:
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

// Run tries to rejoin the members that gossip does not see, until ctx ends, and then
// stops the gossip. It says no goodbye: a node that restarts has not left, and its peers
// notice at once by their streams.
func (g *Gossip) Run(ctx context.Context) error {
	list := g.list.Load()
	g.rejoin(ctx, list)
	return list.Shutdown()
}

// SetMembers names the members of the ring without this node, and where each is reached.
func (g *Gossip) SetMembers(addresses map[ring.NodeID]string) { g.rejoiner.set(addresses) }

// Rejoin tries a member at once that gossip does not see: it was reached by other means.
func (g *Gossip) Rejoin(id ring.NodeID) { g.rejoiner.expedite(id) }

// Announce tells the others which ring state this node has.
func (g *Gossip) Announce(digest uint64) {
	g.broadcasts.QueueBroadcast(announcement{g.note(digest)})
}

// AnnounceSettings tells the others the digest of the settings that this node has.
func (g *Gossip) AnnounceSettings() {
	if list := g.list.Load(); list != nil {
		// The update is queued at once. The error says that nobody has got it yet.
		_ = list.UpdateNode(time.Millisecond)
	}
}

// Interval returns the time between two rounds of gossip.
func (g *Gossip) Interval() time.Duration { return g.preset.GossipInterval }

// Health returns 0 when this node's own part in gossip goes well. The number grows as
// the node misses answers: it is memberlist's awareness of itself (Lifeguard).
func (g *Gossip) Health() int {
	if list := g.list.Load(); list != nil {
		return list.GetHealthScore()
	}
	return 0
}

func aliveIn(list *memberlist.Memberlist) map[ring.NodeID]bool {
	alive := make(map[ring.NodeID]bool)
	for _, n := range list.Members() {
		alive[ring.IDOf(n.Name)] = true
	}
	return alive
}

var errShortNote = errors.New("malformed gossip note")
