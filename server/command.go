package server

import (
	"context"
	"slices"
	"strings"

	"github.com/quorate/quorate/server/resp"
)

// command is one row of the table, or one subcommand of a row. The table is
// the single source of what COMMAND and its kin answer, of the arity check, of
// authentication's exceptions and of the README's table.
type command struct {
	name  string // lower case
	arity int    // arguments with the name; -n: at least n
	flags string // words, as COMMAND tells them
	// Keys: first and last position and step; a negative last counts from the
	// end. All zero: none.
	first, last, step int
	access            string // what is done to the keys: flags of their specification; with ";", of each key's
	notes             string // on the key specification
	acl               string // categories
	// Words separated by commas. Redis sends some commands to every node of a
	// cluster and adds up what they say (request_policy:all_shards); here any one
	// node speaks for all, and clients must not be told otherwise.
	tips         string
	group, since string
	complexity   string
	summary      string
	subcommands  []command

	// plan adds the command to the batch. It runs while earlier commands of the
	// batch have not: it must neither depend on them nor change the session.
	plan func(*session, *entry)
	// run executes the command by itself, after the batch. A command has one of
	// the two; with both, run is for more arguments than a batch should hold.
	run func(context.Context, *session, *command, [][]byte)

	// Filled in by newTable.
	full     string // "config|get"
	index    int    // of its counters
	stranger bool   // may be run before authentication
	writes   bool   // waits while writes are paused
	urgent   bool   // runs while all is paused
	shown    bool   // by MONITOR
	secret   bool   // its arguments may hold a password
	fast     bool
}

func (c *command) fits(args int) bool {
	return c.arity >= 0 && args == c.arity || c.arity < 0 && args >= -c.arity
}

// alone tells whether the command must run by itself, after the batch.
func (c *command) alone(args int) bool {
	return c.plan == nil || c.run != nil && args > batchMax
}

// table finds commands by name.
type table struct {
	list    []*command // containers and commands, by name
	byName  map[string]*command
	bySub   map[string]*command // "config|get"
	counted []*command          // by index
}

func newTable() *table {
	t := &table{byName: map[string]*command{}, bySub: map[string]*command{}}
	rows := commandRows()
	for i := range rows {
		c := &rows[i]
		t.adopt(c, c.name)
		t.list = append(t.list, c)
		t.byName[c.name] = c
		for j := range c.subcommands {
			sub := &c.subcommands[j]
			t.adopt(sub, c.name+"|"+sub.name)
			t.bySub[sub.full] = sub
		}
	}
	return t
}

func (t *table) adopt(c *command, full string) {
	c.full, c.index = full, len(t.counted)
	flags := strings.Fields(c.flags)
	c.stranger = slices.Contains(flags, "no_auth")
	c.writes = slices.Contains(flags, "write")
	c.fast = slices.Contains(flags, "fast")
	c.secret = full == "auth" || full == "hello" || full == "config|set"
	c.shown = !c.secret && !slices.Contains(flags, "admin")
	c.urgent = full == "client|pause" || full == "client|unpause" || full == "client|kill" || full == "quit"
	t.counted = append(t.counted, c)
}

// nameBuffer holds a name while it is looked up: longer ones do not exist.
type nameBuffer [32]byte

// find returns the command of that name, in any case, or nil.
func (t *table) find(name []byte) *command {
	var buffer nameBuffer
	if len(name) > len(buffer) {
		return nil
	}
	return t.byName[string(resp.AppendLower(buffer[:0], name))]
}

// findSub returns the subcommand of a container, or nil.
func (t *table) findSub(container *command, name []byte) *command {
	var buffer [2 * len(nameBuffer{})]byte
	if len(name) > len(nameBuffer{}) {
		return nil
	}
	key := append(append(buffer[:0], container.name...), '|')
	return t.bySub[string(resp.AppendLower(key, name))]
}

// findFull takes "config|get" as well as "get".
func (t *table) findFull(name []byte) *command {
	if c := t.find(name); c != nil {
		return c
	}
	return t.bySub[strings.ToLower(string(name))]
}
