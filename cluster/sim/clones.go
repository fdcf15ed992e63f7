package sim

import (
	"math/rand/v2"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// twinMark ends the name that traces use for a second process of a node's identity.
const twinMark = "'"

// identity is the name that the node itself and the ring know.
func (n *node) identity() string { return strings.TrimSuffix(n.name, twinMark) }

// copyDisk is a copy of what a disk holds at this instant.
func copyDisk(disk *vfs.MemFS) *vfs.MemFS {
	return disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 100, RNG: rand.New(rand.NewPCG(1, 1))})
}

// snapshot copies the disk of a node that runs, and puts the copy back some time
// later. One in a run: the copies of an acknowledged write may be two.
func (in *injector) snapshot(n *node) {
	if in.copied != nil || n.life == nil || n.out {
		return
	}
	in.copied = n
	disk := copyDisk(n.disk)
	in.note("%s's disk is copied", n.name)
	in.after(in.lasting(), func() {
		if in.healed || n.out || n.life == nil {
			return
		}
		in.crash(n)
		in.note("%s gets its disk back as it was", n.name)
		n.disk = disk
		in.after(in.lasting(), func() { in.revive(n) })
	})
}

// clone starts a second process of a node's identity, on a copy of its disk and at
// an address of its own. One in a run.
func (in *injector) clone(n *node) {
	if in.twin != nil || n.life == nil || n.out {
		return
	}
	twin := &node{in: in.cluster, index: len(in.nodes), id: n.id, name: n.name + twinMark, addr: n.name + twinMark + "/0", disk: copyDisk(n.disk), out: true}
	in.twin = twin
	in.nodes = append(in.nodes, twin)
	in.note("%s is a copy of %s", twin.name, n.name)
	in.start(twin)
	in.after(in.lasting(), in.endClone)
}

// endClone ends the second process for good. The first one is started again, which
// tells the others where it is.
func (in *injector) endClone() {
	if in.twin == nil || in.twin.life == nil {
		return
	}
	in.crash(in.twin)
	if n := in.byID[in.twin.id]; n.life != nil {
		in.crash(n)
		in.revive(n)
	}
}
