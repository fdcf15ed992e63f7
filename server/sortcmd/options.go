package sortcmd

import (
	"bytes"

	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/resp"
)

// options are those of SORT key [BY pattern] [LIMIT first count] [GET pattern …] [ASC|DESC]
// [ALPHA] [STORE key].
type options struct {
	by           []byte // nil: by the elements themselves
	unsorted     bool   // a BY has a pattern without a *
	descending   bool
	alphabetical bool
	first, count int64 // a negative count: all
	get          [][]byte
	store        []byte // nil: the elements are the answer
}

// parse reads options. Only SORT itself may store.
func parse(args [][]byte, mayStore bool) (o options, refusal string) {
	o.count = -1
	for len(args) > 0 {
		name, values := args[0], args[1:]
		taken := 0
		switch {
		case resp.Is(name, "ASC"):
			o.descending = false
		case resp.Is(name, "DESC"):
			o.descending = true
		case resp.Is(name, "ALPHA"):
			o.alphabetical = true
		case resp.Is(name, "LIMIT") && len(values) >= 2:
			first, firstOK := number.ParseInt(values[0])
			count, countOK := number.ParseInt(values[1])
			if !firstOK || !countOK {
				return o, command.TextNotInteger
			}
			o.first, o.count, taken = first, count, 2
		case resp.Is(name, "STORE") && mayStore && len(values) >= 1:
			o.store, taken = values[0], 1
		case resp.Is(name, "BY") && len(values) >= 1:
			o.by, taken = values[0], 1
			o.unsorted = o.unsorted || !bytes.ContainsRune(o.by, '*')
		case resp.Is(name, "GET") && len(values) >= 1:
			o.get, taken = append(o.get, values[0]), 1
		default:
			return o, command.TextSyntax
		}
		args = values[taken:]
	}
	return o, ""
}

// limit returns the elements that LIMIT leaves. Those before the first one and a count that is
// out of range are cut.
func (o *options) limit(elements [][]byte) [][]byte {
	n := int64(len(elements))
	first := min(max(o.first, 0), n)
	if o.count < 0 {
		return elements[first:]
	}
	return elements[first : first+min(o.count, n-first)]
}

// lookup is what a pattern names: a key for each element, and maybe a field of it.
type lookup struct {
	self          bool   // the element itself
	none          bool   // nothing: the pattern has no *
	before, after []byte // of the element, in the key
	field         []byte // nil: the key is a string
}

// lookupOf returns what a pattern names: prefix*suffix, or prefix*suffix->field, or #.
func lookupOf(pattern []byte) (l lookup) {
	if string(pattern) == "#" {
		return lookup{self: true}
	}
	before, after, found := bytes.Cut(pattern, []byte("*"))
	if !found {
		return lookup{none: true}
	}
	l.before, l.after = before, after
	if key, field, found := bytes.Cut(after, []byte("->")); found && len(field) > 0 {
		l.after, l.field = key, field
	}
	return l
}

// keyOf returns the key that the pattern names for an element.
func (l *lookup) keyOf(element []byte) []byte {
	key := make([]byte, 0, len(l.before)+len(element)+len(l.after))
	return append(append(append(key, l.before...), element...), l.after...)
}
