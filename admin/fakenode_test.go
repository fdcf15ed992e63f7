package admin

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/quorate/quorate/cluster/antientropy"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/histogram"
	"github.com/quorate/quorate/cluster/core/quorum"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/core/settings"
	"github.com/quorate/quorate/cluster/coverage"
	"github.com/quorate/quorate/cluster/handoff"
	"github.com/quorate/quorate/cluster/membership"
	"github.com/quorate/quorate/cluster/membership/gossip"
	"github.com/quorate/quorate/cluster/operation"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/cluster/peer/fault"
	"github.com/quorate/quorate/cluster/repair"
	"github.com/quorate/quorate/cluster/replica"
	"github.com/quorate/quorate/engine"
)

// fakeNode is a node of a ring of three, of which C is down.
type fakeNode struct {
	ready  chan struct{}
	health error
	doubt  engine.Doubt
	mu     sync.Mutex // of state
	state  *ring.State
	calls  []string
	policy register.Policy
}

// parts returns the node as the port sees it. Its parts are the node itself, but for those
// whose methods have the same names.
func (n *fakeNode) parts() Node {
	return Node{
		Lifecycle: n, Membership: n, Coverage: n, Copies: n, Syncer: n, Repair: fakeRepair{}, Changes: n, Coordinator: n, Settings: n,
		Store: fakeStore{n}, Disk: fakeStore{n}, Trees: fakeStore{n}, Partitions: fakeStore{n}, Channel: fakeChannel{}, Gossip: fakeGossip{n},
	}
}

type fakeStore struct{ n *fakeNode }

func (s fakeStore) Metrics() engine.Metrics { return engine.Metrics{Records: 7} }

func (s fakeStore) Health() error { return s.n.health }

func (s fakeStore) Doubt() engine.Doubt { return s.n.doubt }

func (s fakeStore) Roots([]uint64) []uint64 { return []uint64{0, 255, 0, 1} }

func (s fakeStore) PartitionReady(ring.Partition) bool { return true }

func (s fakeStore) Bytes(ring.Partition) int64 { return 100 }

func (s fakeStore) Keys(ring.Partition) (int64, int64) { return 8, 9 }

type fakeGossip struct{ n *fakeNode }

func (g fakeGossip) Interval() time.Duration { return time.Second }

func (g fakeGossip) Health() int { return 0 }

type fakeChannel struct{}

func (c fakeChannel) Counters() *peer.Counters { return new(peer.Counters) }

func newFakeNode() *fakeNode {
	var members []ring.Member
	for _, name := range []string{"A", "B", "C"} {
		members = append(members, ring.Member{ID: ring.IDOf(name), Name: name, ClientAddr: name + ":1", PeerAddr: name + ":2", AdminAddr: "127.0.0.1:1"})
	}
	n := &fakeNode{ready: make(chan struct{}), state: ring.NewState("c", 8, ring.Quorums{N: 3, R: 2, W: 2}, members...)}
	close(n.ready)
	return n
}

func (n *fakeNode) Uptime() time.Duration { return time.Second }

func (n *fakeNode) Ready() <-chan struct{} { return n.ready }

func (n *fakeNode) Name() string { return "A" }

func (n *fakeNode) Ring() *ring.Ring {
	n.mu.Lock() // a ring is computed from the state, and the state keeps what it computes
	defer n.mu.Unlock()
	return ring.NewRing(n.state)
}

func (n *fakeNode) Alive(id ring.NodeID) bool { return id != ring.IDOf("C") }

func (c fakeChannel) Status() map[ring.NodeID]peer.PeerStatus {
	return map[ring.NodeID]peer.PeerStatus{
		ring.IDOf("B"): {Foreground: true, Background: true, Available: true, WaitTime: 20 * time.Millisecond, RoundTrip: 300 * time.Microsecond},
		ring.IDOf("C"): {WaitTime: 100 * time.Millisecond, LastError: errors.New("dial: refused"), FailedAt: time.UnixMilli(7)},
	}
}

func (n *fakeNode) Counters() *replica.Counters { return new(replica.Counters) }

func (n *fakeNode) record(format string, a ...any) {
	n.calls = append(n.calls, fmt.Sprintf(format, a...))
}

func (n *fakeNode) Status(context.Context) (all []coverage.MemberStatus) {
	for _, m := range n.Ring().Members() {
		up := n.Alive(m.ID)
		all = append(all, coverage.MemberStatus{Member: m, Known: up, Keys: 5})
	}
	return all
}

func (n *fakeNode) SetQuorums(_ context.Context, q quorum.NRW) error {
	n.record("quorums %d %d %d", q.N, q.R, q.W)
	return q.Validate()
}

func (n *fakeNode) Leave(_ context.Context, id ring.NodeID) error {
	n.record("leave %s", n.Ring().Name(id))
	return nil
}

func (n *fakeNode) Remove(_ context.Context, id ring.NodeID) error {
	n.record("remove %s", n.Ring().Name(id))
	return nil
}

