package replica

import (
	"bytes"
	"errors"

	"github.com/quorate/quorate/cluster/core/coordination"
	"github.com/quorate/quorate/cluster/core/message"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/core/wire"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/engine"
)

// errUnrepaired says that what is here of a key may be older than what this node has
// acknowledged, or lost.
var errUnrepaired = errors.New("this node lost its disk, or has an older copy of it, and is not up to date again yet")

// startReadLocked begins the read phase of an op.
func (f *wave) startReadLocked(i int) {
	o := &f.mu.ops[i]
	if o.phase == phaseDone {
		return // the first op on the key has answered for it already
	}
	o.phase = phaseRead
	nodes, need := o.replicas(), readsOf(o)
	if need > 1 { // else the first primary, which coordinates updates, has the newest
		nodes.First = o.firstAsked()
	}
	o.read.Begin(nodes, o.req.Key, need)
	if o.req.Update == nil && mayDoWithPart(o.req) {
		o.read.TakeParts()
	}
	o.looks = 0
	if o.follows() && o.req.Update == nil {
		return // the first op on the key answers for it
	}
	o.reads = true
	f.stepReadLocked(i, coordination.Event{Kind: coordination.Start, Up: o.upAtStart()})
}

// stepReadLocked steps an op's read and carries out its actions.
func (f *wave) stepReadLocked(i int, e coordination.Event) {
	o := &f.mu.ops[i]
	for again := true; again; {
		again = false
		f.mu.actions = o.read.Step(e, f.mu.actions[:0])
		for _, a := range f.mu.actions {
			switch a.Kind {
			case coordination.ReadOwn:
				e, again = f.readOwnLocked(i)
			case coordination.AskWhole:
				f.askLocked(i, a.Place, ActionRead)
			case coordination.AskDigest:
				f.askLocked(i, a.Place, ActionDigest)
			case coordination.Skip:
				o.traceSkipOnce(a.Place)
			case coordination.Finish:
				switch err := f.finishReadLocked(i); {
				case errors.Is(err, errNeedsAll):
					e, again = coordination.Event{Kind: coordination.NeedAll}, true
				case err != nil:
					f.decideLocked(i, err)
				}
			}
		}
	}
}

// readOwnLocked reads what this node holds, and returns what the op's read is told of it.
// It returns false if the op has ended, because the store can no longer be read.
func (f *wave) readOwnLocked(i int) (e coordination.Event, goesOn bool) {
	o := &f.mu.ops[i]
	o.traceStep(f.c.cfg.Self, o.roleAt(o.self), ActionRead, 0)
	var sought func() (object.Selection, bool)
	if mayDoWithPart(o.req) {
		sought = func() (object.Selection, bool) { return soughtBy(f, i) }
	}
	own, err := f.c.lookUpPart(o.p, o.req.Key, o.req.kept.local[:0], sought)
	o.req.kept.local = own.encoded
	// A fallback's own copy is from the time when it was a primary. Alone it tells nothing
	// of what the primaries have acknowledged since.
	found := own.hinted || own.found && o.isPrimary()
	if err == nil && o.isPrimary() && f.c.cfg.Store.DiskLoss().Unrepaired() {
		err = errUnrepaired
	}
	o.moves(len(own.encoded)) // a large one took its time on the way from the disk
	e = coordination.Event{Kind: coordination.Answer, Place: o.self}
	switch {
	case errors.Is(err, engine.ErrCorrupt) || errors.Is(err, errUnrepaired):
		// That is no answer; the others may have one.
		o.traceOutcome(f.c.cfg.Self, OutcomeFailed, nil, err)
		e.Kind, e.Up = coordination.Fail, o.upNow()
		return e, true
	case err != nil:
		o.traceOutcome(f.c.cfg.Self, OutcomeFailed, nil, err)
		f.decideLocked(i, err)
		return e, false
	case found:
		e.Answer = message.Answer{Found: message.Whole, Object: own.encoded, Digest: own.digest, Rest: own.rest}
		if own.part {
			e.Answer.Found = message.Part
		}
	default:
		e.Answer.Found = message.Absent
	}
	o.traceFound(f.c.cfg.Self, found, own.encoded, OutcomeValue)
	return e, true
}

