package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// moveTo gives the node another peer address for its next start.
func (n *node) moveTo(peer string) {
	n.args[slices.Index(n.args, "--peer-addr")+1], n.peer = peer, peer
}

// searchAt makes the node look for members at these addresses when it starts.
func (n *node) searchAt(peers ...string) {
	if at := slices.Index(n.args, "--found"); at >= 0 {
		n.args = slices.Delete(n.args, at, at+1)
	}
	if at := slices.Index(n.args, "--join"); at >= 0 {
		n.args = slices.Delete(n.args, at, at+2)
	}
	n.args = append(n.args, "--join", strings.Join(peers, ","))
}

// awaitFound waits until every running node has every running one at its address of now,
// and reaches it.
func (f *fleet) awaitFound() {
	f.t.Helper()
	within(f.t, patience, "every node found where it is", func() error {
		for _, n := range f.nodes {
			if !n.running() {
				continue
			}
			var v struct {
				Nodes []struct {
					Name  string
					Alive bool
					Peer  string `json:"peer_addr"`
				}
			}
			if err := n.get("/api/cluster", &v); err != nil {
				return err
			}
			for _, m := range v.Nodes {
				at := slices.IndexFunc(f.nodes, func(n *node) bool { return n.name == m.Name })
				if is := f.nodes[at]; is.running() && (m.Peer != is.peer || !m.Alive) {
					return fmt.Errorf("%s has %s at %s, alive %v; it is at %s", n.name, m.Name, m.Peer, m.Alive, is.peer)
				}
			}
		}
		return nil
	})
}

// A node is its name and its disk, wherever it listens. While one after the other moves,
// the two others make every quorum: so whoever moved must have been found by the next move.
func TestMoved_NodesRestartedAtOtherPeerAddresses_AreFoundAndNoQuorumIsLost(t *testing.T) {
	f := newFleet(t, 3)
	h := newHistory()
	l := startLoad(t, h, f.nodes...)
	l.awaitOps(warmUp)
	for _, n := range f.nodes {
		n.stop()
		n.moveTo(freePorts(t, 1)[0])
		n.restart()
		f.awaitFound()
		l.awaitOps(warmUp)
	}
	l.stop()
	l.noFaults()
	f.awaitPlaces()

	b, c := f.nodes[1], f.nodes[2]
	t.Log("B and C swap their addresses")
	b.stop()
	c.stop()
	peerOfB := b.peer
	b.moveTo(c.peer)
	c.moveTo(peerOfB)
	b.start()
	c.start()
	f.awaitFound()
	f.awaitPlaces()
	h.verify(t, f)

	t.Log("all move at once")
	for _, n := range f.nodes {
		n.stop()
	}
	fresh := freePorts(t, len(f.nodes))
	for i, n := range f.nodes {
		n.moveTo(fresh[i])
		n.searchAt(slices.Delete(slices.Clone(fresh), i, i+1)...)
		n.start()
	}
	f.awaitFound()
	f.awaitPlaces()
	f.awaitIdentical(3)
	h.verify(t, f)
}
