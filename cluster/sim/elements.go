package sim

import (
	"slices"
	"strings"

	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/object"
)

// Keys of sets, hashes and sorted sets; those of lists are in lists.go, those of streams in
// streams.go, and those of sets that expire in endings.go. Other commands than those of these files do not use them.
const (
	setPrefix    = "set"
	hashPrefix   = "hash"
	sortedPrefix = "sorted"
)

// element makes a client's request one of those on a collection: a read, an addition or removal of
// an element, or a deletion of the key. Some come with the context of what the client read last.
func (w *workload) element(o *op) {
	o.key = [...]string{setPrefix + "0", hashPrefix + "0", sortedPrefix + "0", listPrefix + "0", endingPrefix + "0", streamPrefix + "0"}[w.rng.IntN(6)]
	switch {
	case o.isOfEnding():
		w.ending(o)
		return
	case o.isOfStream():
		w.stream(o)
		return
	}
	switch roll := w.rng.IntN(20); {
	case roll < 6:
		w.read(o)
		return
	case roll < 13:
		o.action = actionAdd
		if o.isOfHash() || o.isOfList() {
			o.value = o.client.newValue()
		}
	case roll < 19:
		o.action = actionRemove
	default:
		o.action = actionDelete
	}
	if o.isOfList() {
		return
	}
	if o.action != actionDelete {
		o.name = w.elementName()
	}
	if o.client.tokens[o.key] != "" && w.rng.IntN(2) == 0 {
		o.plain = false
	}
}

func (o *op) isOfHash() bool { return strings.HasPrefix(o.key, hashPrefix) }

func (o *op) isOfSorted() bool { return strings.HasPrefix(o.key, sortedPrefix) }

func (o *op) isOfElements() bool {
	return o.isOfHash() || o.isOfSorted() || o.isOfList() || o.isOfStream() || o.isOfEnding() || strings.HasPrefix(o.key, setPrefix)
}

// score is that of the member that an op adds to a sorted set: no other op writes the same.
func (o *op) score() []byte { return object.AppendScore(nil, float64(o.id)) }

// change is what an op asks of the elements of its key.
func (o *op) change() *register.Update {
	c := collection.Command{Args: [][]byte{[]byte(o.name)}}
	switch {
	case o.isOfStream():
		c = o.changeOfStream()
	case o.isOfList():
		c = o.changeOfList()
	case o.isOfHash() && o.action == actionAdd:
		c.Op, c.Args = collection.HashSet, append(c.Args, []byte(o.value))
	case o.isOfHash():
		c.Op = collection.HashDelete
	case o.isOfSorted() && o.action == actionAdd:
		c.Op, c.Args = collection.ScoredAdd, append(c.Args, o.score())
	case o.isOfSorted():
		c.Op = collection.ScoredRemove
	case o.action == actionAdd:
		c.Op = collection.SetAdd
	default:
		c.Op = collection.SetRemove
	}
	return &register.Update{Kind: register.ChangeElements, Data: c.Append(nil)}
}

// has reports whether an object has the element that an op added.
func (o *op) has(left *object.Object) bool {
	switch {
	case o.isOfList():
		return o.itemAt(left) >= 0
	case o.isOfStream():
		return o.entryAt(left) >= 0
	}
	return slices.ContainsFunc(left.Elements.Of(o.kind(), []byte(o.name)), func(e object.Element) bool { return e.Dot == o.request.Result.Dot })
}

// mayRemove reports whether o may have removed or replaced the element that another op added: it
// is of that name and was not over when the addition began, or its client had seen the element.
func (o *op) mayRemove(added *op) bool {
	switch {
	case o == added || o.mayClear(added.start):
		return o != added
	case o.key == added.key && o.action == actionExpire:
		return o.endsSoon()
	case o.key != added.key || o.action != actionDelete && (o.action != actionAdd && o.action != actionRemove || o.name != added.name):
		return false
	case o.isOfList() && o.action == actionAdd:
		return false
	case o.isOfList() && o.action == actionRemove && o.outcome == succeeded:
		return o.popped() == added.value
	case o.plain:
		return o.outcome != succeeded || o.end > added.start
	}
	return o.covers(added.request.Result.Dot)
}

