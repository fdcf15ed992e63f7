package command

import (
	"context"
	"slices"
	"strings"
)

// Row is one command of the table, or one subcommand of a row. The table is the
// single source of the replies of COMMAND, of the arity check, of the exceptions
// from authentication, and of COMMANDS.md.
type Row struct {
	Name  string // lower case
	Arity int    // arguments with the name; -n: at least n
	Flags string // words, as COMMAND shows them
	Keys  Keys

	Categories string // of ACL, with their @
	// Tips are words separated by commas. Redis sends some commands to every node
	// of a cluster and adds up the answers (request_policy:all_shards); here any
	// one node answers for all, and clients must not be led to ask them all.
	Tips         string
	Group, Since string
	Complexity   string
	Summary      string
	Subcommands  []Row

	Urgent         bool // runs while all commands are paused
	DecidesSilence bool // decides whether it is answered, whatever CLIENT REPLY says
	ClusterOnly    bool // refused by a node that does not present itself as a cluster
	Traceable      bool // DYNAMO TRACE takes it
	// Secret reports whether these arguments may hold a password, which SLOWLOG
	// then hides. Nil means never; MONITOR shows no command that has it.
	Secret func(args [][]byte) bool

	// Plan adds the command to the batch, and must set the call's Reply, or call Refuse,
	// which does. It runs while earlier commands of the
	// batch have not: it must neither depend on them nor change the connection.
	Plan func(*Call)
	// Run executes the command by itself, after the batch. A command has one of
	// the two; with both, Run is for more arguments than a batch should hold.
	Run func(context.Context, *Call)

	// Filled in by NewTable.
	full                   string // "config|get"
	index                  int
	unauthenticated, shown bool
	reads, writes, fast    bool
}

// Keys says where the keys are among the arguments.
type Keys struct {
	// First and last position, and the step between keys; a negative Last counts
	// from the end. All zero: the command names no keys.
	First, Last, Step int
	// Counted is the position of an argument that says how many keys follow it, after those
	// of First to Last; 0: there is none. The last flags of Access are theirs.
	Counted int
	// Named returns the positions of further keys, behind words that may stand anywhere. The
	// last flags of Access are theirs. Nil: there are none.
	Named  func(args [][]byte) []int
	Access string // flags of the key specification; with ";", of each key's
	// Varying returns the flags that hold for a call. It is there if Access has the word
	// variable_flags.
	Varying func(args [][]byte) string
	Notes   string // on the key specification
}

// Key, TwoKeys, KeysToEnd and Pairs are the usual places of keys.
func Key(access string) Keys       { return Keys{First: 1, Last: 1, Step: 1, Access: access} }
func TwoKeys(access string) Keys   { return Keys{First: 1, Last: 2, Step: 1, Access: access} }
func KeysToEnd(access string) Keys { return Keys{First: 1, Last: -1, Step: 1, Access: access} }
func Pairs(access string) Keys     { return Keys{First: 1, Last: -1, Step: 2, Access: access} }

// CountedKeys is a number of keys, at a position, and the keys behind it.
func CountedKeys(position int, access string) Keys { return Keys{Counted: position, Access: access} }

// KeyAt is one key at the given position, behind a subcommand's name.
func KeyAt(position int, access string) Keys {
	return Keys{First: position, Last: position, Step: 1, Access: access}
}

// Always is a Row.Secret that hides all arguments.
func Always([][]byte) bool { return true }

// Full returns the name by which the command is counted: "config|get".
func (r *Row) Full() string { return r.full }

// Index returns the row's place in [Table.All].
func (r *Row) Index() int { return r.index }

// Fits reports whether the command takes this number of arguments, its name
// included.
func (r *Row) Fits(args int) bool {
	return r.Arity >= 0 && args == r.Arity || r.Arity < 0 && args >= -r.Arity
}

// Alone reports whether the command must run by itself, after the batch.
func (r *Row) Alone(args int) bool { return r.Plan == nil || r.Run != nil && args > BatchMax }

// Writes reports whether the command waits while writes are paused.
func (r *Row) Writes() bool { return r.writes }

// Reads reports whether the command reads keys, or the keyspace.
func (r *Row) Reads() bool { return r.reads }

// Fast reports whether the command should never take long.
func (r *Row) Fast() bool { return r.fast }

// Shown reports whether MONITOR shows the command.
func (r *Row) Shown() bool { return r.shown }

// In reports whether the command is in an ACL category, named without its @.
func (r *Row) In(category string) bool {
	return slices.Contains(strings.Fields(r.Categories), "@"+category)
}

// adopt fills in what follows from the row.
func (r *Row) adopt(full string, index int) {
	r.full, r.index = full, index
	flags := strings.Fields(r.Flags)
	r.unauthenticated = slices.Contains(flags, "no_auth")
	r.reads = slices.Contains(flags, "readonly")
	r.writes = slices.Contains(flags, "write")
	r.fast = slices.Contains(flags, "fast")
	r.shown = r.Secret == nil && !slices.Contains(flags, "admin")
}
