package replica

import (
	"bytes"
	"slices"
	"time"

	"github.com/quorate/quorate/cluster/core/coordination"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/message"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/core/wire"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/engine"
)

// edit is an op as the engine's callback that makes a new version.
type edit op

// Edit applies the update to the current object, under the key's lock.
func (e *edit) Edit(current *object.Object, mint *engine.Minter) (next object.Object, write bool, err error) {
	o, u := (*op)(e), e.req.Update
	c := o.f.c
	now := c.cfg.Now().UnixMilli()
	value, found, err := register.Resolve(current, c.cfg.Policy(), now)
	if err != nil {
		if u.NeedsRead() {
			return next, false, err
		}
		value, found = object.Value{}, false // a blind write needs no old value
	}
	if u.Kind == register.Delete && !u.WantOld && !found {
		found = current.Live(now) // an older sibling, behind a newer tombstone, goes too
	}
	value, write, o.req.Result = u.Apply(value, found, now)
	if u.Kind == register.Delete && !write && o.blind() {
		// Who might know the key cannot be asked; if there is a value, the
		// tombstone is newer.
		value, write = object.Value{Tombstone: true}, true
	}
	o.req.Result.Old = bytes.Clone(o.req.Result.Old) // current is the engine's
	if !write {
		return next, false, nil
	}
	ctx := current.Clock
	if u.HasContext {
		ctx = u.Context
	}
	dot := mint.Dot(ctx)
	next = o.next
	next.BecomePut(current.Without(u.Own), ctx, dot, max(o.f.from.stamp, current.Clock.Latest()+1), value)
	o.next = next
	if n := len(next.Siblings); n > c.cfg.SiblingsRefuse && n > len(current.Siblings) {
		return next, false, ErrTooManySiblings
	} else if n > c.cfg.SiblingsWarn && n > len(current.Siblings) {
		c.count.ManySiblings.Add(1)
	}
	c.history.record(o.req.Key, ctx, u.Own, &next, dot)
	o.req.Result.Dot = dot
	if u.HasContext {
		// Not the whole clock: the writer has not seen the siblings that stay.
		o.req.Result.Context = next.SeenBy(dot).Clone()
	}
	return next, true, nil
}

// blind says that some primary cannot be asked now, so that finding nothing
// proves nothing.
func (o *op) blind() bool {
	for at, id := range o.walk[:o.n] {
		if at != o.self && !o.f.c.cfg.Channel.Available(id) {
			return true
		}
	}
	return false
}

// hintFor is the node that this one, not being a primary, keeps a write for: the
// first primary always, so that one hint remembers all that was minted here.
func (o *op) hintFor() ring.NodeID { return o.walk[0] }

