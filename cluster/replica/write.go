package replica

import (
	"slices"
	"time"

	"github.com/quorate/quorate/cluster/core/coordination"
	"github.com/quorate/quorate/cluster/core/message"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/core/wire"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/engine"
)

// apply makes the new versions of all ops that are ready, in one engine batch, and sends
// them to the replicas before it waits for this node's disk.
func (f *wave) apply() {
	now := time.Now()
	f.mu.Lock()
	f.batches++
	batch, index := f.batch[:0], f.index[:0]
	f.records = slices.Grow(f.records[:0], len(f.mu.ops))[:len(f.mu.ops)]
	for i := range f.mu.ops {
		o := &f.mu.ops[i]
		if o.phase != phaseApply {
			continue
		}
		o.phase, o.batch, o.made, o.edits, o.large = phaseWrite, f.batches, 0, nil, false
		o.since = now
		o.write.Begin(o.replicas(), o.nrw().Writes(o.req.W))
		r := &f.records[i]
		*r = engine.Record{Partition: o.p, Key: o.req.Key, Merge: o.known, Edit: (*edit)(o), Blind: !o.req.Update.NeedsRead() && !o.rebase, Room: o.encoded}
		if !o.isPrimary() {
			r.Hint = o.hintFor()
		}
		o.traceStep(f.c.cfg.Self, o.roleHere(), ActionApply, r.Hint)
		batch, index = append(batch, r), append(index, i)
	}
	f.batch, f.index = batch, index
	f.mu.Unlock()
	if len(batch) == 0 {
		return
	}
	commit, err := f.c.cfg.Store.Apply(batch)
	f.mu.Lock()
	if err != nil {
		for _, i := range index {
			f.decideLocked(i, err)
		}
		f.mu.Unlock()
		return
	}
	carriers := f.carryLocked(batch, index)
	f.carriers = carriers
	for _, i := range carriers {
		f.replicateLocked(i)
	}
	number := f.batches
	frames := f.mu.outbox.take()
	f.mu.Unlock()
	f.send(frames)
	if len(carriers) == 0 {
		_ = commit.Wait() // what was read may be of a write that is not safe yet
		return
	}
	f.awaitOwn(commit, number)
}

// awaitOwn counts this node's copies when they are safe. Another goroutine waits for the
// disk, so that one that hangs does not keep the other nodes from making the quorum.
func (f *wave) awaitOwn(commit engine.Commit, batch int) {
	if commit.Durable() {
		f.ownStored(commit.Wait(), batch)
		return
	}
	f.users.Add(1)
	select {
	case f.c.commits <- pendingCommit{commit: commit, wave: f, batch: batch}:
	case <-f.c.closing:
		f.ownStored(commit.Wait(), batch)
		f.leave()
	}
}

// ownStored counts this node's copies of one batch, if they are safe.
func (f *wave) ownStored(err error, batch int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.mu.finished || err != nil {
		return
	}
	for i := range f.mu.ops {
		if o := &f.mu.ops[i]; o.batch == batch && o.carrier == i {
			o.traceStored(f.c.cfg.Self)
			f.ackLocked(i, o.self)
		}
	}
}

// carryLocked ends the ops that failed or changed nothing, and returns those whose
// objects must replicate: the last of each key, whose object has the events of those
// before it.
func (f *wave) carryLocked(batch []*engine.Record, index []int) []int {
	carriers := f.carriers[:0]
	for k := len(index) - 1; k >= 0; k-- {
		i, r := index[k], batch[k]
		o := &f.mu.ops[i]
		if r.Err != nil || !r.Changed {
			o.traceOutcome(f.c.cfg.Self, OutcomeOK, nil, r.Err)
			if !widensLocked(f, i, r.Err) {
				f.decideLocked(i, r.Err)
			}
			continue
		}
		o.carrier = i
		if head := &f.mu.ops[o.group]; head.followed {
			for _, j := range carriers {
				if f.mu.ops[j].group == o.group {
					o.carrier = j
					break
				}
			}
		}
		if o.carrier != i {
			own := o.write.Tally()
			f.mu.ops[o.carrier].write.Raise(own.Need())
			continue
		}
		o.object, o.partly = r.Stored, r.Stored == nil // of sharedTail bytes or more: memory that is used by nobody again
		o.delta = deltaOf(o)
		o.moves(len(o.object))
		if o.known == nil && !o.partly && cap(r.Stored) <= mostKept { // else Stored may be known's memory
			o.encoded = r.Stored[:0]
		}
		carriers = append(carriers, i)
	}
	return carriers
}

// replicateLocked sends an op's object to every other primary, to fallbacks for those
// that are down, and to those that are primaries by the ring before or after a change.
func (f *wave) replicateLocked(i int) {
	o := &f.mu.ops[i]
	if o.partly && o.large {
		o.write.SpareFallbacks()
	}
	up := o.upOfPrimaries()
	if findOthers(o); len(o.others) > 0 {
		o.write.Also(len(o.others))
		up |= upOfOthers(o)
	}
	f.stepWriteLocked(i, coordination.Event{Kind: coordination.Start, Up: up})
}

