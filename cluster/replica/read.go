package replica

import (
	"errors"
	"slices"

	"github.com/quorate/quorate/cluster/core/message"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/quorum"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/core/wire"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/engine"
)

// errLacking: that a key is not here proves nothing.
var errLacking = errors.New("this node lost its disk and does not have everything again yet")

// finding is what one other replica answered to a read.
type finding struct {
	position int
	exists   bool
	brief    bool // only the digest is known
	digest   object.Digest
	encoded  []byte
	object   object.Object
}

// startReadLocked begins the read phase of an op: this node's own copy if it is
// a primary, and as many others as R still needs.
func (f *wave) startReadLocked(i int) {
	o := &f.mu.ops[i]
	if o.phase == phaseDone {
		return // its group's head was quick, and answered for it
	}
	o.phase = phaseRead
	o.tally.Start(o.policy().Reads(o.req.R))
	if o.follows() && o.req.Update == nil {
		return // its group's head answers for it
	}
	if o.isPrimary() {
		f.readLocalLocked(i)
		if o.phase == phaseDone {
			return
		}
	}
	for o.tally.Asked().Len() < o.tally.Need() && f.askAnotherLocked(i) {
	}
	f.settleReadLocked(i)
}

// policy is the cluster's, on as many primaries as the key has.
func (o *op) policy() quorum.Policy {
	q := o.f.ring.Quorums()
	return quorum.Policy{N: o.n, R: q.R, W: q.W}
}

// readLocalLocked reads this node's copy, as a primary or from the hints that it
// keeps for others.
func (f *wave) readLocalLocked(i int) {
	o := &f.mu.ops[i]
	o.tally.Ask(o.self)
	o.step(f.c.cfg.Self, o.roleAt(o.self), ActionRead, 0)
	var err error
	if o.isPrimary() {
		o.local, o.digest, o.hasLocal, err = f.c.cfg.Store.Find(o.p, o.req.Key, o.req.kept.local[:0])
	} else {
		o.local, o.hasLocal, err = f.c.cfg.Store.GetHint(o.p, o.req.Key, o.req.kept.local[:0])
		o.digest = object.DigestOf(o.req.Key, o.local)
	}
	o.req.kept.local = o.local
	if err != nil {
		// A copy that cannot be read is no answer; the others may have one.
		o.conclude(f.c.cfg.Self, OutcomeFailed, nil, err)
		if !errors.Is(err, engine.ErrCorrupt) {
			f.decideLocked(i, err)
		}
		return
	}
	if !o.hasLocal && o.isPrimary() && f.c.cfg.Store.Lacking() {
		o.tally.Withdraw(o.self) // another is, at once; a primary does not ask itself
		o.conclude(f.c.cfg.Self, OutcomeFailed, nil, errLacking)
		return
	}
	o.concludeRead(f.c.cfg.Self, o.hasLocal, o.local, OutcomeValue)
	o.tally.Answer(o.self)
}

// askAnotherLocked asks the best node not asked yet: primaries first, in the
// order of the walk, then stand-ins. It reports whether there was one.
func (f *wave) askAnotherLocked(i int) bool {
	o := &f.mu.ops[i]
	for at, id := range o.walk {
		if o.tally.Asked().Has(at) {
			continue
		}
		if at == o.self {
			if o.isPrimary() {
				continue // its copy could not be read
			}
			f.readLocalLocked(i)
			return true
		}
		if !f.c.cfg.Channel.Available(id) {
			o.skipOnce(at)
			continue
		}
		brief := !o.hasLocal && !o.isPrimary() && o.tally.Heeded() != 0
		f.askLocked(i, at, brief)
		return true
	}
	return false
}

func (f *wave) askLocked(i, at int, brief bool) {
	o := &f.mu.ops[i]
	o.tally.Ask(at)
	action := ActionRead
	if brief {
		action = ActionDigest
	}
	o.step(o.walk[at], o.roleAt(at), action, 0)
	x := f.to(o.walk[at], peer.Read)
	it := message.Read{Partition: o.p, Key: o.req.Key, Brief: brief, Known: o.hasLocal}
	if it.Known {
		it.Digest = o.digest
	}
	x.items = append(x.items, exchangeItem{op: i, position: at})
	x.body = it.Append(x.body)
}