// askLocked asks the node at a place for its copy, or a part of it, or for its digest.
func (f *wave) askLocked(i, at int, action Action) {
	o := &f.mu.ops[i]
	o.traceStep(o.walk[at], o.roleAt(at), action, 0)
	x := f.mu.outbox.to(o, o.walk[at], peer.Read)
	own, digest := o.read.Own()
	x.items = append(x.items, exchangeItem{op: i, place: at})
	q := message.Read{
		Partition: o.p, Key: o.req.Key, Brief: action == ActionDigest || looksAgain(o), Known: own != nil, Digest: digest,
	}
	if !q.Brief {
		q.Selection, q.Part = partToAskFor(f, i, x.to)
	}
	x.body = q.Append(x.body)
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
		if o.phase != phaseRead {
			continue
		}
		e := coordination.Event{Kind: coordination.Answer, Place: it.place, Answer: a}
		if err != nil || d.Failed() || a.Found == message.Failed {
			e = coordination.Event{Kind: coordination.Fail, Place: it.place, Up: o.upNow()}
		}
		if e.Kind == coordination.Answer && a.Found == message.DigestOnly && looksAgain(o) {
			if err := lookAgain(f, it.op); err != nil {
				f.decideLocked(it.op, err)
				continue
			}
			if _, digest := o.read.Own(); digest != a.Digest {
				f.askLocked(it.op, it.place, ActionRead)
				continue
			}
			e.Answer.Found = message.Same
		}
		if e.Kind == coordination.Answer && a.Found == message.Whole && o.read.Part() {
			if err := completeOwn(o); err != nil {
				f.decideLocked(it.op, err)
				continue
			}
		}
		if !x.owns {
			e.Answer.Object = bytes.Clone(e.Answer.Object) // the frame's memory is not ours
		}
		f.stepReadLocked(it.op, e)
		if tally := o.read.Tally(); o.phase == phaseRead && tally.Heeded().Len() < tally.Need() {
			// It could not be decoded, and no other primary is left to ask.
			f.stepReadLocked(it.op, coordination.Event{Kind: coordination.Look, Up: o.upNow()})
		}
	}
	f.wakeLocked()
}

// errNeedsAll says that what another node has sent of its copy does not tell what is asked for: a clear has
// come since.
var errNeedsAll = errors.New("a part of the collection does not tell what a clear has left of it")

// finishReadLocked merges the answers: the result of a read, or what an update
// has to know before it is applied. It returns [errNeedsAll] if the nodes must be asked for all.
func (f *wave) finishReadLocked(i int) error {
	o := &f.mu.ops[i]
	if o.req.Update != nil {
		var err error
		if o.known, err = o.read.Known(); err == nil {
			f.readyLocked(i)
		}
		return err
	}
	merged, err := o.read.Merge(&o.req.kept.object)
	if err != nil {
		return err
	}
	// A clear may have come since some of the answers, and another one may come now.
	left, ok := leftOf(&merged.Object, f.c.cfg.Store.Clears().Current())
	switch {
	case o.read.Part() && (merged.Stale != 0 || !ok): // stale replicas are sent the whole, too
		if err := completeOwn(o); err != nil {
			return err
		}
		if merged, err = o.read.Merge(&o.req.kept.object); err != nil {
			return err
		}
		left, _ = leftOf(&merged.Object, f.c.cfg.Store.Clears().Current())
	case !ok:
		return errNeedsAll
	}
	merged.Object = object.Counted(&left)
	f.c.Observe(merged.Object.Clock.Latest())
	f.c.count.found(len(merged.Object.Siblings))
	o.req.Object = merged.Object
	o.traceSiblings(&merged.Object)
	for at := range o.n {
		if merged.Stale.Has(at) {
			o.traceRepair(o.walk[at])
			f.repairs = append(f.repairs, repairItem{node: o.walk[at], p: o.p, key: o.req.Key, object: merged.Encoded})
		}
	}
	f.decideLocked(i, nil)
	for k := i + 1; o.followed && k < len(f.mu.ops); k++ {
		if follower := &f.mu.ops[k]; follower.group == i && follower.phase == phaseRead {
			follower.req.Object = merged.Object
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
}

// repairItem is a replica that was seen to lack something.
type repairItem struct {
	node   ring.NodeID
	p      ring.Partition
	key    []byte
	object []byte
}
