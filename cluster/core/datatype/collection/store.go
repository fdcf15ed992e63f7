package collection

import (
	"slices"
	"strconv"

	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/cluster/core/object"
)

// types are the data types that have elements: their names in Redis, and the ops that store a
// whole key.
var types = map[object.Kind]struct {
	name  string
	store Op
}{
	object.Field:  {"hash", HashStore},
	object.Member: {"set", SetStore},
	object.Scored: {"zset", ScoredStore},
	object.Item:   {"list", ListStore},
	object.Entry:  {"stream", StreamStore},
}

// TypeName returns Redis's name of the data type whose elements are of a kind.
func TypeName(k object.Kind) string { return types[k].name }

// Texts returns what people are shown of an element's name and data: a score in decimal, of an
// entry of a stream its id and its fields, else what they are.
func Texts(e *object.Element) (name, data []byte) {
	switch e.Kind {
	case object.Scored:
		if score, ok := object.ReadScore(e.Data); ok {
			return e.Name, []byte(number.FormatDouble(score))
		}
	case object.Entry:
		return entryTexts(e.Name, e.Data)
	}
	return e.Name, e.Data
}

// Stores reports whether the command replaces all that the key has, whatever its type.
func (c *Command) Stores() bool {
	return types[c.Kind()].store == c.Op || c.Op == HashStoreExpiring
}

// StoreOf returns the command that stores the elements of a view, which has some, with an
// expiry of the key (unix milliseconds; 0 means never). Fields keep expiries of their own. A
// store of a list needs a seed.
func StoreOf(v View, expiry int64) Command {
	kind := v[0].Kind
	c := Command{Op: types[kind].store, Number: expiry, Args: make([][]byte, 0, 2*len(v))}
	if slices.ContainsFunc(v, func(e *object.Element) bool { return e.Expiry != 0 }) {
		c.Op = HashStoreExpiring // no other elements have expiries
	}
	for _, e := range v {
		if kind != object.Item {
			c.Args = append(c.Args, e.Name)
		}
		if kind != object.Member {
			c.Args = append(c.Args, e.Data)
		}
		if c.Op == HashStoreExpiring {
			c.Args = append(c.Args, strconv.AppendInt(nil, e.Expiry, 10))
		}
	}
	return c
}

// store makes a key of the arguments, or deletes it if there are none. The answer's number is
// how many elements it has.
func (c *Command) store(_ View, set *changes, out *Outcome) {
	for i := 0; i < len(c.Args); i++ {
		change, _ := set.of(c.Args[i])
		if set.kind != object.Member {
			i++
			change.Data = c.Args[i]
		}
	}
	out.Number = int64(len(set.list))
}

// storeExpiring makes a hash of the arguments, as store does, with the expiries of its fields.
func (c *Command) storeExpiring(_ View, set *changes, out *Outcome) {
	for field := range slices.Chunk(c.Args, 3) {
		expiry, ok := number.ParseInt(field[2])
		if !ok || expiry < 0 {
			out.Failure = NotInteger
			return
		}
		change, _ := set.of(field[0])
		change.Data, change.Expiry = field[1], expiry
	}
	out.Number = int64(len(set.list))
}