// checkElements: an acknowledged addition is there, unless something may have removed it. What
// an acknowledged removal covers is not there.
func (ch *checker) checkElements(final map[string]object.Object) {
	for _, o := range ch.history.ops {
		if !o.isOfElements() || o.outcome != succeeded || ch.mayBeLost(o) {
			continue
		}
		left := final[o.key]
		switch o.action {
		case actionAdd:
			if !o.has(&left) && !ch.mayBeGone(o) {
				ch.fail("element lost: %v was acknowledged and is gone, and nothing may have removed it; left is %s", o, describe(&left))
			}
		case actionRemove, actionDelete:
			ch.checkRemoved(o, &left)
		}
	}
	ch.checkLists(final)
	streams{ch}.check(final)
	endings{ch}.check(final)
}

// mayBeGone reports whether something may have removed what an op added.
func (ch *checker) mayBeGone(added *op) bool {
	return slices.ContainsFunc(ch.history.ops, func(u *op) bool {
		return u.mayRemove(added) && !endings{ch}.persisted(u) || streams{ch}.mayTrim(u, added)
	})
}

// checkRemoved: what a removal covers does not come back. One that removed nothing may have
// asked fallbacks that knew of nothing. A plain one covers what ended before it began, where
// reads meet every write.
func (ch *checker) checkRemoved(o *op, left *object.Object) {
	if o.request.Result.Dot.Counter == 0 || o.isOfList() && o.action == actionRemove {
		return
	}
	for i := range left.Elements {
		e := &left.Elements[i]
		if !o.plain && o.covers(e.Dot) && (o.action == actionDelete || string(e.Name) == o.name) {
			ch.fail("element returned: %v covered %q, which is there: %s", o, e.Name, describe(left))
		}
	}
	if !o.plain || !ch.exact() {
		return
	}
	for _, a := range ch.history.ops {
		if a.action == actionAdd && a.key == o.key && (o.action == actionDelete || a.name == o.name) && a.outcome == succeeded && a.end < o.start && a.has(left) {
			ch.fail("element returned: %v was removed by %v, and is there: %s", a, o, describe(left))
		}
	}
}

// checkElementDots: a dot of an element names one addition, and nobody else wrote it.
func (ch *checker) checkElementDots(key string, o *object.Object) {
	if ch.history.dots == nil {
		ch.history.dots = make(map[keyDot]string)
	}
	for i := range o.Elements {
		e := &o.Elements[i]
		name, written := keyDot{key, e.Dot}, string(e.Name)+"="+string(e.Data)
		if other, seen := ch.history.dots[name]; seen && other != written {
			ch.fail("dot minted twice: %s of %s names %q and %q", dotName(e.Dot), key, other, written)
		}
		ch.history.dots[name] = written
		switch e.Kind {
		case object.Entry:
			streams{ch}.checkEntry(key, e)
			continue
		case object.Scored:
			if !ch.history.gave(key, e) {
				ch.fail("%s holds %q with a score that nobody gave it: %s", key, e.Name, describe(o))
			}
			continue
		}
		if w := ch.history.byValue[string(e.Data)]; len(e.Data) > 0 && (w == nil || w.key != key || e.Kind != object.Item && w.name != string(e.Name)) {
			ch.fail("%s holds %q, which nobody wrote there", key, written)
		}
	}
}

// gave reports whether an addition of a member gave it the score that an element has.
func (h *history) gave(key string, e *object.Element) bool {
	score, _ := object.ReadScore(e.Data)
	id := int(score)
	return id >= 0 && id < len(h.ops) && h.ops[id].key == key && h.ops[id].name == string(e.Name)
}
