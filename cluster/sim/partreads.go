package sim

import (
	"fmt"
	"slices"

	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/replica"
)

// reading is how much of a collection a read asks for.
type reading uint8

const (
	readWhole reading = iota
	readName          // the elements of the op's name, as HGET, SISMEMBER and ZSCORE do
	readHead          // no elements, as HLEN, EXISTS, TYPE and TTL do
)

// read makes a client's request one that reads all of a collection, one name, or none.
func (w *workload) read(o *op) {
	switch o.reads = reading(w.rng.IntN(3)); {
	case o.reads != readName:
	case o.isOfEnding():
		if added := w.history.entries(o.key); len(added) > 0 {
			o.name = added[len(added)-1-w.rng.IntN(min(5, len(added)))].name
		}
	case !o.isOfList() && !o.isOfStream():
		o.name = w.elementName()
	}
	if o.name == "" && o.reads == readName {
		o.reads = readWhole
	}
}

// elementName draws the name of an element: one of few, so that clients meet, in some runs of more.
func (w *workload) elementName() string { return fmt.Sprint("e", w.rng.IntN(3+int(w.opts.Seed%4))) }

// limitTo limits a request to what the op reads.
func (o *op) limitTo(r *replica.Request) {
	switch o.reads {
	case readName:
		r.Selection.Names = []object.Name{{Kind: o.kind(), Name: []byte(o.name)}}
	case readHead:
		r.Head = true
	}
}

// kind is that of the elements of an op's key.
func (o *op) kind() object.Kind {
	switch {
	case o.isOfList():
		return object.Item
	case o.isOfStream():
		return object.Entry
	case o.isOfHash():
		return object.Field
	case o.isOfSorted():
		return object.Scored
	}
	return object.Member
}

// element is what an addition adds, by the name that counts: of a list and of a stream it is the value.
func (o *op) element() string {
	if o.isOfList() || o.isOfStream() {
		return o.value
	}
	return o.name
}

// readings is what is checked of reads of collections, of the whole and of some elements.
type readings struct{ *checker }

// check: a read shows each element whose addition it knows of, unless something may have removed
// it, and none whose removal it knows of. Its totals agree with that.
func (ch readings) check(o *op) {
	if !o.isOfElements() {
		return
	}
	shown := &o.request.Object
	known := shown.Context()
	least, most := make(map[string]bool), make(map[string]bool)
	for _, a := range ch.history.ops {
		if a.key != o.key {
			continue
		}
		dot := a.request.Result.Dot
		knows := a.outcome == succeeded && dot.Counter > 0 && known.Covers(dot)
		switch a.action {
		case actionAdd:
			if a.outcome != refused && !ch.wasRemoved(a, o) {
				most[a.element()] = true
			}
			if !knows || ch.mayBeGone(a) {
				continue
			}
			least[a.element()] = true
			if ch.mustShow(o, a) && !a.has(shown) {
				ch.fail("element hidden: %v knows of %v, which nothing may have removed, and shows %s", o, a, describe(shown))
			}
		case actionRemove, actionDelete:
			if knows {
				ch.checkRemoved(a, shown)
			}
		}
	}
	ch.checkTotals(o, len(least), len(most))
	ch.checkEnding(o)
}

// mustShow reports whether an addition's element is one of those that a read has to show: it is of
// the name that is read, or nothing was left out.
func (ch readings) mustShow(o, added *op) bool {
	return o.request.Object.Rest.Names == 0 || o.reads == readName && o.name == added.name
}

// wasRemoved reports whether a read knows of the removal of what an op has added.
func (ch readings) wasRemoved(added, read *op) bool {
	known := read.request.Object.Context()
	return added.outcome == succeeded && slices.ContainsFunc(ch.history.ops, func(u *op) bool {
		switch dot := u.request.Result.Dot; {
		case u.key != added.key || u.outcome != succeeded || dot.Counter == 0 || !known.Covers(dot):
			return false
		case u.action == actionRemove && u.isOfList():
			return u.popped() == added.value
		case u.action != actionDelete && (u.action != actionRemove || u.name != added.name):
			return false
		case !u.plain:
			return u.covers(added.request.Result.Dot)
		}
		return ch.exact() && added.end < u.start
	})
}

// checkTotals: a collection has as many elements as a read says, each name once. It exists, and
// is of its type, if it has any. A stream that has none may exist all the same.
func (ch readings) checkTotals(o *op, least, most int) {
	shown, now := &o.request.Object, unixMilli(o.end)
	n := collection.CountOf(shown, o.kind(), now)
	if o.isOfStream() {
		n = 0
		for i := range shown.Elements {
			if valueOf(&shown.Elements[i]) != "" {
				n++
			}
		}
	}
	if n < least || n > most {
		ch.fail("wrong length: %v shows %d elements, want %d to %d: %s", o, n, least, most, describe(shown))
	}
	what, _ := register.Choose(shown, ch.opts.policy(), now)
	if !o.isOfStream() && what.Found != (n > 0) || what.Found && what.Kind != o.kind() {
		ch.fail("wrong type: %v shows %d elements, and a key that exists: %v, of type %v: %s", o, n, what.Found, what.Kind, describe(shown))
	}
}

// checkEnding: where coordinators may not part, a set expires when the last EXPIRE or PERSIST said,
// if that was not under way with others.
func (ch readings) checkEnding(o *op) {
	if !o.isOfEnding() || !ch.exact() {
		return
	}
	var last *op
	for _, u := range ch.history.ops {
		switch {
		case u.key != o.key || u.action != actionExpire && u.action != actionPersist:
		case u.outcome == succeeded && !u.request.Result.Applied:
		case u.outcome != succeeded || u.end >= o.start || last != nil && last.end >= u.start:
			return // which of them is in force is open
		default:
			last = u
		}
	}
	if last == nil || last.action == actionExpire && last.expiry-endings(ch).skew() <= o.end {
		return
	}
	want := int64(0)
	if last.action == actionExpire {
		want = unixMilli(last.expiry)
	}
	if got := o.request.Object.Elements.KeyExpiry(); got != want {
		ch.fail("wrong expiry: %v shows that the key expires at %d, and %v was the last to say so: %d", o, got, last, want)
	}
}