// stepWriteLocked steps an op's write and carries out its actions.
func (f *wave) stepWriteLocked(i int, e coordination.Event) {
	o := &f.mu.ops[i]
	f.mu.actions = o.write.Step(e, f.mu.actions[:0])
	for _, a := range f.mu.actions {
		switch a.Kind {
		case coordination.Store:
			o.traceSend(a.Place, 0)
			if it := (exchangeItem{op: i, place: a.Place}); a.Place < o.n {
				f.sendWriteLocked(o.walk[a.Place], it)
			} else {
				f.sendWholeLocked(nodeAt(o, a.Place), it)
			}
		case coordination.StoreHint:
			o.traceSend(a.Place, o.walk[a.For])
			f.sendWholeLocked(o.walk[a.Place], exchangeItem{op: i, place: a.Place, hint: o.walk[a.For]})
			f.c.count.ToFallbacks.Add(1)
		case coordination.Skip:
			o.traceSkip(a.Place)
		case coordination.Finish:
			f.decideWriteLocked(i)
		}
	}
}

// sendWriteLocked sends an op's object to a primary, or its delta.
func (f *wave) sendWriteLocked(id ring.NodeID, it exchangeItem) {
	o := &f.mu.ops[it.op]
	if !o.sendsDelta(id) {
		f.sendWholeLocked(id, it)
		return
	}
	it.round = o.round
	f.c.count.Deltas.Add(1)
	x := f.mu.outbox.to(o, id, peer.Delta)
	x.items = append(x.items, it)
	x.body = message.Write{Partition: o.p, Key: o.req.Key, Object: o.delta}.Append(x.body)
}

// sendWholeLocked sends an op's object.
func (f *wave) sendWholeLocked(id ring.NodeID, it exchangeItem) {
	o := &f.mu.ops[it.op]
	x := f.mu.outbox.to(o, id, peer.Write)
	it.round = o.round
	x.items = append(x.items, it)
	w := message.Write{Partition: o.p, Hint: it.hint, Key: o.req.Key, Object: wholeOf(o)}
	if len(o.object) < sharedTail {
		x.body = w.Append(x.body)
	} else {
		x.body, x.tail = w.AppendHead(x.body), o.object
	}
}

// decideWriteLocked ends an op that has its quorum, and those whose events it carries.
func (f *wave) decideWriteLocked(i int) {
	var err error
	if f.c.cfg.Store.Clears().Forgets(f.mu.ops[i].req.Result.Dot) {
		err = ErrCleared
	}
	f.decideLocked(i, err)
	group := f.mu.ops[i].group
	if !f.mu.ops[group].followed {
		return
	}
	for k := group; k < i; k++ {
		if p := &f.mu.ops[k]; p.phase == phaseWrite && p.carrier == i {
			f.decideLocked(k, err)
		}
	}
}

// completeWrite takes a replica's acknowledgements.
func (x *exchange) completeWrite(body []byte, err error) {
	f := x.f
	var refused []message.RefusedItem
	if err == nil {
		refused, err = message.DecodeRefusals(body, len(x.items))
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for k, it := range x.items {
		if !f.mu.finished && it.round != f.mu.ops[it.op].round {
			continue // the node is sent what was written since
		}
		at := slices.IndexFunc(refused, func(r message.RefusedItem) bool { return r.Item == k })
		misses := at >= 0 && refused[at].Stored()
		if err == nil && (at < 0 || misses) {
			if x.kind == peer.Delta && it.tries > 0 {
				f.c.count.DeltasAgain.Add(1)
			}
			if !f.mu.finished {
				f.mu.ops[it.op].traceStored(x.to)
				if !misses || !missesLocked(f, it.op) {
					f.ackLocked(it.op, it.place)
				}
			}
			continue
		}
		if err == nil && x.kind == peer.Delta && !f.mu.finished {
			f.c.count.DeltasRefused.Add(1)
			if it.tries++; it.tries <= mostTries && f.mu.ops[it.op].large {
				f.sendWriteLocked(x.to, it)
			} else {
				f.sendWholeLocked(x.to, it)
			}
			continue
		}
		if !f.mu.finished {
			f.mu.ops[it.op].traceOutcome(x.to, OutcomeFailed, nil, err)
		}
		x.failedWriteLocked(k, it)
	}
	f.wakeLocked()
}

// failedWriteLocked takes care of a copy that did not arrive.
func (x *exchange) failedWriteLocked(k int, it exchangeItem) {
	f := x.f
	node := it.hint
	if node == 0 {
		node = x.to
	}
	if !f.mu.finished {
		f.stepWriteLocked(it.op, coordination.Event{Kind: coordination.Fail, Place: it.place, Up: f.mu.ops[it.op].upNow()})
		return
	}
	// The request was answered long ago, and its memory belongs to the caller again. What
	// was sent is still in the frame. If that is a delta, the hint is what this node holds of
	// the key by now.
	w, ok := x.write(k)
	if !ok || it.hint == 0 && !wantsHint(f.c.cfg.Ring(), w.Partition, node) {
		return
	}
	h := lateHint{node: node, partition: w.Partition, key: w.Key}
	if h.current = x.kind == peer.Delta; h.current {
		h.delta = f.c.again.reserve(w.Key, w.Object)
	} else {
		h.object = w.Object
	}
	f.c.keepLate(h.clone())
}

// write reads an item of a frame of writes.
func (x *exchange) write(k int) (w message.Write, ok bool) {
	d := wire.NewReader(x.body[headerLen(x.kind):])
	for range k {
		message.ReadWrite(&d)
	}
	if x.tail != nil && k == len(x.items)-1 {
		w = message.ReadWriteHead(&d, x.tail)
	} else {
		w = message.ReadWrite(&d)
	}
	return w, !d.Failed()
}

// ackLocked counts a node that holds an op's object. This node counts if it is in the walk.
func (f *wave) ackLocked(i, place int) {
	if place != coordination.Nobody && f.mu.ops[i].phase == phaseWrite {
		f.stepWriteLocked(i, coordination.Event{Kind: coordination.Answer, Place: place})
	}
}
