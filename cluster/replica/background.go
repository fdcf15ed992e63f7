package replica

import (
	"bytes"
	"slices"

	"github.com/quorate/quorate/cluster/core/message"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/engine"
)

// pendingCommit is a batch that is in the memtable and waits for its sync.
// Batches are synced in order, so one waiter serves all of them: while it waits
// for one, the log syncs those behind it with it.
type pendingCommit struct {
	commit engine.Commit
	served *served // of other nodes' writes, or
	wave   *wave   // of this node's own; neither: nobody waits for it
	batch  int     // of wave
}

// awaitCommits acknowledges replica writes as they become durable.
func (c *Coordinator) awaitCommits() {
	finish := func(p pendingCommit) {
		err := p.commit.Wait()
		switch {
		case p.served != nil:
			p.served.acknowledge(err)
		case p.wave != nil:
			p.wave.ownStored(err, p.batch)
			p.wave.leave()
		}
	}
	for {
		select {
		case p := <-c.commits:
			finish(p)
		case <-c.closing:
			for {
				select {
				case p := <-c.commits:
					finish(p)
				default:
					return
				}
			}
		}
	}
}

// forgetCommit lets a commit that nobody waits for run its course.
func (c *Coordinator) forgetCommit(commit engine.Commit) {
	if !commit.Durable() {
		select {
		case c.commits <- pendingCommit{commit: commit}:
			return
		case <-c.closing:
		}
	}
	_ = commit.Wait() // a failed disk ends the node by itself
}

// lateHint is a copy that a node should have and did not get while the request
// ran. It becomes a hint on this node, whose delivery brings it there.
type lateHint struct {
	node      ring.NodeID
	partition ring.Partition
	key       []byte
	object    []byte
	delta     []byte // what the node is sent again before, or nil: see redelivery
	current   bool   // there is no object: the hint is what this node holds of the key
	counter   uint32 // of Coordinator.hinting
}

// clone returns the hint with memory of its own. That of a large object nobody uses again, so
// that the hint may share it.
func (h lateHint) clone() lateHint {
	if h.key = bytes.Clone(h.key); len(h.object) < sharedTail {
		h.object = bytes.Clone(h.object)
	}
	return h
}

// isFor reports whether two hints are for the same node and key.
func (h lateHint) isFor(other lateHint) bool {
	return h.node == other.node && h.partition == other.partition && bytes.Equal(h.key, other.key)
}

// keepLate queues a late hint; when the queue is full, the copy is left to
// anti-entropy, and counted.
func (c *Coordinator) keepLate(h lateHint) {
	if len(h.object) == 0 && !h.current {
		return
	}
	h.counter = c.hinting.enter()
	select {
	case c.late <- h:
	default:
		c.hinting.leave(h.counter)
		c.again.release(h.delta)
		c.count.HintsDropped.Add(1)
	}
}

// keepLateHints stores late hints, as many at once as have come.
func (c *Coordinator) keepLateHints() {
	const most = 256
	for {
		var batch []*engine.Record
		var whole []lateHint // of all that this node holds of a key, one for each node and key
		var waiting [2]int64 // of batch, by counter
		taken := 0
		add := func(h lateHint) {
			taken++
			waiting[h.counter]++
			large := isOfLarge(c, &h)
			if large && c.again.add(&h) {
				return
			}
			c.again.release(h.delta)
			switch {
			case large:
				c.count.LeftToComparison.Add(1)
				c.cfg.Missed(h.node)
			case !h.current:
				batch = append(batch, h.record(c.cfg.Self))
			case !slices.ContainsFunc(whole, h.isFor):
				whole = append(whole, h)
			}
		}
		select {
		case h := <-c.late:
			add(h)
		case <-c.closing:
			// What is left is stored by the loop below, once.
		}
		for more := true; more && taken < most; {
			select {
			case h := <-c.late:
				add(h)
			default:
				more = false
			}
		}
		if taken == 0 {
			return
		}
		for i := range whole {
			if c.complete(&whole[i]) {
				batch = append(batch, whole[i].record(c.cfg.Self))
			} else {
				c.count.HintsDropped.Add(1)
			}
		}
		commit, err := c.cfg.Store.Apply(batch)
		for counter, n := range waiting {
			c.hinting.leaveMany(uint32(counter), n)
		}
		if err != nil {
			c.count.HintsDropped.Add(int64(len(batch)))
			continue
		}
		c.forgetCommit(commit)
		for _, r := range batch {
			if r.Err != nil {
				c.count.HintsDropped.Add(1)
			} else {
				c.count.HintsStored.Add(1)
			}
		}
	}
}

// complete gives a late hint the object that this node holds of the key, and reports whether there is
// one.
func (c *Coordinator) complete(h *lateHint) bool {
	own, err := c.lookUp(h.partition, h.key, nil)
	h.object = own.encoded
	return err == nil && own.found
}

func (h lateHint) record(self ring.NodeID) *engine.Record {
	r := &engine.Record{Partition: h.partition, Key: h.key, Hint: h.node, Merge: h.object}
	if h.node == self {
		r.Hint = 0
	}
	return r
}

// sendRepairs brings replicas that a read found stale up to date, after the
// client has its answer. A repair that is lost is made by the next read, or by
// anti-entropy.
func (f *wave) sendRepairs() {
	for _, r := range f.repairs {
		f.c.count.ReadRepairs.Add(1)
		if r.node == f.c.cfg.Self {
			commit, err := f.c.cfg.Store.Apply([]*engine.Record{{Partition: r.p, Key: r.key, Merge: r.object}})
			if err == nil {
				f.c.forgetCommit(commit)
			}
			continue
		}
		body := message.Write{Partition: r.p, Key: r.key, Object: r.object}.Append(message.AppendCount(nil, 1))
		f.c.cfg.Channel.Send(r.node, peer.Background, peer.Write, body, ignored{})
	}
}

// ignored is the completion of a frame whose answer does not matter.
type ignored struct{}

func (ignored) Complete(ring.NodeID, []byte, error) {}
