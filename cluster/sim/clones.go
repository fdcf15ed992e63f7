package sim

import (
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/quorate/quorate/cluster/core/ring"
)

// twinMark ends the name that traces use for a second process of a node's identity.
const twinMark = "'"

// identity is the name that the node itself and the ring know.
func (n *node) identity() string { return strings.TrimSuffix(n.name, twinMark) }

// copyDisk is a copy of what a disk holds at this instant.
func copyDisk(disk *vfs.MemFS) *vfs.MemFS {
	return disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 100, RNG: rand.New(rand.NewPCG(1, 1))})
}

// unreliable reports whether a node may lose what it has acknowledged. One node in a run
// may, as often as it happens: the copies of an acknowledged write may be two.
func (c *cluster) unreliable(n *node) bool {
	if c.unreliableNode == nil {
		c.unreliableNode = n
	}
	return c.unreliableNode == n
}

// restore kills a node, and puts its disk back as it was after an earlier stop in good
// order.
func (in *injector) restore(n *node) {
	if n.life == nil || n.out || !in.unreliable(n) {
		return
	}
	known := in.started(n)
	in.crash(n)
	in.note("%s gets an older disk back", n.name)
	in.losesAll(n)
	n.outdated.Store(known)
	n.disk, n.backup = n.backup, nil
	in.after(in.lasting(), func() { in.revive(n) })
}

// started reports whether another node that runs has heard of the present start of a node.
func (c *cluster) started(n *node) (known bool) {
	start := n.life.store.Incarnation()
	for _, other := range c.nodes {
		if other.out || other.id == n.id || other.life == nil {
			continue
		}
		other.life.bubble.do(func() {
			state, err := ring.DecodeState(other.life.state.Encode())
			known = known || err == nil && slices.Contains(state.Incarnations(n.id), start)
		})
	}
	return known
}

// snapshot copies the disk of a node that runs, and puts the copy back some time later.
func (in *injector) snapshot(n *node) {
	if n.life == nil || n.out || !in.unreliable(n) {
		return
	}
	disk := copyDisk(n.disk)
	in.note("%s's disk is copied", n.name)
	in.after(in.lasting(), func() {
		if in.healed || n.out || n.life == nil {
			return
		}
		in.crash(n)
		in.note("%s gets its disk back as it was", n.name)
		in.losesAll(n)
		n.disk = disk
		in.after(in.lasting(), func() { in.revive(n) })
	})
}

// clone starts a second process of a node's identity, on a copy of its disk and at
// an address of its own. Often the first process cannot answer it for a while. There is
// one clone in a run. If both go on, one of them must end.
func (in *injector) clone(n *node) {
	if in.twin != nil || n.life == nil || n.out || !in.unreliable(n) {
		return
	}
	twin := &node{in: in.cluster, index: len(in.nodes), id: n.id, name: n.name + twinMark, addr: n.name + twinMark + "/0", disk: copyDisk(n.disk), out: true}
	in.twin = twin
	in.nodes = append(in.nodes, twin)
	in.note("%s is a copy of %s", twin.name, n.name)
	switch {
	case in.rng.IntN(3) == 0 && !n.life.frozen:
		in.freeze(n)
	case in.rng.IntN(2) == 0:
		in.setCut(n, twin, true)
		in.setCut(twin, n, true)
		in.after(in.lasting()+in.lasting(), func() {
			in.setCut(n, twin, false)
			in.setCut(twin, n, false)
		})
	}
	in.start(twin)
	if in.rng.IntN(2) == 0 {
		in.after(in.lasting(), func() {
			if twin.life != nil && twin.out {
				in.crash(twin)
			}
		})
	}
}
