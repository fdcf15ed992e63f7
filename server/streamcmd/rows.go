package streamcmd

import "github.com/quorate/quorate/server/command"

// Rows returns the commands on streams. A stream is stored and read as a whole: N is the number of
// its entries, and every command takes O(N).
func Rows() []command.Row {
	const complexity = "O(N) where N is the number of entries of the stream"
	return []command.Row{
		{
			Name: "xadd", Arity: -5, Flags: "write denyoom fast", Keys: command.Keys{First: 1, Last: 1, Step: 1, Access: "RW update", Notes: "UPDATE instead of INSERT because of the optional trimming feature"}, Categories: "@write @stream @fast", Tips: "nondeterministic_output",
			Group: "stream", Since: "5.0.0", Complexity: complexity,
			Summary: "Add an entry to a stream, and show its id",
			Plan:    planAdd,
		},
		{
			Name: "xlen", Arity: 2, Flags: "readonly fast", Keys: command.Key("RO"), Categories: "@read @stream @fast",
			Group: "stream", Since: "5.0.0", Complexity: complexity,
			Summary: "Count the entries of a stream",
			Plan:    planRead(showLength),
		},
		{
			Name: "xrange", Arity: -4, Flags: "readonly", Keys: command.Key("RO access"), Categories: "@read @stream @slow",
			Group: "stream", Since: "5.0.0", Complexity: complexity,
			Summary: "Show the entries of a stream in a range of ids",
			Plan:    planRange(ascending),
		},
		{
			Name: "xrevrange", Arity: -4, Flags: "readonly", Keys: command.Key("RO access"), Categories: "@read @stream @slow",
			Group: "stream", Since: "5.0.0", Complexity: complexity,
			Summary: "Show the entries of a stream in a range of ids, the greatest first",
			Plan:    planRange(descending),
		},
		{
			Name: "xread", Arity: -4, Flags: "readonly blocking movablekeys", Keys: command.Keys{Named: keysOfRead, Access: "RO access"}, Categories: "@read @stream @slow @blocking",
			Group: "stream", Since: "5.0.0", Complexity: "O(N) where N is the number of entries of the streams",
			Summary: "Show the entries of streams behind an id. It does not wait for more",
			Plan:    planXRead,
		},
		{
			Name: "xdel", Arity: -3, Flags: "write fast", Keys: command.Key("RW delete"), Categories: "@write @stream @fast",
			Group: "stream", Since: "5.0.0", Complexity: complexity,
			Summary: "Delete entries of a stream",
			Plan:    planDelete,
		},
		{
			Name: "xtrim", Arity: -4, Flags: "write", Keys: command.Key("RW delete"), Categories: "@write @stream @slow", Tips: "nondeterministic_output",
			Group: "stream", Since: "5.0.0", Complexity: complexity,
			Summary: "Delete the oldest entries of a stream",
			Plan:    planTrim,
		},
		{
			Name: "xsetid", Arity: -3, Flags: "write denyoom fast", Keys: command.Key("RW update"), Categories: "@write @stream @fast",
			Group: "stream", Since: "5.0.0", Complexity: complexity,
			Summary: "Set the greatest id that a stream has had",
			Plan:    planSetID,
		},
		{
			Name: "xinfo", Arity: -2, Flags: "", Categories: "@slow",
			Group: "stream", Since: "5.0.0", Complexity: "That of the subcommand",
			Summary: "Commands about one stream",
			Subcommands: []command.Row{
				{
					Name: "stream", Arity: -3, Flags: "readonly", Keys: command.KeyAt(2, "RO"), Categories: "@read @stream @slow",
					Group: "stream", Since: "5.0.0", Complexity: complexity,
					Summary: "Show how many entries a stream has, its greatest ids, and its first and last entry",
					Plan:    planInfo,
				},
				{
					Name: "groups", Arity: 3, Flags: "readonly", Keys: command.KeyAt(2, "RO access"), Categories: "@read @stream @slow",
					Group: "stream", Since: "5.0.0", Complexity: complexity,
					Summary: "List the consumer groups of a stream: there are none",
					Plan:    planGroups,
				},
				{
					Name: "consumers", Arity: 4, Flags: "readonly", Keys: command.KeyAt(2, "RO access"), Categories: "@read @stream @slow", Tips: "nondeterministic_output",
					Group: "stream", Since: "5.0.0", Complexity: complexity,
					Summary: "Refused: there are no consumer groups",
					Plan:    planConsumers,
				},
				{
					Name: "help", Arity: 2, Flags: "loading stale", Categories: "@stream @slow",
					Group: "stream", Since: "5.0.0", Complexity: "O(1)",
					Summary: "List the subcommands",
					Run:     command.RunHelp,
				},
			},
		},
	}
}
