package engine

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
)

// PartEditor is an [Editor] that may need no more of a collection than some elements.
type PartEditor interface {
	Editor
	// Selection returns the elements that Edit looks at and changes, which are of one kind, but for the
	// expiry of the key. Edit may then be shown those elements alone, with the totals of the rest in
	// object.Object.Rest. It returns false if it needs all elements. The selection is the caller's.
	Selection() (object.Selection, bool)
	// KeyExpiry returns the expiry (unix milliseconds) that Edit may give the key, if that is
	// selected; 0 means never.
	KeyExpiry() int64
}

// part is a spread object of which the records of one key change some elements, and read no more.
// Each record sees what those before it have made.
type part struct {
	from, to int // the records, by their places in order; none if they are equal
	changes  []partChange
	object   object.Object // with the elements that are selected; the totals of the others are its Rest
	names    []object.Name // that are selected, in order; the bounds of Rest say which others are
	limits   limits
	length   int
	digest   object.Digest
	state    indexState
	whole    bool  // it is not spread any more
	near     int64 // an expiry of the key up to then (unix milliseconds) is not left to the part
}

// covers reports whether the record at a place is one of the part's.
func (p *part) covers(at int) bool { return p.from <= at && at < p.to }

// reset forgets the part.
func (p *part) reset() { *p = part{} }

// An expiry of the key that is nearer than this is not left to a part, be it the one that the key has or
// one that it is given: an element could have a later time, and outlive the key.
const partMargin = 2 * causal.MaxDrift

// errOutlives says that an element may be newer than the expiry of its key, which is far in the future.
var errOutlives = errors.New("an element has a time after the expiry of its key: look at the clocks of the nodes")

// errMadeString says that an edit of some elements left them, and made a string beside them.
var errMadeString = errors.New("an edit of some elements of a collection made a string")

// begin begins the part of a spread object that was found for the record at a place. It
// returns false if the record, or one behind it on the same key, needs the whole.
func (p *part) begin(t *txn, recs []*Record, at int, found *storedObject) (begun bool, err error) {
	if begun, err = p.tryBegin(t, recs, at, found); !begun {
		p.reset()
	}
	return begun, err
}

func (p *part) tryBegin(t *txn, recs []*Record, at int, found *storedObject) (bool, error) {
	first, hash := recs[t.order[at].index], t.order[at].hash
	if at > 0 && t.order[at-1].hash == hash {
		return false, nil
	}
	*p = part{from: at, to: at}
	var selected object.Selection
	for ; p.to < len(t.order) && t.order[p.to].hash == hash; p.to++ {
		r := recs[t.order[p.to].index]
		if r.Hint != 0 || r.Partition != first.Partition || string(r.Key) != string(first.Key) {
			return false, nil
		}
		change, more, ok := r.part()
		if !ok {
			return false, nil
		}
		p.changes, selected = append(p.changes, change), selected.Then(more)
	}
	var head object.Object
	if err := found.spread.decode(&head); err != nil {
		return false, t.w.db.corrupt("stored object", err)
	}
	if !p.fits(t, &head, selected) {
		return false, nil
	}
	place := cellsPlace{partition: first.Partition, hash: hash, key: first.Key}
	selected, err := place.drawn(t.w.db, t.w.db.pebble, selected)
	if err != nil {
		return false, err
	}
	selected.Names = selected.SortedNames()
	selected = found.spread.limits.follow(selected)
	p.object = head.Clone()
	if err := place.readSelected(t.w.db, t.w.db.pebble, &found.spread, selected, &p.object); err != nil {
		return false, err
	}
	p.names, p.limits = selected.Names, found.spread.limits.clone()
	p.length, p.digest = found.length(), found.digest
	p.state, err = t.indexStateOf(&p.object, first.Partition, hash, first.Key)
	return err == nil, err
}

// partChange is what a record merges into a part, if it does not edit it: a delta, or an object that
// removes all elements.
type partChange struct {
	delta    object.Delta
	expiry   int64 // that an edit may give the key; 0: never
	removes  bool
	removing object.Object
}

// part returns the elements that a record changes, and what it merges. It returns false if the record
// may need other elements, too.
func (r *Record) part() (change partChange, selected object.Selection, ok bool) {
	switch e, edits := r.Edit.(PartEditor); {
	case r.Merge == nil:
		if edits {
			selected, ok = e.Selection()
			change.expiry = e.KeyExpiry()
		}
		return change, selected, ok
	case r.Edit != nil:
		return change, selected, false
	case r.Delta:
		d, err := object.DecodeDelta(r.Merge)
		change.delta, selected.Names = d, d.Names
		return change, selected, err == nil && len(d.Object.Siblings)+len(d.Object.Sums) == 0
	}
	if object.HasElements(r.Merge) {
		return change, selected, false
	}
	o, err := object.Decode(r.Merge)
	change.removes, change.removing = true, o
	return change, selected, err == nil && len(o.Elements) == 0
}

