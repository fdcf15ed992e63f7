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
func (s *Sim) snapshot(n *node) {
	if s.copied != nil || n.life == nil || n.out {
		return
	}
	s.copied = n
	disk := copyDisk(n.disk)
	s.note("%s's disk is copied", n.name)
	s.after(s.lasting(), func() {
		if s.healed || n.out || n.life == nil {
			return
		}
		s.crash(n)
		s.note("%s gets its disk back as it was", n.name)
		n.disk = disk
		s.after(s.lasting(), func() { s.revive(n) })
	})
}

// clone starts a second process of a node's identity, on a copy of its disk and at
// an address of its own. One in a run.
func (s *Sim) clone(n *node) {
	if s.twin != nil || n.life == nil || n.out {
		return
	}
	twin := &node{sim: s, index: len(s.nodes), id: n.id, name: n.name + twinMark, addr: n.name + twinMark + "/0", disk: copyDisk(n.disk), out: true}
	s.twin = twin
	s.nodes = append(s.nodes, twin)
	s.note("%s is a copy of %s", twin.name, n.name)
	s.start(twin)
	s.after(s.lasting(), s.endClone)
}

// endClone ends the second process for good. The first one is started again, which
// tells the others where it is.
func (s *Sim) endClone() {
	if s.twin == nil || s.twin.life == nil {
		return
	}
	s.crash(s.twin)
	if n := s.byID[s.twin.id]; n.life != nil {
		s.crash(n)
		s.revive(n)
	}
}
