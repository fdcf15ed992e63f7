package membership

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
)

// Channel is what a [Membership] needs of the peer channel.
type Channel interface {
	// Call sends a request to a member and waits for its reply.
	Call(ctx context.Context, to ring.NodeID, class peer.Class, kind peer.Kind, body []byte) ([]byte, error)
	// CallAddr does the same with an address, of a node that may be no member.
	CallAddr(ctx context.Context, addr string, kind peer.Kind, body []byte) ([]byte, error)
	// Available reports whether a member can be asked now.
	Available(to ring.NodeID) bool
	// SetPeers names the other members, and where each is reached.
	SetPeers(addresses map[ring.NodeID]string)
}

// Gossip is what a [Membership] needs of the gossip.
type Gossip interface {
	// SetMembers names the other members, and where each is reached.
	SetMembers(addresses map[ring.NodeID]string)
	// Announce tells the others the digest of this node's ring state.
	Announce(digest uint64)
}

// Config configures a [Membership].
type Config struct {
	Self    ring.Member // this node as the ring should know it
	State   *StateStore
	Channel Channel
	Gossip  Gossip
	// Queue runs a function later, and reports whether there was room for it.
	Queue func(func(context.Context)) bool
	// RingChanged is called after each change of the ring. It must not block.
	RingChanged func()
	// Incarnation names this start of the node; 0: it is not recorded.
	Incarnation ring.Incarnation
	Disk        Trust
	// Fail ends the node: it must not go on. It does not block.
	Fail func(error)
	// Resolve returns all addresses that an address stands for: its host may be a name
	// of several. The default is the address itself.
	Resolve func(ctx context.Context, addr string) ([]string, error)
	// Rand jitters the pauses between requests to join. Default: seeded at random.
	Rand   *rand.Rand
	Logger *slog.Logger
	Start  Start
}

// Trust is what a [Membership] asks and tells about the data on the node's disk.
type Trust interface {
	// Unrepaired reports whether the data was lost or is older than it was, and is not all
	// back.
	Unrepaired() bool
	// Outdated notes durably that a start of this node took place of which the disk does
	// not know. An error says that the node must not go on with this disk.
	Outdated(start ring.Incarnation) error
	// Lost notes durably that the disk has nothing of what this node is to hold.
	Lost() error
	// Outgrow keeps what was made in an earlier start from being counted on.
	Outgrow(start ring.Incarnation)
}

// Membership is this node's part in the agreement on the ring.
type Membership struct {
	cfg          Config
	id           ring.NodeID
	state        *StateStore
	log          *slog.Logger
	identity     *Identity
	disseminator *Disseminator
	changes      *Changes
	bootstrap    *bootstrap
	search       *search
	flipped      chan struct{} // has a value once there is a layout to confirm
}

// New returns a membership. Bootstrap must be called first, and then Run.
func New(cfg Config) *Membership {
	if cfg.Resolve == nil {
		cfg.Resolve = func(_ context.Context, addr string) ([]string, error) { return []string{addr}, nil }
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	}
	identity := newIdentity(&cfg)
	m := &Membership{
		cfg: cfg, id: cfg.Self.ID, state: cfg.State, log: cfg.Logger,
		identity: identity, disseminator: newDisseminator(&cfg, identity),
		flipped: make(chan struct{}, 1),
	}
	addresses := &addresses{own: cfg.Self.PeerAddr, join: cfg.Start.Join, resolve: cfg.Resolve, log: cfg.Logger}
	m.bootstrap = &bootstrap{
		self: cfg.Self, incarnation: cfg.Incarnation, start: &m.cfg.Start, state: m.state, disk: cfg.Disk, channel: cfg.Channel,
		identity: identity, disseminator: m.disseminator, addresses: addresses, rand: cfg.Rand, log: m.log,
		callers: make(chan Caller, 1),
	}
	m.search = &search{
		self: m.id, state: m.state, channel: cfg.Channel, identity: identity, disseminator: m.disseminator,
		addresses: addresses, fail: cfg.Fail, log: m.log,
	}
	m.changes = &Changes{state: m.state, disseminator: m.disseminator, alive: m.Alive, log: m.log}
	return m
}

// ID returns this node's id.
func (m *Membership) ID() ring.NodeID { return m.id }

// Name returns this node's name.
func (m *Membership) Name() string { return m.cfg.Self.Name }

// Identity returns who this node is, which answers others that claim to be the same node.
func (m *Membership) Identity() *Identity { return m.identity }

// Disseminator returns what brings the ring state to other nodes.
func (m *Membership) Disseminator() *Disseminator { return m.disseminator }