// fits reports whether an object of which this is the head can be changed without its other
// elements: by elements of its kind, while it is far from its expiry, the one that it is given included,
// from a clear, and from the bounds of its clock. All edits are events of one actor.
func (p *part) fits(t *txn, head *object.Object, selected object.Selection) bool {
	kind := head.Rest.Kind
	actors := head.Clock
	p.near = max(t.w.db.now(), head.Clock.Latest().UnixMilli()) + partMargin.Milliseconds()
	for i := range p.changes {
		c := &p.changes[i]
		d := &c.delta.Object
		actors = causal.AppendJoin(nil, actors, d.Clock)
		if !d.Elements.LastWithKey(kind) || !p.far(c.expiry) || !p.farAll(d.Elements) || c.removes && (len(p.changes) > 1 || !c.removing.Context().Includes(head.Context())) {
			return false
		}
		if _, cleared := t.w.obeyed.filter(c.removing); cleared {
			return false
		}
	}
	if len(actors)+1 > causal.MaxEntries || len(head.Gaps) > causal.MaxGaps/2 || !selected.OfKind(kind) {
		return false
	}
	if _, cleared := t.w.obeyed.filter(*head); cleared {
		return false
	}
	return p.farAll(head.Elements)
}

// far reports whether an expiry of the key can be left to the part: all elements of the rest end with
// it.
func (p *part) far(expiry int64) bool { return expiry == 0 || expiry > p.near }

// farAll reports whether all expiries of the key can: those that concurrent events gave it included,
// of which another one may be the newest after a removal.
func (p *part) farAll(elements object.Elements) bool {
	return !slices.ContainsFunc(elements, func(e object.Element) bool { return e.Kind == object.KeyExpiry && !p.far(e.Expiry) })
}

// apply applies one record to the part.
func (p *part) apply(t *txn, recs []*Record, at int) error {
	r, hash := recs[t.order[at].index], t.order[at].hash
	next, changed, err := p.next(t, r, at)
	if err != nil {
		return err
	}
	if !changed {
		t.foundSame = true
		return nil
	}
	if err := p.allows(r, &next); err != nil {
		return err
	}
	if t.batch.Len()+objectHeader+len(r.Key)+int(next.Elements.Bytes()) > maxBatch {
		return ErrTooBig
	}
	place := cellsPlace{partition: r.Partition, hash: hash, key: r.Key}
	record, length, digest, err := p.write(t, place, &next)
	if err != nil {
		return err
	}
	t.w.stats.newest[r.Partition].see(next.Clock)
	state := indexStateOf(next.Lifetime())
	if state.Lifetime == p.state.Lifetime {
		state = p.state
	}
	if err := t.put(r.Partition, hash, r.Key, p.state, state, record); err != nil {
		return err
	}
	ch := changeOf(r.Partition, hash, p.state, state)
	ch.bytes, ch.digest = int64(length-p.length), digest^p.digest
	t.stats = append(t.stats, ch)
	t.caches = append(t.caches, cacheUpdate{partition: r.Partition, hash: hash, key: r.Key, forget: true})
	p.object, p.length, p.digest, p.state = next.Clone(), length, digest, state // next is the editor's
	if r.Changed = true; p.whole {
		r.Stored = record
	}
	return nil
}

// allows returns the reason if a version that a record has made cannot follow.
func (p *part) allows(r *Record, next *object.Object) error {
	kind := p.object.Rest.With(p.object.Elements.Total()).Kind
	switch {
	case p.whole || next.Rest.Names == 0: // all elements are at hand, or removed
		return nil
	case len(next.Siblings)+len(next.Sums) > 0:
		return errMadeString
	case p.farAll(next.Elements) && next.Elements.LastWithKey(cmp.Or(kind, next.Elements.Total().Kind)):
		return nil
	case r.Delta:
		return ErrBehind
	}
	return errOutlives
}

