package register

import (
	"bytes"

	"github.com/quorate/quorate/cluster/core/datatype/bitmap"
	"github.com/quorate/quorate/cluster/core/object"
)

// bitField carries out the steps of SETBIT and BITFIELD.
func (u *Update) bitField(current object.Value, exists bool, r *Result) (next object.Value, write bool) {
	fields, err := bitmap.ReadFields(u.Data)
	if err != nil {
		r.Failure = BadData
		return next, false
	}
	length := bitmap.Written(fields)
	if length > uint64(u.limit()) {
		r.Failure = TooLong
		return next, false
	}
	data, answers := bitmap.Apply(current.Data, fields)
	r.Data, r.Applied = bitmap.AppendAnswers(nil, answers), true
	if length == 0 || exists && bytes.Equal(data, current.Data) {
		return next, false
	}
	return object.Value{Data: data, Expiry: current.Expiry}, true
}
