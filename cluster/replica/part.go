package replica

import (
	"errors"

	"github.com/quorate/quorate/cluster/core/coordination"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/message"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
)

// What reads and changes some elements of a large collection, or none, needs no others: the engine
// reads those alone, and the totals of the others (engine.PartEditor, engine.Store.FindPart). As long
// as all replicas that are asked have the same object, by its digest, nothing of it travels. A node
// that has no copy asks one of them for what it reads (message.Read.Part), and the others for their
// digests. Where the replicas differ, whole objects are compared.

// errMoved refuses what needs a collection whose partition has left this node since some elements of
// it were read.
var errMoved = errors.New("the key has moved to another node meanwhile: try again")

// mayDoWithPart reports whether a request may need no more than some elements. It is false for all
// that reads and writes values of strings, which so is spared a look at what kind of object there is.
func mayDoWithPart(r *Request) bool {
	if r.Update == nil {
		return r.Head || !r.Selection.Empty()
	}
	switch r.Update.Kind {
	case register.ChangeElements, register.Delete, register.Expire, register.Persist:
		return true
	}
	return false
}

// soughtBy returns the elements that the ops of a group read, and false if one of them needs all.
// Updates are shown their elements by the engine, so that they seek none here.
func soughtBy(f *wave, group int) (sought object.Selection, ok bool) {
	for k := group; k < len(f.mu.ops); k++ {
		p := &f.mu.ops[k]
		if p.group != group {
			continue
		}
		switch {
		case p.req.Update == nil && p.req.Selection.Empty() && !p.req.Head:
			return sought, false
		case p.req.Update == nil:
			sought = sought.And(p.req.Selection)
		default:
			if _, ok := p.req.Update.Selection(); !ok {
				return sought, false
			}
		}
		if !p.followed && k == group {
			break
		}
	}
	return sought, true
}

// leftOf returns what a clear leaves of what a read found. It returns false if all elements are needed for
// that: totals do not tell how many of them are cleared.
func leftOf(found *object.Object, by object.Clear) (left object.Object, ok bool) {
	left, cleared := by.Filter(found.OneOfEach())
	return left, !cleared || len(left.Clock) == 0 || found.Rest.Names == 0
}

// partToAskFor returns what the ops of a group need of a large collection, and whether a node is asked
// for no more than that. It must know of parts, and what is needed must be all that the group seeks.
func partToAskFor(f *wave, group int, of ring.NodeID) (sought object.Selection, ok bool) {
	if !f.mu.ops[group].read.TakesParts() || !f.c.cfg.Channel.Knows(of, peer.Parts) {
		return object.Selection{}, false
	}
	if sought, ok = soughtBy(f, group); !ok || !message.Sends(sought) {
		return object.Selection{}, false
	}
	return sought, true
}

// looksAgain reports whether an op's read of some elements does not ask another replica for all of
// them yet. While others change the collection, one of the two replicas has often seen a change that
// is on its way to the other. A moment later they have the same.
func looksAgain(o *op) bool { return o.read.Part() && o.looks < coordination.MostLooks }

// lookAgain reads this node's elements once more, for the read of the first op of a group. All that
// the read has seen of the copy must still be there.
func lookAgain(f *wave, i int) error {
	o := &f.mu.ops[i]
	o.looks++
	own, err := f.c.lookUpPart(o.p, o.req.Key, nil, func() (object.Selection, bool) { return soughtBy(f, i) })
	switch {
	case err != nil:
		return err
	case !own.part:
		return completeOwn(o)
	}
	current, err := object.Decode(own.encoded)
	if err != nil {
		return err
	}
	if copyWasLost(o, &current) {
		return errMoved
	}
	o.read.Renew(own.encoded, own.rest, own.digest)
	return nil
}

// completeOwn reads this node's copy again, whole. If it cannot, the read must end with the error:
// the nodes that have the same as this one have sent nothing of it.
func completeOwn(o *op) error {
	own, digest, err := wholeCopy(o)
	if err != nil {
		return err
	}
	whole, err := object.Decode(own)
	if err != nil {
		return err
	}
	if copyWasLost(o, &whole) {
		return errMoved
	}
	o.read.Complete(own, digest)
	o.moves(len(own))
	return nil
}

// wholeOf returns the encoded object that an op has made. If the engine has read some of it only, it
// is what is stored by now, or nil if that has not got it any more: whoever is sent that refuses it.
func wholeOf(o *op) []byte {
	if o.object != nil || !o.partly {
		return o.object
	}
	own, _, err := wholeCopy(o)
	if err != nil {
		return nil
	}
	if whole, err := object.Decode(own); err != nil || !whole.Context().Covers(o.req.Result.Dot) {
		return nil
	}
	o.object = own
	o.moves(len(own))
	return own
}

// wholeCopy reads this node's copy of an op's key. What it keeps for other nodes does not count: it
// need not have all that the copy had.
func wholeCopy(o *op) ([]byte, object.Digest, error) {
	own, digest, found, err := o.f.c.cfg.Store.Find(o.p, o.req.Key, nil)
	if err == nil && !found {
		err = errMoved
	}
	return own, digest, err
}

// copyWasLost reports whether the current copy of an op's key lacks what a read of some elements of
// it found.
func copyWasLost(o *op, current *object.Object) bool {
	head := &o.f.mu.ops[o.group] // it has read for all of its group
	if !head.read.Part() {
		return false
	}
	part, _ := head.read.Own()
	seen, err := object.Decode(part)
	if err != nil {
		return true
	}
	seen, _ = o.f.c.cfg.Store.Clears().Filter(seen) // what was cleared since is gone for good
	return !current.Context().Includes(seen.Context())
}

// lateOf returns the hint of what an op has made for a node that did not get it, with the delta of a
// large collection.
func lateOf(o *op, h lateHint) lateHint {
	h.partition, h.key = o.p, o.req.Key
	if o.large {
		h.delta = o.f.c.again.reserve(o.req.Key, o.delta)
	}
	if h.current = h.delta != nil || o.object == nil && o.partly; !h.current {
		h.object = o.object
	}
	return h.clone()
}

// Selection returns the elements that the update needs: see [engine.PartEditor].
func (e *edit) Selection() (object.Selection, bool) {
	if e.rebase {
		return object.Selection{}, false
	}
	return e.req.Update.Selection()
}

// KeyExpiry returns the expiry that the update may give the key: see [engine.PartEditor].
func (e *edit) KeyExpiry() int64 {
	if e.req.Update.Kind != register.Expire {
		return 0
	}
	return e.req.Update.Expiry
}