// next merges or edits the part, and reports whether that changes something.
func (p *part) next(t *txn, r *Record, at int) (next object.Object, changed bool, err error) {
	if c := &p.changes[at-p.from]; c.removes {
		return p.removeAll(t, r, &c.removing)
	}
	if r.Delta {
		d := &p.changes[at-p.from].delta
		if observe := t.w.db.opts.Observe; observe != nil {
			observe(d.Object.Clock.Latest())
		}
		if _, cleared := t.w.obeyed.filter(d.Object); cleared {
			return next, false, ErrBehind
		}
		next, relation, ok := object.MergeDelta(p.object, d)
		if !ok {
			return next, false, ErrBehind
		}
		t.w.epochs.seeOwn(r.Partition, p.object.Clock, d.Object.Clock)
		return next, relation != object.SameAsA && relation != object.SameAsBoth, nil
	}
	if next, changed, err = p.edit(t, r); errors.Is(err, ErrNotAtHand) && p.object.Rest.Names > 0 {
		if err = p.complete(t, cellsPlace{partition: r.Partition, hash: t.order[at].hash, key: r.Key}); err == nil {
			next, changed, err = p.edit(t, r)
		}
	}
	if err != nil || !changed {
		return next, false, err
	}
	_, cleared := t.w.obeyed.filter(next)
	return next, !cleared, nil
}

// edit lets the record's editor make the next version of the part.
func (p *part) edit(t *txn, r *Record) (next object.Object, changed bool, err error) {
	t.shown = p.object
	t.minter = Minter{epochs: t.w.epochs, record: r, stored: &t.shown}
	defer func() { t.minter = Minter{} }()
	return r.Edit.Edit(&t.shown, &t.minter)
}

// complete adds the rest to the part. What is stored has it still, as records change only what is
// selected.
func (p *part) complete(t *txn, place cellsPlace) error {
	var rest object.Elements
	err := place.each(t.w.db, t.w.db.pebble, func(cell object.Elements) error {
		name := object.Name{Kind: cell[0].Kind, Name: cell[0].Name}
		_, named := slices.BinarySearchFunc(p.names, name, object.Name.Compare)
		if named || !p.object.Rest.Between(name.Name) {
			return nil
		}
		name.Name = bytes.Clone(name.Name)
		for _, e := range cell {
			e.Name, e.Data = name.Name, bytes.Clone(e.Data)
			rest = append(rest, e)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if left := p.object.Rest.Without(rest.Total()); left != (object.Rest{}) {
		return t.w.db.corrupt("spread object", fmt.Errorf("its cells do not have the totals %+v that its record says", p.object.Rest))
	}
	all := append(p.object.Elements[:len(p.object.Elements):len(p.object.Elements)], rest...)
	slices.SortStableFunc(all, func(a, b object.Element) int {
		return object.Name{Kind: a.Kind, Name: a.Name}.Compare(object.Name{Kind: b.Kind, Name: b.Name})
	})
	p.object.Elements, p.object.Rest = all, object.Rest{}
	return nil
}

// removeAll merges an object that knows of all that the part knows of, and has no elements: none of
// the part's is left.
func (p *part) removeAll(t *txn, r *Record, in *object.Object) (next object.Object, changed bool, err error) {
	if observe := t.w.db.opts.Observe; observe != nil {
		observe(in.Clock.Latest())
	}
	before := object.HeadOf(&p.object)
	next, _ = object.Merge(before, *in)
	t.w.epochs.seeOwn(r.Partition, before.Clock, in.Clock)
	return next, true, nil
}

// write writes the cells that differ in the next version of the part, and returns the record
// for its place. If all elements that are left are at hand, and few, it is not spread any more.
func (p *part) write(t *txn, place cellsPlace, next *object.Object) (record []byte, length int, digest object.Digest, err error) {
	seed := object.SeedOf(place.key)
	if was := p.whole; was || next.Rest.Names == 0 && !t.w.db.spreads(next, true) {
		switch p.whole = true; {
		case was:
		case p.object.Rest.Names > 0: // all elements are removed
			err = place.drop(t)
		default:
			err = place.write(t, p.object.Elements, nil)
		}
		record = next.Append(nil)
		return record, len(record), seed.DigestOf(next, record), err
	}
	if err := place.write(t, p.object.Elements, next.Elements); err != nil {
		return nil, 0, 0, err
	}
	head := object.HeadOf(next)
	p.limits = limitsOf(next, p.limits)
	s := spreadRecord{total: next.Rest.With(next.Elements.Total()), limits: p.limits, head: head.Append(make([]byte, 0, head.EncodedLen()+sumLen))}
	s.digest = seed.DigestOfHead(s.head, s.total.Sum)
	return s.append(make([]byte, 0, len(s.head)+spreadOverhead)), s.length(), s.digest, nil
}

// Bytes that are added to a head: for its digest, and in its record, with limits of usual length.
const (
	sumLen         = 8
	spreadOverhead = 2 + 1 + 10 + 10 + 8 + 8 + 2*32 + 4
)