// refetchLocked asks for the whole objects behind digests that differ.
func (f *wave) refetchLocked() {
	for _, r := range f.mu.refetch {
		if f.mu.ops[r.op].phase == phaseRead {
			f.askLocked(r.op, r.position, false)
		}
	}
	f.mu.refetch = f.mu.refetch[:0]
}

// reaskLocked asks one more node for each read that was failed by one, or that
// stand-ins alone cannot answer.
func (f *wave) reaskLocked() {
	pending := f.mu.reask
	f.mu.reask = nil
	for _, i := range pending {
		if f.mu.ops[i].phase == phaseRead && f.askAnotherLocked(i) {
			f.settleReadLocked(i)
		}
	}
}

// completeRead takes a replica's answers.
func (x *exchange) completeRead(body []byte, err error) {
	f := x.f
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.mu.finished {
		return
	}
	d := wire.NewReader(body)
	for _, it := range x.items {
		var a message.Answer
		if err == nil {
			a = message.ReadAnswer(&d)
		}
		o := &f.mu.ops[it.op]
		o.traceAnswer(x.to, a, err)
		if o.phase != phaseRead || o.tally.Answered().Has(it.position) {
			continue
		}
		if err != nil || d.Failed() || a.Found == message.Failed || !o.take(it.position, a) {
			o.tally.Fail(it.position)
			f.mu.reask = append(f.mu.reask, it.op)
			f.signal()
			continue
		}
		f.settleReadLocked(it.op)
	}
}

// take records an answer; false: it cannot be understood.
func (o *op) take(position int, a message.Answer) bool {
	fd := finding{position: position, exists: a.Found != message.Absent}
	switch a.Found {
	case message.Same:
		fd.digest = o.digest
		fd.encoded = o.local
	case message.DigestOnly:
		fd.brief, fd.digest = true, a.Digest
	case message.Whole:
		fd.encoded = slices.Clone(a.Object) // the frame's memory is not ours
		fd.digest = object.DigestOf(o.req.Key, fd.encoded)
		var err error
		if fd.object, err = object.Decode(fd.encoded); err != nil {
			return false
		}
	}
	o.found = slices.DeleteFunc(o.found, func(old finding) bool { return old.position == position })
	o.found = append(o.found, fd)
	o.tally.Answer(position)
	return true
}

// settleReadLocked ends the read phase when enough has been heard.
func (f *wave) settleReadLocked(i int) {
	o := &f.mu.ops[i]
	if o.phase != phaseRead || !o.tally.Won() {
		return
	}
	exists := o.hasLocal
	for _, fd := range o.found {
		exists = exists || fd.exists
	}
	if !exists && o.tally.Answered()&quorum.FirstNodes(o.n) == 0 {
		// Stand-ins that know nothing must not outvote the only one who does.
		f.mu.reask = append(f.mu.reask, i)
		f.signal()
		return
	}
	if o.wantsWhole() {
		return
	}
	if err := f.finishReadLocked(i); err != nil {
		f.decideLocked(i, err)
	}
}

// wantsWhole asks for the object behind every digest that matches nothing
// at hand, and reports whether there was any.
func (o *op) wantsWhole() bool {
	more := false
	for _, fd := range o.found {
		if !fd.brief || o.knows(fd.digest) {
			continue
		}
		more = true
		o.tally.Recount(fd.position)
		o.f.mu.refetch = append(o.f.mu.refetch, refetch{op: o.at, position: fd.position})
	}
	if more {
		o.found = slices.DeleteFunc(o.found, func(fd finding) bool { return fd.brief && !o.knows(fd.digest) })
		o.f.signal()
	}
	return more
}