// Changes returns what changes the ring for operators.
func (m *Membership) Changes() *Changes { return m.changes }

// RingChanges returns the newest states of the ring that this node had, the oldest of
// them first.
func (m *Membership) RingChanges() []RingChange { return m.state.History() }

// Ring returns the current ring; nil before there is one.
func (m *Membership) Ring() *ring.Ring { return m.state.Ring() }

// Alive reports whether a member answers this node.
func (m *Membership) Alive(id ring.NodeID) bool { return id == m.id || m.cfg.Channel.Available(id) }

// Others returns the members of the ring except this node.
func (m *Membership) Others() (ids []ring.NodeID) {
	for _, other := range m.state.Ring().Members() {
		if other.ID != m.id {
			ids = append(ids, other.ID)
		}
	}
	return ids
}

// Bootstrap finds this node's first ring and begins to follow it.
func (m *Membership) Bootstrap(ctx context.Context) (Origin, error) {
	origin, err := m.bootstrap.run(ctx)
	if err == nil {
		m.follow()
	}
	return origin, err
}

// Called tells that a member of a cluster has dialed this node as one of its members,
// while this node has no ring. A node that is to found a cluster does not do so then.
func (m *Membership) Called(by Caller) {
	select {
	case m.bootstrap.callers <- by:
	default: // one is enough
	}
}

// AwaitPeers waits until the streams to all other members stand, so that a node which
// says that it is ready does not answer its first client with NOQUORUM. It waits for at
// most as long as timeout.
func (m *Membership) AwaitPeers(ctx context.Context, timeout time.Duration) {
	const step = 10 * time.Millisecond
	for start := time.Now(); time.Since(start) < timeout; {
		if !slices.ContainsFunc(m.Others(), func(id ring.NodeID) bool { return !m.Alive(id) }) {
			return
		}
		select {
		case <-time.After(step):
		case <-ctx.Done():
			return
		}
	}
}

// Run follows the changes of the ring until ctx ends, pushes those that began here, confirms
// what has come into force, and looks for members that cannot be reached.
func (m *Membership) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return m.search.run(ctx) })
	group.Go(func() error { return m.followChanges(ctx) })
	group.Go(func() error { return m.confirm(ctx) })
	return group.Wait()
}

// followPause is for how long changes of the ring are gathered before they are followed.
const followPause = 200 * time.Microsecond

// followChanges acts on the changes of the ring. Those that come close together are followed once,
// because the newest ring has all of them: one event may make several, and how often the rest of
// the node is woken must not depend on which goroutine is faster.
func (m *Membership) followChanges(ctx context.Context) error {
	var told ringFacts
	for {
		select {
		case <-ctx.Done():
			return nil
		case c := <-m.state.changes:
			tell := m.logged(c, &told)
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(followPause):
			}
			for waiting := len(m.state.changes); waiting > 0; waiting-- {
				tell = m.logged(<-m.state.changes, &told) || tell
			}
			m.follow()
			if m.state.Ring().Unconfirmed() { // which may be newer than the change: see maxChanges
				select {
				case m.flipped <- struct{}{}:
				default:
				}
			}
			if tell {
				_ = m.disseminator.Push(ctx) // gossip tells those whom it did not reach
			}
		}
	}
}

// ringFacts is what the log tells of a ring.
type ringFacts struct {
	version uint64
	members int
	moving  bool
}

// logged logs a change unless the log has told the same of the change before, as it would of
// states of one version, which several members make at once. It reports whether the others have
// to be told of the change.
func (m *Membership) logged(c change, told *ringFacts) (tell bool) {
	now := ringFacts{c.ring.Version(), len(c.ring.Members()), c.ring.InTransition()}
	if c.from != fromMemory && now != *told {
		m.log.Info("ring changed", "version", now.version, "members", now.members, "moving", now.moving)
		*told = now
	}
	return c.from == fromHere
}

// follow makes the rest of the node act on the newest ring.
func (m *Membership) follow() {
	addresses := make(map[ring.NodeID]string)
	for _, other := range m.state.Ring().Audience() {
		if other.ID != m.id {
			addresses[other.ID] = other.PeerAddr
		}
	}
	m.cfg.Channel.SetPeers(addresses)
	m.cfg.Gossip.SetMembers(addresses)
	m.cfg.Gossip.Announce(m.state.Digest())
	m.cfg.RingChanged()
}

// MarkDone records that this node holds all that it gains in the transition to target.
func (m *Membership) MarkDone(target uint64) error {
	return m.state.Change(func(s *ring.State) error { return s.MarkDone(m.id, target) })
}
