package command

import "strings"

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
	case r.Keys.First == 0:
		return nil, nil, "ERR The command has no key arguments"
	case !r.Fits(len(args)):
		return nil, nil, "ERR Invalid number of arguments specified for command"
	}
	last := r.Keys.Last
	if last < 0 {
		last += len(args)
	}
	for i := r.Keys.First; i <= last; i += r.Keys.Step {
		positions = append(positions, i)
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