func (n *fakeNode) Vacate(_ context.Context, id ring.NodeID) error {
	n.record("vacate %s", n.Ring().Name(id))
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.state.Vacate(id)
}

func (g fakeGossip) Observe(id ring.NodeID) gossip.Observation {
	if !g.n.Alive(id) {
		return gossip.Observation{State: gossip.Dead}
	}
	return gossip.Observation{State: gossip.Alive}
}

func (n *fakeNode) ScanKeys(context.Context, uint64, int) ([][]byte, uint64, error) {
	return nil, 0, nil
}

func (n *fakeNode) Tree(ring.Partition) ([][]uint64, error) { return [][]uint64{{7}}, nil }

func (n *fakeNode) HeldIn(ring.Partition, []int) ([]antientropy.Held, bool, error) {
	return nil, false, nil
}

func (n *fakeNode) SyncAll(context.Context) (s antientropy.Stats, err error) { return s, nil }

func (n *fakeNode) Do(_ context.Context, requests []*replica.Request) {
	for _, r := range requests {
		n.record("do %s", r.Key)
	}
}

func (n *fakeNode) Figures() coverage.Figures {
	return coverage.Figures{Keys: 5, Hints: map[ring.NodeID]engine.HintStats{ring.IDOf("C"): {Count: 2, Bytes: 60, Oldest: time.UnixMilli(9000)}}}
}

func (n *fakeNode) Document() *settings.Document {
	d := settings.Founded(register.LWW)
	if n.policy != register.LWW {
		_ = d.SetPolicy(ring.IDOf("A"), n.policy)
	}
	return d
}

func (n *fakeNode) SetPolicy(_ context.Context, p register.Policy) error {
	n.record("policy %v", p)
	n.policy = p
	return nil
}

func (n *fakeNode) History(context.Context, []byte) (h replica.History) { return h }

func (n *fakeNode) Policy() register.Policy { return n.policy }

func (n *fakeNode) RingChanges() []membership.RingChange { return nil }

func (n *fakeNode) Operations() *operation.Registry { return operation.NewRegistry(operation.Config{}) }

// fakeRepair is the repair of a [fakeNode], which has another Status.
type fakeRepair struct{}

func (fakeRepair) Pause() {}

func (fakeRepair) Resume() {}

func (fakeRepair) HoldHints() {}

func (fakeRepair) ReleaseHints() {}

func (fakeRepair) Status() repair.Status {
	return repair.Status{
		Hints:   handoff.HintStats{Delivered: 3},
		Failing: []antientropy.Progress{{Partition: 5, Peer: ring.IDOf("C"), Failures: 2, Error: errors.New("no stream"), Retry: time.UnixMilli(8000)}},
		Reaping: antientropy.ReapStatus{Blocking: []antientropy.Blocker{{Node: ring.IDOf("C"), Since: time.UnixMilli(1_800_000_000_000)}}},
	}
}

// fakeProcess has one node, which may be killed.
type fakeProcess struct {
	node     *fakeNode
	killed   bool
	links    []fault.Link
	draining time.Time
}

func (p *fakeProcess) Node() (Node, error) {
	if p.killed {
		return Node{}, ErrKilled
	}
	return p.node.parts(), nil
}

func (p *fakeProcess) Kill(node string) error {
	switch {
	case node != "A":
		return ErrNotHere
	case p.killed:
		return ErrAlready
	}
	p.killed = true
	return nil
}

func (p *fakeProcess) ReviveEmpty(node string) error { return p.Revive(node) }

func (p *fakeProcess) Revive(node string) error {
	if node != "A" {
		return ErrNotHere
	}
	p.killed = false
	return nil
}

func (p *fakeProcess) Links() []fault.Link { return p.links }

func (p *fakeProcess) SetLinks(faults []fault.Link) error { p.links = faults; return nil }

func (p *fakeProcess) SetClock(string, time.Duration) error { return ErrNotHere }

func (p *fakeProcess) FillDisk(string) error { return ErrNotHere }

func (p *fakeProcess) UnfillDisk(string) error { return ErrNotHere }

func (p *fakeProcess) AddNode(context.Context) (string, error) { return "", ErrNotDemo }

func (p *fakeProcess) Join([]string) error { return ErrAlready }

func (p *fakeProcess) Chaos() bool { return true }

func (p *fakeProcess) Commands(func(histogram.CommandTimes)) {}

func (p *fakeProcess) Clients() int { return 3 }

func (p *fakeProcess) Drain() error { p.draining = time.UnixMilli(4000); return nil }

func (p *fakeProcess) Undrain() error { p.draining = time.Time{}; return nil }

func (p *fakeProcess) DrainingSince() time.Time { return p.draining }

func (p *fakeProcess) Tracing() TracingCounts { return TracingCounts{} }

func (p *fakeProcess) Demo() bool { return false }