// apply makes the new versions on this node, in one engine batch, and sends
// them out before it waits for its own disk.
func (f *wave) apply() {
	f.mu.Lock()
	f.batches++
	batch, index := f.batch[:0], f.index[:0]
	f.records = slices.Grow(f.records[:0], len(f.mu.ops))[:len(f.mu.ops)]
	for i := range f.mu.ops {
		o := &f.mu.ops[i]
		if o.phase != phaseApply {
			continue
		}
		o.phase, o.batch = phaseWrite, f.batches
		o.since = time.Now()
		o.write.Begin(o.replicas(), o.policy().Writes(o.req.W))
		r := &f.records[i]
		*r = engine.Record{Partition: o.p, Key: o.req.Key, Merge: o.remote, Edit: (*edit)(o), Room: o.encoded}
		if !o.isPrimary() {
			r.Hint = o.hintFor()
		}
		o.step(f.c.cfg.Self, o.roleHere(), ActionApply, r.Hint)
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
	frames := f.takeLocked()
	f.mu.Unlock()
	f.send(frames)
	if len(carriers) == 0 {
		_ = commit.Wait() // what was found may be of a write that is not safe yet
		return
	}
	f.awaitOwn(commit, number)
}

// awaitOwn has this node's copies counted when they are safe. A disk that hangs
// must not keep the others from making the quorum, so it is waited for elsewhere.
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

// ownStored counts this node's copies of one batch. One that is not safe counts
// nothing: the others may make the quorum.
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

// carryLocked decides what is settled by the local result alone, and returns the
// ops whose objects must replicate: the last of each key, which carries the
// events of those before it.
func (f *wave) carryLocked(batch []*engine.Record, index []int) []int {
	carriers := f.carriers[:0]
	for k := len(index) - 1; k >= 0; k-- {
		i, r := index[k], batch[k]
		o := &f.mu.ops[i]
		if r.Err != nil || !r.Changed {
			o.conclude(f.c.cfg.Self, OutcomeOK, nil, r.Err)
			f.decideLocked(i, r.Err)
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
		o.object = r.Stored
		if o.remote == nil && cap(r.Stored) <= mostKept { // else it may be remote itself
			o.encoded = r.Stored[:0]
		}
		carriers = append(carriers, i)
	}
	return carriers
}

// replicateLocked sends an op's object to every other primary, to fallbacks for those
// that are down, and to nodes that are gaining the partition. What a gaining node
// answers counts for no quorum.
func (f *wave) replicateLocked(i int) {
	o := &f.mu.ops[i]
	f.stepWriteLocked(i, coordination.Event{Kind: coordination.Start, Up: o.upAtStart()})
	for _, id := range f.ring.Gaining(o.p) {
		if id != f.c.cfg.Self && f.c.cfg.Channel.Available(id) {
			o.step(id, RoleGaining, ActionWrite, 0)
			f.sendWriteLocked(id, exchangeItem{op: i, position: coordination.Nobody})
			continue
		}
		f.c.keepLate(lateHint{node: id, partition: o.p, key: o.req.Key, object: o.object}.clone())
	}
}

// stepWriteLocked steps an op's write and carries out its actions.
func (f *wave) stepWriteLocked(i int, e coordination.Event) {
	o := &f.mu.ops[i]
	f.mu.actions = o.write.Step(e, f.mu.actions[:0])
	for _, a := range f.mu.actions {
		switch a.Kind {
		case coordination.Store:
			o.traceSend(a.Place, 0)
			f.sendWriteLocked(o.walk[a.Place], exchangeItem{op: i, position: a.Place})
		case coordination.StoreHint:
			o.traceSend(a.Place, o.walk[a.For])
			f.sendWriteLocked(o.walk[a.Place], exchangeItem{op: i, position: a.Place, hint: o.walk[a.For]})
			f.c.count.StandIns.Add(1)
		case coordination.Skip:
			o.skip(a.Place)
		case coordination.Finish:
			f.decideWriteLocked(i)
		}
	}
}

func (f *wave) sendWriteLocked(id ring.NodeID, it exchangeItem) {
	o := &f.mu.ops[it.op]
	x := f.toLocked(id, peer.Write)
	x.items = append(x.items, it)
	x.body = message.Write{Partition: o.p, Hint: it.hint, Key: o.req.Key, Object: o.object}.Append(x.body)
}

// decideWriteLocked ends an op that has its quorum, and those whose events it carries.
func (f *wave) decideWriteLocked(i int) {
	f.decideLocked(i, nil)
	group := f.mu.ops[i].group
	if !f.mu.ops[group].followed {
		return
	}
	for k := group; k < i; k++ {
		if p := &f.mu.ops[k]; p.phase == phaseWrite && p.carrier == i {
			f.decideLocked(k, nil)
		}
	}
}

// completeWrite takes a replica's acknowledgements.
func (x *exchange) completeWrite(body []byte, err error) {
	f := x.f
	var refused []int
	if err == nil {
		refused, err = message.DecodeRefusals(body, len(x.items))
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for k, it := range x.items {
		if err == nil && !slices.Contains(refused, k) {
			if !f.mu.finished {
				f.mu.ops[it.op].traceStored(x.to)
				f.ackLocked(it.op, it.position)
			}
			continue
		}
		if !f.mu.finished {
			f.mu.ops[it.op].conclude(x.to, OutcomeFailed, nil, err)
		}
		x.failedWriteLocked(k, it)
	}
	f.wakeLocked()
}

// failedWriteLocked keeps a copy that did not arrive from being forgotten.
func (x *exchange) failedWriteLocked(k int, it exchangeItem) {
	f := x.f
	node := it.hint
	if node == 0 {
		node = x.to
	}
	if !f.mu.finished && it.position >= 0 {
		f.stepWriteLocked(it.op, coordination.Event{Kind: coordination.Fail, Place: it.position, Up: f.mu.ops[it.op].up()})
		return
	}
	// The copy of a gaining node makes no quorum, nor would its stand-in's. Or the
	// request was answered long ago and its memory is the caller's again. What was
	// sent is still in the frame.
	d := wire.NewReader(x.body[headerLen(x.kind):])
	for range k {
		message.ReadWrite(&d)
	}
	if w := message.ReadWrite(&d); !d.Failed() {
		f.c.keepLate(lateHint{node: node, partition: w.Partition, key: w.Key, object: w.Object}.clone())
	}
}

// ackLocked counts a node that holds an op's object.
func (f *wave) ackLocked(i, position int) {
	if position >= 0 && f.mu.ops[i].phase == phaseWrite {
		f.stepWriteLocked(i, coordination.Event{Kind: coordination.Answer, Place: position})
	}
}
