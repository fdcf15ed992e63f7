package command

import (
	"slices"
	"strings"

	"github.com/quorate/quorate/server/resp"
)

// Table finds commands by name.
type Table struct {
	top     []*Row // containers and commands, by name
	all     []*Row // by index, subcommands included
	byName  map[string]*Row
	bySub   map[string]*Row // "config|get"
	refused map[string]string
}

// NewTable assembles the rows of all families. refused holds the commands of
// Redis that are refused with a reason rather than as unknown, by their full
// name. It keeps all arguments.
func NewTable(refused map[string]string, families ...[]Row) *Table {
	t := &Table{byName: map[string]*Row{}, bySub: map[string]*Row{}, refused: refused}
	rows := slices.Concat(families...)
	slices.SortFunc(rows, func(a, b Row) int { return strings.Compare(a.Name, b.Name) })
	for i := range rows {
		r := &rows[i]
		t.adopt(r, r.Name)
		t.top = append(t.top, r)
		t.byName[r.Name] = r
		for j := range r.Subcommands {
			sub := &r.Subcommands[j]
			t.adopt(sub, r.Name+"|"+sub.Name)
			t.bySub[sub.full] = sub
		}
	}
	return t
}

func (t *Table) adopt(r *Row, full string) {
	r.adopt(full, len(t.all))
	t.all = append(t.all, r)
}

// Top lists commands and containers by name, without subcommands.
func (t *Table) Top() []*Row { return t.top }

// All lists every row; a row's place is its Index.
func (t *Table) All() []*Row { return t.all }

// Refused returns the commands that are refused with a reason, by full name.
func (t *Table) Refused() map[string]string { return t.refused }

// nameBuffer holds a name while it is looked up: longer ones do not exist.
type nameBuffer [32]byte

// Find returns the command of that name, in any case, or nil.
func (t *Table) Find(name []byte) *Row {
	var buffer nameBuffer
	if len(name) > len(buffer) {
		return nil
	}
	return t.byName[string(resp.AppendLower(buffer[:0], name))]
}

// FindSub returns the subcommand of a container, or nil.
func (t *Table) FindSub(container *Row, name []byte) *Row {
	var buffer [2 * len(nameBuffer{})]byte
	if len(name) > len(nameBuffer{}) {
		return nil
	}
	key := append(append(buffer[:0], container.Name...), '|')
	return t.bySub[string(resp.AppendLower(key, name))]
}

// FindFull returns the command or subcommand of a full name, such as "get" or
// "config|get", or nil.
func (t *Table) FindFull(name []byte) *Row {
	if r := t.Find(name); r != nil {
		return r
	}
	return t.bySub[strings.ToLower(string(name))]
}
