package register

import (
	"slices"

	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/object"
)

// Copy is one of the writes that make a key again elsewhere: a value of a string, or elements
// of one kind, each name once.
type Copy struct {
	Elements collection.View // none: the copy is of a value
	Value    object.Value    // of elements: the expiry of the key alone
}

// CopiesOf returns the writes that make again what lives in o at the time now (unix
// milliseconds), in the order in which they are to be made. They refer to o. shown is what
// [Choose] shows of o. None are returned if it shows nothing.
//
// Concurrent values are several writes, the oldest first. So they are concurrent again, and the
// same one is shown. Of list items the copies have what is shown alone, because an item gets
// another name in another list; so do members of sets, which have no value.
func CopiesOf(o *object.Object, shown Shown, now int64) (copies []Copy) {
	if !shown.Found {
		return nil
	}
	for at := 0; at < len(o.Elements); {
		kind := o.Elements[at].Kind
		if kind != shown.Kind {
			copies = appendElementCopies(copies, o, kind, now)
		}
		for at < len(o.Elements) && o.Elements[at].Kind == kind {
			at++
		}
	}
	values := o.LiveAt(now).Siblings
	slices.SortFunc(values, func(a, b object.Sibling) int {
		if a.After(&b) {
			return 1
		}
		return -1
	})
	for _, s := range values {
		copies = append(copies, Copy{Value: s.Value})
	}
	if shown.Kind != 0 {
		copies = appendElementCopies(copies, o, shown.Kind, now)
	}
	return copies
}

// appendElementCopies appends the copies of the elements of a kind.
func appendElementCopies(dst []Copy, o *object.Object, kind object.Kind, now int64) []Copy {
	view := collection.ViewOf(o, kind, now)
	if len(view) == 0 || collection.TypeName(kind) == "" {
		return dst
	}
	expiry := object.Value{Expiry: o.Elements.KeyExpiry()}
	if kind != object.Item && kind != object.Member {
		for _, older := range olderOf(o, view, now) {
			dst = append(dst, Copy{Elements: older, Value: expiry})
		}
	}
	return append(dst, Copy{Elements: view, Value: expiry})
}

// olderOf returns views of the live elements that are concurrent with those of a view, and
// older. The last one has those that are the second newest of their names.
func olderOf(o *object.Object, view collection.View, now int64) (views []collection.View) {
	reader := o.Elements.At(now)
	for _, newest := range view {
		var older collection.View
		of := o.Elements.Of(newest.Kind, newest.Name)
		for i := range of {
			if e := &of[i]; e.Dot != newest.Dot && reader.Live(e) {
				older = append(older, e)
			}
		}
		slices.SortFunc(older, func(a, b *object.Element) int {
			if a.After(b) {
				return -1
			}
			return 1
		})
		for i, e := range older {
			if i == len(views) {
				views = append(views, nil)
			}
			views[i] = append(views[i], e)
		}
	}
	slices.Reverse(views)
	return views
}

// UpdatesOf returns the updates that make copies. The first one replaces all that the key has,
// if the key meets the condition. The others come beside it, whatever the key has. seed is a
// random number. Updates that write values share their memory.
func UpdatesOf(copies []Copy, condition Condition, seed uint64) []Update {
	updates := make([]Update, len(copies))
	for i, c := range copies {
		u := &updates[i]
		u.HasContext = i > 0 // an empty one: the update has seen nothing
		if len(c.Elements) == 0 {
			u.Kind, u.Data, u.Expiry = Set, c.Value.Data, c.Value.Expiry
			if i == 0 {
				u.Condition = condition
			}
			continue
		}
		store := collection.StoreOf(c.Elements, c.Value.Expiry)
		store.Seed = seed
		if i == 0 && condition == IfAbsent {
			store.Flags = collection.IfAbsent
		}
		u.Kind, u.Data = ChangeElements, store.Append(nil)
	}
	return updates
}
