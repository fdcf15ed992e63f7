package sortcmd

import (
	"bytes"
	"context"
	"errors"

	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/server/command"
)

// sizeOfValue is what a value counts for beside its bytes, against the limit of what is read.
const sizeOfValue = 16

const textTooMuch = "ERR what SORT would read is larger than this node may buffer for one client; take fewer elements with LIMIT, or fewer patterns"

// elementsOf returns the elements of the key to be sorted, in their order, and whether they have
// one. If the key is of another type, it returns the reason.
func elementsOf(ctx context.Context, c *command.Call) (elements [][]byte, ordered bool, refusal string) {
	r := c.ReadNow(ctx, c.Args[1])
	shown, err := c.Shown(r)
	switch {
	case err != nil:
		return nil, false, command.ErrorText(err)
	case !shown.Found:
		return nil, true, ""
	}
	v := collection.ViewOf(&r.Object, shown.Kind, c.Now)
	elements = make([][]byte, 0, len(v))
	switch shown.Kind { // the request is about to be used again
	case object.Item:
		for _, e := range v {
			elements = append(elements, bytes.Clone(e.Data))
		}
	case object.Member:
		for _, e := range v {
			elements = append(elements, bytes.Clone(e.Name))
		}
	case object.Scored:
		for _, s := range collection.RankingOf(v) {
			elements = append(elements, bytes.Clone(s.Member))
		}
	default:
		return nil, false, command.ErrorText(register.ErrWrongType)
	}
	return elements, shown.Kind != object.Member, ""
}

// reader reads what patterns name.
type reader struct {
	c      *command.Call
	budget int64 // bytes that may still be read
}

// values returns what the patterns name for each element: all values of the first element, then
// all of the second one, and so on; nil where there is no such key or field, or one of another
// type.
func (r *reader) values(ctx context.Context, elements [][]byte, patterns []lookup) (values [][]byte, refusal string) {
	total := int64(len(elements)) * int64(len(patterns))
	if total > r.budget/sizeOfValue {
		return nil, textTooMuch
	}
	r.budget -= total * sizeOfValue
	values = make([][]byte, total)
	var piece query
	for i := range values {
		element, pattern := elements[i/len(patterns)], &patterns[i%len(patterns)]
		switch {
		case pattern.none:
		case pattern.self:
			values[i] = element
		default:
			piece.keys, piece.fields, piece.to = append(piece.keys, pattern.keyOf(element)), append(piece.fields, pattern.field), append(piece.to, &values[i])
		}
		if len(piece.keys) == command.BatchMax || i == len(values)-1 {
			if refusal = r.answer(ctx, &piece); refusal != "" {
				return nil, refusal
			}
		}
	}
	return values, ""
}

// query is some keys that are read together, the field of each that is wanted, and where its
// value goes.
type query struct {
	keys, fields [][]byte
	to           []*[]byte
}

// answer reads the keys of a query, and empties it.
func (r *reader) answer(ctx context.Context, q *query) (refusal string) {
	if len(q.keys) == 0 {
		return ""
	}
	sum := r.c.InPieces(ctx, append([][]byte{nil}, q.keys...), command.PlanReads, func(sum *command.Sum, piece *command.Call) {
		for i, read := range piece.Requests {
			value, err := valueOf(piece, read, q.fields[i])
			if err != nil {
				sum.Refusal = command.ErrorText(err)
				return
			}
			piece.Count(value != nil)
			if r.budget -= int64(len(value)); r.budget < 0 {
				sum.Refusal = textTooMuch
				return
			}
			*q.to[i] = bytes.Clone(value)
		}
	})
	q.keys, q.fields, q.to = q.keys[:0], q.fields[:0], q.to[:0]
	return sum.Refusal
}

// valueOf returns the string that a read found, or its field; nil if there is none.
func valueOf(c *command.Call, r *command.Request, field []byte) ([]byte, error) {
	if field != nil {
		v, err := c.ViewOf(r, object.Field)
		if errors.Is(err, register.ErrWrongType) {
			return nil, nil
		}
		if e := v.Find(field); e != nil {
			return some(e.Data), nil
		}
		return nil, err
	}
	v, found, err := c.Value(r)
	switch {
	case errors.Is(err, register.ErrWrongType):
		return nil, nil
	case err != nil || !found:
		return nil, err
	}
	return some(v.Data), nil
}

// some returns a value that is there, and so is not nil.
func some(value []byte) []byte {
	if value == nil {
		return []byte{}
	}
	return value
}