func (o *op) knows(d object.Digest) bool {
	if o.hasLocal && o.digest == d {
		return true
	}
	return slices.ContainsFunc(o.found, func(fd finding) bool { return !fd.brief && fd.exists && fd.digest == d })
}

// finishReadLocked merges the answers: the result of a read, or what an update
// has to know before it is applied.
func (f *wave) finishReadLocked(i int) error {
	o := &f.mu.ops[i]
	if o.req.Update != nil {
		if err := o.gatherRemote(); err != nil {
			return err
		}
		f.readyLocked(i)
		return nil
	}
	merged, encoded, err := o.merge()
	if err != nil {
		return err
	}
	f.c.count.found(len(merged.Siblings))
	o.req.Object = merged
	o.traceSiblings(&merged)
	f.planRepairLocked(i, encoded)
	f.decideLocked(i, nil)
	for k := i + 1; o.followed && k < len(f.mu.ops); k++ {
		if follower := &f.mu.ops[k]; follower.group == i && follower.phase == phaseRead {
			follower.req.Object = merged
			f.decideLocked(k, nil)
		}
	}
	return nil
}

// readyLocked lets an update, and those behind it in its group, be applied.
func (f *wave) readyLocked(i int) {
	o := &f.mu.ops[i]
	o.phase = phaseApply
	for k := i + 1; o.followed && k < len(f.mu.ops); k++ {
		if follower := &f.mu.ops[k]; follower.group == i && follower.phase == phaseRead {
			follower.phase = phaseApply
		}
	}
	f.mu.ready = true
	f.signal()
}

// merge joins all that was found. encoded is nil where nothing exists.
func (o *op) merge() (merged object.Object, encoded []byte, err error) {
	if o.hasLocal {
		if err = o.req.kept.object.DecodeFrom(o.local); err != nil {
			return merged, nil, err
		}
		merged, encoded = o.req.kept.object, o.local
	}
	for _, fd := range o.found {
		if !fd.exists || fd.brief || (encoded != nil && len(fd.object.Clock) == 0) {
			continue
		}
		if encoded == nil {
			merged, encoded = fd.object, fd.encoded
			continue
		}
		var relation object.Relation
		if merged, relation = object.Merge(merged, fd.object); relation == object.SameAsB {
			encoded = fd.encoded
		} else if relation == object.Neither {
			encoded = merged.Append(nil)
		}
	}
	return merged, encoded, nil
}

// gatherRemote sets o.remote to the join of what others hold, if it is more
// than this node's copy.
func (o *op) gatherRemote() error {
	local := o.hasLocal
	o.hasLocal = false
	_, encoded, err := o.merge()
	o.hasLocal = local
	if err != nil {
		return err
	}
	o.remote = encoded
	return nil
}

// repairItem is a replica that was seen to lack something.
type repairItem struct {
	node   ring.NodeID
	p      ring.Partition
	key    []byte
	object []byte
}

// planRepairLocked lists the primaries whose answer was short of the merged one
// (section 5 of the paper: read repair).
func (f *wave) planRepairLocked(i int, encoded []byte) {
	if encoded == nil {
		return
	}
	o := &f.mu.ops[i]
	if len(o.found) == 0 {
		return
	}
	want := o.digest
	if !sameBytes(encoded, o.local) {
		want = object.DigestOf(o.req.Key, encoded)
	}
	plan := func(id ring.NodeID) {
		o.traceRepair(id)
		f.repairs = append(f.repairs, repairItem{node: id, p: o.p, key: o.req.Key, object: encoded})
	}
	if o.isPrimary() && (!o.hasLocal || o.digest != want) {
		plan(f.c.cfg.Self)
	}
	for _, fd := range o.found {
		if fd.position < o.n && (!fd.exists || fd.digest != want) {
			plan(o.walk[fd.position])
		}
	}
}

// sameBytes says whether a and b are one piece of memory.
func sameBytes(a, b []byte) bool {
	return len(a) == len(b) && len(a) > 0 && &a[0] == &b[0]
}
