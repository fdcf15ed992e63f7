package gossip

import (
	"context"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/hashicorp/memberlist"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/sim/poll"
)

func TestMeta(t *testing.T) {
	const digest = 0x00fedcba98765432
	addresses := []string{"0123456789abcdef", "client:1", "admin:2"}
	long := strings.Repeat("x", memberlist.MetaMaxSize)
	for _, c := range []struct{ what, meta, want string }{
		{"all of it", string(encodeMeta(addresses, digest, 512)), "0123456789abcdef\nclient:1\nadmin:2\n00fedcba98765432"},
		{"long addresses", string(encodeMeta([]string{"a", long, "b"}, digest, 512)), "\n\n\n00fedcba98765432"},
	} {
		if c.meta != c.want || digestOf([]byte(c.meta)) != digest {
			t.Errorf("%s: %q, digest %x", c.what, c.meta, digestOf([]byte(c.meta)))
		}
	}
	for _, meta := range []string{
		"", "instance\nclient:1\nadmin:2", "a\nb\nc\n", "a\nb\nc\n1", "a\nb\nc\ng0fedcba98765432", "a\nb\nc\n000fedcba98765432",
		string(encodeMeta(addresses, 0, 512)),
	} {
		if got := digestOf([]byte(meta)); got != 0 {
			t.Errorf("%q: digest %x", meta, got)
		}
	}
	if got := digestOf([]byte("a\nb\nc\n0000000000000007\nof the future")); got != 7 {
		t.Errorf("with a line of a newer version: %x", got)
	}
}

// node is a member that only gossips. It is its own [Delegate] and [Settings].
type node struct {
	*Gossip
	digest, heard atomic.Uint64
}

func (*node) RingDigest() uint64                    { return 1 }
func (*node) RingBehind(ring.NodeID, uint64)        {}
func (*node) PeerUp(ring.NodeID)                    {}
func (*node) PeerDown(ring.NodeID)                  {}
func (n *node) Digest() uint64                      { return n.digest.Load() }
func (n *node) Behind(_ ring.NodeID, digest uint64) { n.heard.Store(digest) }

func TestGossip_SettingsDigest_IsHeardOnJoinAndOnEachChange(t *testing.T) {
	var network memberlist.MockNetwork
	a, addr := start(t, &network, "A", 5, secrets{})
	b, _ := start(t, &network, "B", 6, secrets{})
	b.SetMembers(map[ring.NodeID]string{ring.IDOf("A"): addr})
	poll.Until(t, "each to hear of the other", func() bool { return a.heard.Load() == 6 && b.heard.Load() == 5 })
	a.digest.Store(7)
	a.AnnounceSettings()
	poll.Until(t, "a change to be heard", func() bool { return b.heard.Load() == 7 })
}

// While a secret is changed node by node, those that have the new one and those that have
// the old one hear each other, because each accepts the other's.
func TestGossip_SecretsDiffer_AreHeardWhereAccepted(t *testing.T) {
	var network memberlist.MockNetwork
	a, addr := start(t, &network, "A", 5, secrets{own: "old", accepted: []string{"new"}})
	b, _ := start(t, &network, "B", 6, secrets{own: "new", accepted: []string{"old"}})
	b.SetMembers(map[ring.NodeID]string{ring.IDOf("A"): addr})
	poll.Until(t, "each to hear of the other", func() bool { return a.heard.Load() == 6 && b.heard.Load() == 5 })
}

// secrets are those that a node has, and that it accepts besides.
type secrets struct {
	own      string
	accepted []string
}

// start makes a node gossip until the test ends, and returns its address too.
func start(t *testing.T, network *memberlist.MockNetwork, name string, digest uint64, s secrets) (*node, string) {
	t.Helper()
	n := new(node)
	n.digest.Store(digest)
	transport := network.NewTransport(name)
	ip, port, err := transport.FinalAdvertiseAddr("", 0)
	if err != nil {
		t.Fatal(err)
	}
	addr := (&net.TCPAddr{IP: ip, Port: port}).String()
	n.Gossip, err = New(Config{
		Self: ring.IDOf(name), Name: name, PeerAddr: addr, Profile: "local", Transport: transport,
		ClusterID: func() string { return "test" }, Delegate: n, Settings: n, Secret: s.own, AcceptSecrets: s.accepted,
	})
	if err == nil {
		err = n.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	ctx, stop := context.WithCancel(context.Background())
	go func() { done <- n.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return n, addr
}
