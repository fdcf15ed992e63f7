package command

import (
	"strings"

	"github.com/quorate/quorate/cluster/core/number"
)

// KeysOf finds the command in args and the positions of its keys, or the refusal
// that says why there are none.
func (t *Table) KeysOf(args [][]byte) (r *Row, positions []int, refusal string) {
	r = t.Find(args[0])
	if r != nil && len(r.Subcommands) > 0 && len(args) > 1 {
		if sub := t.FindSub(r, args[1]); sub != nil {
			r = sub
		}
	}
	switch {
	case r == nil:
		return nil, nil, "ERR Invalid command specified"
	case r.Keys.First == 0 && r.Keys.Counted == 0:
		return nil, nil, "ERR The command has no key arguments"
	case !r.Fits(len(args)):
		return nil, nil, "ERR Invalid number of arguments specified for command"
	}
	last := r.Keys.Last
	if last < 0 {
		last += len(args)
	}
	for i := r.Keys.First; i > 0 && i <= last; i += r.Keys.Step {
		positions = append(positions, i)
	}
	if at := r.Keys.Counted; at > 0 {
		n, ok := number.ParseInt(args[at])
		if !ok || n < 1 || n > int64(len(args)-at-1) {
			return nil, nil, "ERR Invalid arguments specified for command"
		}
		for i := range int(n) {
			positions = append(positions, at+1+i)
		}
	}
	if r.Keys.Named != nil {
		positions = append(positions, r.Keys.Named(args)...)
	}
	return r, positions, ""
}

// AccessOf returns what a call does to its i-th key.
func (k Keys) AccessOf(i int, args [][]byte) string {
	if k.Varying != nil {
		return k.Varying(args)
	}
	kinds := strings.Split(k.Access, ";")
	return kinds[min(i, len(kinds)-1)]
}

// CountedKeysOf reads the number of keys, the keys behind it, and what follows them.
func CountedKeysOf(args [][]byte) (keys, rest [][]byte, refusal string) {
	n, ok := number.ParseInt(args[0])
	switch {
	case !ok || n < 1:
		return nil, nil, "ERR numkeys should be greater than 0"
	case n > int64(len(args)-1):
		return nil, nil, "ERR Number of keys can't be greater than number of args"
	}
	return args[1 : 1+n], args[1+n:], ""
}
