package register

import (
	"slices"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
)

// What an update replaces:
//
//   - With a context: what the context covers. A deletion with a context leaves no
//     tombstone, only a clock, so that it hides no value that it does not cover.
//   - SET and DEL, and an EXPIRE in the past, without a context: every sibling.
//   - INCR, INCRBYFLOAT, APPEND, SETRANGE, BITFIELD and PFADD: the value that they were computed from,
//     which is the one that a plain read shows. Its live siblings stay.
//   - EXPIRE, PERSIST and GETEX change the expiry of the key. So each live sibling is
//     replaced by itself with the new expiry, and the same one is shown as before.
//
// So a sibling that nobody has merged goes only with a plain SET or DEL.

// Event is the writing of a value that [Update.Apply] made.
type Event struct {
	Value object.Value
	Of    causal.Dot     // the sibling that the value was computed from: see [Shown]
	Past  causal.Context // the context of the write
	Dot   causal.Dot
	Time  causal.Timestamp
	// Before are the events by which the same update wrote the other siblings.
	Before []Event
}

// Next returns the object that follows current when u writes e at the time now (unix
// milliseconds). It reuses the slices of room, which must not be those of current, and
// shares the bytes of values with current. It sets e.Past to what e.Value has replaced,
// and e.Dot to its dot, where e came with those of the whole object.
func (u *Update) Next(room object.Object, current *object.Object, e *Event, now int64) (next object.Object) {
	if len(current.Siblings) > 1 && !u.HasContext && !e.Value.Tombstone {
		switch u.Kind {
		case Expire, Persist, GetEx:
			next = current.LiveAt(now)
			counted := object.Counted(&next)
			newest := counted.Newest()
			e.Of, e.Value.Data = newest.Dot, newest.Data // where the value was that of several
			e.retimeOthers(&next, counted.Siblings)
			e.replace(&next, e.Of)
			return next
		case Increment, IncrementFloat, Append, SetRange, BitField, AddHyperLogLog:
			if e.Of != (causal.Dot{}) {
				next = current.LiveAt(now)
				e.replace(&next, e.Of)
				return next
			}
		}
	}
	if u.changesValue() && !e.Value.Tombstone && current.Elements.AnyLive(now) {
		e.Past = current.SeenOfValues() // a collection that the value hides stays
	}
	next = room
	next.BecomePut(*current, e.Past, e.Dot, e.Time, e.Value)
	if u.HasContext && e.Value.Tombstone {
		return next.Without(e.Dot)
	}
	return next
}

// replace writes e in the place of a sibling of next, and of nothing else.
func (e *Event) replace(next *object.Object, own causal.Dot) {
	e.Past = next.SeenBy(own).Clone()
	*next = object.Put(*next, e.Past, e.Dot, e.Time, e.Value)
}

// retimeOthers replaces the siblings beside e.Of by themselves, as they are shown, with the expiry
// of e.Value. They are written before e.Value, the oldest first, so that their order stays.
// e.Dot is the dot of the first of them, and becomes the one that is left for e.Value.
func (e *Event) retimeOthers(next *object.Object, shown []object.Sibling) {
	others := slices.DeleteFunc(slices.Clone(shown), func(s object.Sibling) bool { return s.Dot == e.Of })
	if e.Dot.Counter > causal.MaxCounter-causal.Counter(len(others)) {
		return // no dots are left for them
	}
	slices.SortFunc(others, func(a, b object.Sibling) int {
		if a.After(&b) {
			return 1
		}
		return -1
	})
	for _, s := range others {
		one := Event{Value: object.Value{Data: s.Data, Expiry: e.Value.Expiry}, Dot: e.Dot, Time: e.Time}
		one.replace(next, s.Dot)
		e.Before = append(e.Before, one)
		e.Dot.Counter++
	}
}
