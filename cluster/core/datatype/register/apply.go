package register

import (
	"errors"
	"math"
	"strconv"

	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/cluster/core/object"
)

// Apply applies u to the current value of a key at the time now (unix
// milliseconds). current is nil if the key has no value; a deleted or expired value
// counts as none. If write is true, the caller must write next; else the key stays as
// it is. next and r may share memory with u and with current's data.
func (u *Update) Apply(current *object.Value, now int64) (next object.Value, write bool, r Result) {
	var old object.Value
	exists := current != nil && current.Live(now)
	if exists {
		old = *current
	}
	r.Existed = exists
	if exists && (u.WantOld || u.Kind == GetEx) {
		r.Old = old.Data
	}
	switch u.Kind {
	case Set:
		next, write = u.set(old, exists, now)
		r.Applied = write
	case Delete:
		// The context may cover values that this node does not have yet: the
		// deletion must be written for them. An empty context covers no value, so
		// there is nothing to delete.
		write = exists && !u.HasContext || len(u.Context.Vector) > 0
		next, r.Applied = object.Value{Tombstone: true}, write
	case Increment:
		next, write = u.increment(old, exists, &r)
	case IncrementFloat:
		next, write = u.incrementFloat(old, exists, &r)
	case Append:
		next, write = u.append(old, exists, &r)
	case SetRange:
		next, write = u.setRange(old, &r)
	case BitField:
		next, write = u.bitField(old, exists, &r)
	case AddHyperLogLog:
		next, write = u.addHyperLogLog(old, exists, &r)
	case Expire:
		write = exists && u.expires(old.Expiry)
		next, r.Applied = expiring(old.Data, u.Expiry, now), write
	case Persist:
		write = exists && old.Expiry != 0
		next, r.Applied = object.Value{Data: old.Data}, write
	case GetEx:
		write = exists
		next, r.Applied = expiring(old.Data, u.Expiry, now), write
	}
	if !write {
		next = object.Value{}
	}
	return next, write, r
}

func (u *Update) set(current object.Value, exists bool, now int64) (object.Value, bool) {
	switch u.Condition {
	case IfAbsent:
		if exists {
			return current, false
		}
	case IfPresent:
		if !exists {
			return current, false
		}
	}
	if u.KeepTTL {
		return object.Value{Data: u.Data, Expiry: current.Expiry}, true
	}
	if u.Expiry == 0 {
		return object.Value{Data: u.Data}, true
	}
	return expiring(u.Data, u.Expiry, now), true
}

// expiring returns data with an expiry, or a deletion if the expiry is past.
func expiring(data []byte, expiry, now int64) object.Value {
	if expiry <= now {
		return object.Value{Tombstone: true}
	}
	return object.Value{Data: data, Expiry: expiry}
}

// expires reports whether Expire's condition holds for a value that expires at
// current (0 means never).
func (u *Update) expires(current int64) bool {
	has := current != 0
	switch u.Condition {
	case IfAbsent:
		return !has
	case IfPresent:
		return has
	case IfGreater, IfPresentGreater:
		return has && u.Expiry > current
	case IfLess:
		return !has || u.Expiry < current
	case IfPresentLess:
		return has && u.Expiry < current
	}
	return true
}

func (u *Update) increment(current object.Value, exists bool, r *Result) (next object.Value, write bool) {
	var old int64
	if exists {
		var ok bool
		if old, ok = number.ParseInt(current.Data); !ok {
			r.Failure = NotInteger
			return next, false
		}
	}
	if u.Amount > 0 && old > math.MaxInt64-u.Amount || u.Amount < 0 && old < math.MinInt64-u.Amount {
		r.Failure = Overflow
		return next, false
	}
	r.Number, r.Applied = old+u.Amount, true
	return object.Value{
		Data:   strconv.AppendInt(nil, r.Number, 10),
		Expiry: current.Expiry,
	}, true
}

func (u *Update) incrementFloat(current object.Value, exists bool, r *Result) (next object.Value, write bool) {
	old := []byte("0")
	if exists {
		old = current.Data
	}
	sum, err := number.AddFloats(old, u.Float)
	switch {
	case errors.Is(err, number.ErrNotFinite):
		r.Failure = NaN
		return next, false
	case err != nil:
		r.Failure = NotFloat
		return next, false
	}
	r.Data, r.Applied = sum, true
	return object.Value{Data: sum, Expiry: current.Expiry}, true
}

func (u *Update) append(current object.Value, exists bool, r *Result) (next object.Value, write bool) {
	size := int64(len(current.Data)) + int64(len(u.Data))
	if size > u.limit() && len(u.Data) > 0 {
		r.Failure = TooLong
		return next, false
	}
	r.Number, r.Applied = size, true
	if exists && len(u.Data) == 0 {
		return next, false
	}
	data := make([]byte, 0, size)
	data = append(data, current.Data...)
	return object.Value{Data: append(data, u.Data...), Expiry: current.Expiry}, true
}

func (u *Update) setRange(current object.Value, r *Result) (next object.Value, write bool) {
	offset, added, size := u.Amount, int64(len(u.Data)), int64(len(current.Data))
	switch {
	case offset < 0:
		r.Failure = BadOffset
		return next, false
	case added == 0:
		r.Number = size
		return next, false
	case offset > u.limit()-added:
		r.Failure = TooLong
		return next, false
	}
	size = max(size, offset+added)
	data := make([]byte, size) // zeroed: the gap before the offset is NUL bytes
	copy(data, current.Data)
	copy(data[offset:], u.Data)
	r.Number, r.Applied = size, true
	return object.Value{Data: data, Expiry: current.Expiry}, true
}
