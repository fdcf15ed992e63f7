package sim

import (
	"slices"
	"strings"

	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/object"
)

// streamPrefix begins the keys of streams. Their clients add entries, whose ids the coordinators
// choose, and delete and trim entries, without contexts.
const streamPrefix = "stream"

// longestStream is how many entries a trim leaves.
const longestStream = 4

func (o *op) isOfStream() bool { return strings.HasPrefix(o.key, streamPrefix) }

// stream makes a client's request one of those on a stream. The id of an XDEL is one that some
// client was answered with lately.
func (w *workload) stream(o *op) {
	switch roll := w.rng.IntN(20); {
	case roll < 4:
		w.read(o)
	case roll < 12:
		o.action, o.value, o.seed = actionAdd, o.client.newValue(), w.rng.Uint64()
	case roll < 16:
		added := w.history.entries(o.key)
		if len(added) == 0 {
			return
		}
		o.action, o.name = actionRemove, added[len(added)-1-w.rng.IntN(min(3, len(added)))].name
	case roll < 19:
		o.action = actionTrim
	default:
		o.action = actionDelete
	}
}

// entries returns the additions to a stream that were acknowledged, in the order in which they began.
func (h *history) entries(key string) (added []*op) {
	for _, o := range h.ops {
		if o.key == key && o.action == actionAdd && o.outcome == succeeded {
			added = append(added, o)
		}
	}
	return added
}

// changeOfStream is what an op asks of the entries of its stream.
func (o *op) changeOfStream() collection.Command {
	switch o.action {
	case actionAdd:
		id, fields := collection.NewID{Rule: collection.AutoID}, collection.AppendFields(nil, [][]byte{[]byte("f"), []byte(o.value)})
		return collection.Command{Op: collection.StreamAdd, Number: o.node.shows(o.start), Seed: o.seed, Args: [][]byte{id.Append(nil), fields, nil}}
	case actionTrim:
		return collection.Command{Op: collection.StreamTrim, Args: [][]byte{collection.Trim{Longest: longestStream}.Append(nil)}}
	}
	return collection.Command{Op: collection.StreamDelete, Args: [][]byte{o.entryID().Append(nil)}}
}

// entryID returns the id of the entry that an op has added, or is to delete.
func (o *op) entryID() collection.StreamID {
	id, _ := collection.ParseStreamID([]byte(o.name), 0)
	return id
}

// takeID notes the id that an addition to a stream was answered with, and reports whether there
// was one.
func (o *op) takeID() bool {
	a, err := collection.DecodeAnswer(o.request.Result.Data)
	if err != nil || len(a.Values) == 0 {
		return false
	}
	id, _ := collection.ReadStreamID(a.Values[0])
	o.name = id.String()
	return true
}

// trimmed returns how many entries a trim says that it has removed.
func (o *op) trimmed() int {
	a, _ := collection.DecodeAnswer(o.request.Result.Data)
	return int(a.Number)
}

// valueOf returns the value in an entry, or "" if it is a mark.
func valueOf(e *object.Element) string {
	if fields := collection.FieldsOf(e.Data); len(fields) == 2 {
		return string(fields[1])
	}
	return ""
}

// entryAt returns the index of the entry that an op added, or -1.
func (o *op) entryAt(left *object.Object) int {
	return slices.IndexFunc(left.Elements, func(e object.Element) bool { return e.Kind == object.Entry && valueOf(&e) == o.value })
}

// streams is what is checked of streams.
type streams struct{ *checker }

// mayTrim reports whether a trim may have taken the entry that an op added: it was not over when
// the addition began, and there may have been as many greater ids as the trim leaves.
func (ch streams) mayTrim(trim, added *op) bool {
	if trim.action != actionTrim || trim.key != added.key || trim.outcome == succeeded && trim.end <= added.start {
		return false
	}
	greater := 0
	for _, o := range ch.history.ops {
		began := trim.outcome != succeeded || o.start < trim.end
		if o.key == trim.key && o.action == actionAdd && began && (o.outcome != succeeded || o.entryID().Compare(added.entryID()) > 0) {
			greater++
		}
	}
	return greater >= longestStream
}

// checkEntry: an entry has the value that an addition gave it, and the id that its client was
// told. No id is given twice.
func (ch streams) checkEntry(key string, e *object.Element) {
	value := valueOf(e)
	if value == "" {
		return
	}
	id := collection.IDOf(e).String()
	w := ch.history.byValue[value]
	if w == nil || w.key != key || w.name != "" && w.name != id {
		ch.fail("%s holds %q as %s, and nobody wrote that: %v", key, value, id, w)
		return
	}
	ch.checkUnique(key, id, value)
}

// checkUnique: an id names one value.
func (ch streams) checkUnique(key, id, value string) {
	if ch.history.ids == nil {
		ch.history.ids = make(map[string]string)
	}
	named := key + " " + id
	if other, seen := ch.history.ids[named]; seen && other != value {
		ch.fail("id given twice: %s of %s names %q and %q", id, key, other, value)
	}
	ch.history.ids[named] = value
}

// check: ids are unique, and, where updates of a key meet at one node, they rise. What was deleted
// is not there, and no more is gone than was trimmed.
func (ch streams) check(final map[string]object.Object) {
	gone, trimmed, open := make(map[string][]*op), make(map[string]int), make(map[string]bool)
	for _, o := range ch.history.ops {
		if !o.isOfStream() {
			continue
		}
		left := final[o.key]
		switch {
		case o.outcome != succeeded:
			open[o.key] = open[o.key] || o.action == actionTrim
		case o.action == actionAdd:
			ch.checkUnique(o.key, o.name, o.value)
			ch.checkRises(o)
			if o.entryAt(&left) < 0 && !ch.mayBeLost(o) && !slices.ContainsFunc(ch.history.ops, func(u *op) bool { return u.mayRemove(o) }) {
				gone[o.key] = append(gone[o.key], o)
			}
		case o.action == actionTrim:
			trimmed[o.key] += o.trimmed()
		case o.action == actionRemove && o.request.Result.Dot.Counter > 0 && !ch.mayBeLost(o):
			if e := left.Elements.Of(object.Entry, o.entryID().Append(nil)); len(e) > 0 {
				ch.fail("element returned: %v deleted it, and it is there: %s", o, describe(&left))
			}
		}
	}
	for key, ops := range gone {
		if left := final[key]; len(ops) > trimmed[key] && !open[key] {
			ch.fail("overtrimmed: %d entries of %s are gone, and trims say that they took %d; one is that of %v; left is %s", len(ops), key, trimmed[key], ops[0], describe(&left))
		}
	}
}

// checkRises: where updates of a key meet at one node, an entry has a greater id than those that
// were acknowledged before its addition began, unless the key was deleted meanwhile.
func (ch streams) checkRises(o *op) {
	if !ch.meets() {
		return
	}
	for _, before := range ch.history.entries(o.key) {
		if before.end > o.start || before.entryID().Compare(o.entryID()) < 0 {
			continue
		}
		if !slices.ContainsFunc(ch.history.ops, func(u *op) bool {
			return u.action == actionDelete && u.key == o.key && u.start < o.end && (u.outcome != succeeded || u.end > before.start)
		}) {
			ch.fail("id falls: %v got %s after %v", o, o.name, before)
		}
	}
}
