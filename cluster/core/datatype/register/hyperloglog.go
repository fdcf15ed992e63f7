package register

import (
	"errors"

	"github.com/quorate/quorate/cluster/core/datatype/hyperloglog"
	"github.com/quorate/quorate/cluster/core/object"
)

// addHyperLogLog adds the observations of PFADD and PFMERGE. A key that does not exist is
// made, even without any.
func (u *Update) addHyperLogLog(current object.Value, exists bool, r *Result) (next object.Value, write bool) {
	var registers hyperloglog.Registers
	if exists {
		if err := registers.Read(current.Data); err != nil {
			r.Failure = NotHyperLogLog
			if errors.Is(err, hyperloglog.ErrCorrupt) {
				r.Failure = CorruptHyperLogLog
			}
			return next, false
		}
	}
	changed, err := registers.AddEncoded(u.Data)
	if err != nil {
		r.Failure = BadData
		return next, false
	}
	if r.Applied = changed || !exists; !r.Applied {
		return next, false
	}
	return object.Value{Data: registers.Append(nil), Expiry: current.Expiry}, true
}

// uniteHyperLogLogs returns the union of the live siblings, with the expiry of the newest
// of them. A deletion that did not know of one of them takes nothing from it. ok is false if
// none lives, or if one is no HyperLogLog.
func uniteHyperLogLogs(siblings []object.Sibling, now int64) (v object.Value, ok bool) {
	var newest *object.Sibling
	for i := range siblings {
		s := &siblings[i]
		if s.Live(now) && !hyperloglog.Is(s.Data) {
			return object.Value{}, false
		}
		if s.Live(now) && (newest == nil || s.After(newest)) {
			newest = s
		}
	}
	if newest == nil {
		return object.Value{}, false
	}
	var union, one hyperloglog.Registers
	for i := range siblings {
		if !siblings[i].Live(now) {
			continue
		}
		if one.Read(siblings[i].Data) != nil {
			return object.Value{}, false
		}
		union.Join(&one)
	}
	return object.Value{Data: union.Append(nil), Expiry: newest.Expiry}, true
}
