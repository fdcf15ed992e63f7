package sim

import (
	"math/rand/v2"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/quorate/quorate/cluster/core/message"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/core/wire"
	"github.com/quorate/quorate/engine"
)

// fewestCopies is on how many disks an acknowledged write is at least: no run writes with
// a smaller W.
const fewestCopies = 2

// checkCopies: at this instant, whoever is down, an acknowledged write that nothing can
// have replaced is on W disks, as a copy or as a hint. What is not synced does not count.
func (ch *checker) checkCopies() {
	holders := make(map[string]map[ring.NodeID]bool)
	for _, n := range ch.nodes {
		if n.lives == 0 || n.out && n.life == nil {
			continue
		}
		for _, value := range ch.synced(n) {
			if holders[value] == nil {
				holders[value] = make(map[ring.NodeID]bool)
			}
			holders[value][n.id] = true
		}
	}
	for _, o := range ch.history.ops {
		if o.action != actionSet || o.outcome != succeeded || o.expiry != 0 || ch.unsynced(o) || ch.mayBeReplaced(o) {
			continue
		}
		if got, want := len(holders[o.value]), fewestCopies-ch.losers(o); got < want {
			ch.fail("thin: %v was acknowledged and is on %d disks", o, got)
		}
	}
}

// unsynced reports whether nodes may have acknowledged an op and not synced it yet.
func (ch *checker) unsynced(o *op) bool {
	if !ch.forgets {
		return false
	}
	for _, n := range ch.nodes {
		if n.life != nil && n.life.frozen {
			return true
		}
	}
	return o.end > ch.now-syncedWithin
}

// checkDelivered: a node has acknowledged a background write, and the sender is about to
// delete its hint. It is on the node's disk.
func (ch *checker) checkDelivered(p *packet) {
	n := p.to.node
	if ch.delivered++; ch.delivered < ch.nextDelivered || ch.losesAny(n) {
		return
	}
	ch.nextDelivered = 2*ch.delivered + 1 // opening a disk takes long
	store := ch.openSynced(n)
	if store == nil {
		return
	}
	defer store.Crash()
	d := wire.NewReader(p.body)
	for range message.ReadCount(&d) {
		w := message.ReadWrite(&d)
		sent, err := object.Decode(w.Object)
		if err != nil || d.Failed() {
			ch.fail("%v cannot be read: %v", p, err)
			return
		}
		var held object.Object
		encoded, _, found, err := store.Find(w.Partition, w.Key, nil)
		if found && err == nil {
			held, err = object.Decode(encoded)
		}
		if err != nil {
			ch.fail("what %s has synced cannot be read: %v", n.name, err)
			return
		}
		for i := range sent.Siblings {
			if s := &sent.Siblings[i]; s.Live(unixMilli(ch.now)) && !held.Clock.Covers(s.Dot) && !store.Clears().Current().Covers(s.Dot.Actor) && ch.ring().IsPrimary(n.id, w.Partition) {
				ch.fail("undelivered: %s has acknowledged %s to %s, and has on its disk %s", n.name, describe(&sent), p.from.node.name, describe(&held))
			}
		}
	}
}

// synced lists the values that a crash of the node would leave, copies and hints.
func (ch *checker) synced(n *node) (values []string) {
	store := ch.openSynced(n)
	if store == nil {
		return nil
	}
	defer store.Crash()
	add := func(encoded []byte, err error) {
		var o object.Object
		if err == nil {
			o, err = object.Decode(encoded)
		}
		if err != nil {
			ch.fail("what %s has synced cannot be read: %v", n.name, err)
		}
		for i := range o.Siblings {
			values = append(values, string(o.Siblings[i].Data))
		}
	}
	for i := range ch.opts.Partitions {
		for e, err := range store.Scan(ring.Partition(i), 0) {
			add(e.Object, err)
		}
	}
	for target := range store.Hints().Targets() {
		for h, err := range store.Hints().Scan(target) {
			add(h.Object, err)
		}
	}
	return values
}

// openSynced opens what a crash of the node would leave, or returns nil.
func (ch *checker) openSynced(n *node) *engine.Store {
	disk := n.disk.CrashClone(vfs.CrashCloneCfg{RNG: rand.New(rand.NewPCG(1, 1))})
	store, err := engine.Open(engine.Options{
		Dir: "data", FS: disk, Partitions: ch.opts.Partitions, Self: n.id, Name: n.identity(),
		CacheBytes: 1 << 20, ObjectCacheBytes: -1, MemtableBytes: 1 << 20,
		Now: func() time.Time { return epoch.Add(ch.now) }, Rand: rand.New(rand.NewPCG(1, 1)),
	})
	if err != nil {
		ch.fail("what %s has synced cannot be opened: %v", n.name, err)
		return nil
	}
	return store
}
