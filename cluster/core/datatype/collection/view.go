package collection

import (
	"bytes"
	"slices"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
)

// View is the elements of one kind that commands see, in the order of their names, each name
// once. It refers to the object that it was made of.
type View []*object.Element

// ViewOf returns the view of the elements of a kind that can be read at the time now (unix
// milliseconds).
func ViewOf(o *object.Object, kind object.Kind, now int64) View {
	return viewOf(o, kind, now, func(*object.Element) bool { return true })
}

// CountOf returns how many elements of a kind can be read at the time now (unix milliseconds), each
// name once. Those of the object's rest count, too.
func CountOf(o *object.Object, kind object.Kind, now int64) int {
	return len(ViewOf(o, kind, now)) + liveRest(o, kind, now).Names
}

// liveRest returns the rest of an object if it is of a kind and can be read at the time now (unix
// milliseconds).
func liveRest(o *object.Object, kind object.Kind, now int64) (r object.Rest) {
	if o.Rest.Kind == kind && o.Rest.Lives(o.Elements, now) {
		r = o.Rest
	}
	return r
}

// ViewSeen returns the view of those elements that a context covers.
func ViewSeen(o *object.Object, kind object.Kind, now int64, seen causal.Context) View {
	return viewOf(o, kind, now, func(e *object.Element) bool { return seen.Covers(e.Dot) })
}

func viewOf(o *object.Object, kind object.Kind, now int64, wanted func(*object.Element) bool) View {
	first, _ := slices.BinarySearchFunc(o.Elements, kind, func(e object.Element, k object.Kind) int { return int(e.Kind) - int(k) })
	v := make(View, 0, len(o.Elements)-first)
	reader := o.Elements.At(now)
	for i := first; i < len(o.Elements) && o.Elements[i].Kind == kind; i++ {
		e := &o.Elements[i]
		if !reader.Live(e) || !wanted(e) {
			continue
		}
		if last := len(v) - 1; last >= 0 && bytes.Equal(v[last].Name, e.Name) {
			if e.After(v[last]) {
				v[last] = e
			}
			continue
		}
		v = append(v, e)
	}
	return v
}

// Find returns the element of a name, or nil.
func (v View) Find(name []byte) *object.Element {
	at, found := slices.BinarySearchFunc(v, name, func(e *object.Element, name []byte) int { return bytes.Compare(e.Name, name) })
	if !found {
		return nil
	}
	return v[at]
}
