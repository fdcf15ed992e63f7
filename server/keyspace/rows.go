package keyspace

import "github.com/quorate/quorate/server/command"

// Rows returns the commands on keys, whatever their value.
func Rows() []command.Row {
	return []command.Row{
		{
			Name: "del", Arity: -2, Flags: "write", Keys: command.KeysToEnd("RM delete"), Categories: "@keyspace @write @slow", Tips: "request_policy:multi_shard,response_policy:agg_sum",
			Group: "generic", Since: "1.0.0", Complexity: "O(N) where N is the number of keys",
			Summary:   "Delete keys; with CONTEXT, only the values that were read",
			Traceable: true,
			Plan:      planDelete, Run: runManyDelete,
		},
		{
			Name: "unlink", Arity: -2, Flags: "write fast", Keys: command.KeysToEnd("RM delete"), Categories: "@keyspace @write @fast", Tips: "request_policy:multi_shard,response_policy:agg_sum",
			Group: "generic", Since: "4.0.0", Complexity: "O(N) where N is the number of keys",
			Summary: "Delete keys, as DEL does, whatever their names",
			Plan:    planDeleteKeys, Run: runManyUnlink,
		},
		{
			Name: "exists", Arity: -2, Flags: "readonly fast", Keys: command.KeysToEnd("RO"), Categories: "@keyspace @read @fast", Tips: "request_policy:multi_shard,response_policy:agg_sum",
			Group: "generic", Since: "1.0.0", Complexity: "O(N) where N is the number of keys",
			Summary: "Count which of the given keys exist",
			Plan:    planExists, Run: runManyExists,
		},
		{
			Name: "touch", Arity: -2, Flags: "readonly fast", Keys: command.KeysToEnd("RO"), Categories: "@keyspace @read @fast", Tips: "request_policy:multi_shard,response_policy:agg_sum",
			Group: "generic", Since: "3.2.1", Complexity: "O(N) where N is the number of keys",
			Summary: "Count which of the given keys exist; nothing is updated",
			Plan:    planExists, Run: runManyExists,
		},
		{
			Name: "type", Arity: 2, Flags: "readonly fast", Keys: command.Key("RO"), Categories: "@keyspace @read @fast",
			Group: "generic", Since: "1.0.0", Complexity: "O(1)",
			Summary: "Show the type of a key's value, or none",
			Plan:    planType,
		},
		{
			Name: "expire", Arity: -3, Flags: "write fast", Keys: command.Key("RW update"), Categories: "@keyspace @write @fast",
			Group: "generic", Since: "1.0.0", Complexity: "O(N) where N is the length of the value, which is written anew",
			Summary: "Let a key expire after a number of seconds",
			Plan:    planExpire(command.SecondsFromNow),
		},
		{
			Name: "pexpire", Arity: -3, Flags: "write fast", Keys: command.Key("RW update"), Categories: "@keyspace @write @fast",
			Group: "generic", Since: "2.6.0", Complexity: "O(N) where N is the length of the value, which is written anew",
			Summary: "Let a key expire after a number of milliseconds",
			Plan:    planExpire(command.MillisFromNow),
		},
		{
			Name: "expireat", Arity: -3, Flags: "write fast", Keys: command.Key("RW update"), Categories: "@keyspace @write @fast",
			Group: "generic", Since: "1.2.0", Complexity: "O(N) where N is the length of the value, which is written anew",
			Summary: "Let a key expire at a Unix time in seconds",
			Plan:    planExpire(command.UnixSeconds),
		},
		{
			Name: "pexpireat", Arity: -3, Flags: "write fast", Keys: command.Key("RW update"), Categories: "@keyspace @write @fast",
			Group: "generic", Since: "2.6.0", Complexity: "O(N) where N is the length of the value, which is written anew",
			Summary: "Let a key expire at a Unix time in milliseconds",
			Plan:    planExpire(command.UnixMillis),
		},
		{
			Name: "ttl", Arity: 2, Flags: "readonly fast", Keys: command.Key("RO access"), Categories: "@keyspace @read @fast", Tips: "nondeterministic_output",
			Group: "generic", Since: "1.0.0", Complexity: "O(1)",
			Summary: "Show the seconds until a key expires",
			Plan:    planExpiry(command.ShowSecondsLeft),
		},
		{
			Name: "pttl", Arity: 2, Flags: "readonly fast", Keys: command.Key("RO access"), Categories: "@keyspace @read @fast", Tips: "nondeterministic_output",
			Group: "generic", Since: "2.6.0", Complexity: "O(1)",
			Summary: "Show the milliseconds until a key expires",
			Plan:    planExpiry(command.ShowMillisLeft),
		},
		{
			Name: "expiretime", Arity: 2, Flags: "readonly fast", Keys: command.Key("RO access"), Categories: "@keyspace @read @fast",
			Group: "generic", Since: "7.0.0", Complexity: "O(1)",
			Summary: "Show the Unix time, in seconds, at which a key expires",
			Plan:    planExpiry(command.ShowUnixSeconds),
		},
		{
			Name: "pexpiretime", Arity: 2, Flags: "readonly fast", Keys: command.Key("RO access"), Categories: "@keyspace @read @fast",
			Group: "generic", Since: "7.0.0", Complexity: "O(1)",
			Summary: "Show the Unix time, in milliseconds, at which a key expires",
			Plan:    planExpiry(command.ShowUnixMillis),
		},
		{
			Name: "persist", Arity: 2, Flags: "write fast", Keys: command.Key("RW update"), Categories: "@keyspace @write @fast",
			Group: "generic", Since: "2.2.0", Complexity: "O(N) where N is the length of the value, which is written anew",
			Summary: "Remove the expiry of a key",
			Plan:    planPersist,
		},
		{
			Name: "rename", Arity: 3, Flags: "write", Keys: command.TwoKeys("RW access delete;OW update"), Categories: "@keyspace @write @slow",
			Group: "generic", Since: "1.0.0", Complexity: "O(N) where N is the length of the value",
			Summary: "Move a key's values to another key. Not atomic",
			Run:     runRename,
		},
		{
			Name: "renamenx", Arity: 3, Flags: "write fast", Keys: command.TwoKeys("RW access delete;OW insert"), Categories: "@keyspace @write @fast",
			Group: "generic", Since: "1.0.0", Complexity: "O(N) where N is the length of the value",
			Summary: "Move a key's values to a key that does not exist. Not atomic",
			Run:     runRenameNX,
		},
		{
			Name: "copy", Arity: -3, Flags: "write denyoom", Keys: command.TwoKeys("RO access;OW update"), Categories: "@keyspace @write @slow",
			Group: "generic", Since: "6.2.0", Complexity: "O(N) where N is the length of the value",
			Summary: "Copy a key's values to another key. Not atomic",
			Run:     runCopy,
		},
		{
			Name: "dump", Arity: 2, Flags: "readonly", Keys: command.Key("RO access"), Categories: "@keyspace @read @slow", Tips: "nondeterministic_output",
			Group: "generic", Since: "2.6.0", Complexity: "O(N) where N is the length of the value",
			Summary: "Show all values of a key as bytes for RESTORE: of one string those of Redis, else a form of our own",
			Plan:    planDump,
		},
		{
			Name: "restore", Arity: -4, Flags: "write denyoom", Keys: command.Key("OW update"), Categories: "@keyspace @write @slow @dangerous",
			Group: "generic", Since: "2.6.0", Complexity: "O(N) where N is the length of the value",
			Summary: "Write what DUMP has shown, here or of a string in Redis, as new values. Not atomic where values are concurrent",
			Run:     runRestore,
		},
		{
			Name: "randomkey", Arity: 1, Flags: "readonly", Categories: "@keyspace @read @slow", Tips: "nondeterministic_output",
			Group: "generic", Since: "1.0.0", Complexity: "O(1)",
			Summary: "Show some key of the cluster",
			Run:     runRandomKey,
		},
		{
			Name: "keys", Arity: 2, Flags: "readonly", Categories: "@keyspace @read @slow @dangerous", Tips: "nondeterministic_output_order",
			Group: "generic", Since: "1.0.0", Complexity: "O(N) where N is the number of keys of the cluster",
			Summary: "List the keys that match a pattern, of the whole cluster",
			Run:     runKeys,
		},
		{
			Name: "scan", Arity: -2, Flags: "readonly", Categories: "@keyspace @read @slow", Tips: "nondeterministic_output",
			Group: "generic", Since: "2.8.0", Complexity: "O(N) where N is COUNT; all pages together: the number of keys",
			Summary: "List the keys of the cluster page by page",
			Run:     runScan,
		},
		{
			Name: "object", Arity: -2, Flags: "", Categories: "@slow",
			Group: "generic", Since: "2.2.3", Complexity: "That of the subcommand",
			Summary: "Commands about one key",
			Subcommands: []command.Row{
				{
					Name: "encoding", Arity: 3, Flags: "readonly", Keys: command.KeyAt(2, "RO"), Categories: "@keyspace @read @slow", Tips: "nondeterministic_output",
					Group: "generic", Since: "2.2.3", Complexity: "O(N) where N is the length of the value",
					Summary: "Show how Redis would store the value: int, embstr or raw",
					Run:     runObjectEncoding,
				},
				{
					Name: "freq", Arity: 3, Flags: "readonly", Keys: command.KeyAt(2, "RO"), Categories: "@keyspace @read @slow", Tips: "nondeterministic_output",
					Group: "generic", Since: "4.0.0", Complexity: "O(1)",
					Summary: "Refused, as by a Redis that does not count how often keys are used",
					Plan:    planObjectFreq,
				},
				{
					Name: "idletime", Arity: 3, Flags: "readonly", Keys: command.KeyAt(2, "RO"), Categories: "@keyspace @read @slow", Tips: "nondeterministic_output",
					Group: "generic", Since: "2.2.3", Complexity: "O(1)",
					Summary: "Show the seconds since a key was written; reads do not count",
					Plan:    planObjectIdletime,
				},
				{
					Name: "refcount", Arity: 3, Flags: "readonly", Keys: command.KeyAt(2, "RO"), Categories: "@keyspace @read @slow", Tips: "nondeterministic_output",
					Group: "generic", Since: "2.2.3", Complexity: "O(1)",
					Summary: "Answer as Redis, which shares the objects of small numbers",
					Plan:    planObjectRefcount,
				},
				{
					Name: "help", Arity: 2, Flags: "loading stale", Categories: "@keyspace @slow",
					Group: "generic", Since: "6.2.0", Complexity: "O(1)",
					Summary: "List the subcommands",
					Run:     command.RunHelp,
				},
			},
		},
		{
			Name: "wait", Arity: 3, Flags: "noscript", Categories: "@slow @connection", Tips: "request_policy:all_shards,response_policy:agg_min",
			Group: "generic", Since: "3.0.0", Complexity: "O(1)",
			Summary: "Show how many more replicas have acknowledged this connection's writes, at least: W-1",
			Run:     runWait,
		},
		{
			Name: "dbsize", Arity: 1, Flags: "readonly fast", Categories: "@keyspace @read @fast",
			Group: "server", Since: "1.0.0", Complexity: "O(N) where N is the number of partitions",
			Summary: "Count the keys of the cluster",
			Run:     runDBSize,
		},
		{
			Name: "flushall", Arity: -1, Flags: "write", Categories: "@keyspace @write @slow @dangerous",
			Group: "server", Since: "1.0.0", Complexity: "O(N) where N is the number of members; of keys, while a member is down",
			Summary: "Delete all keys of the cluster at once; one by one while a member is down or of an older version",
			Run:     runFlush,
		},
		{
			Name: "flushdb", Arity: -1, Flags: "write", Categories: "@keyspace @write @slow @dangerous",
			Group: "server", Since: "1.0.0", Complexity: "O(N) where N is the number of members; of keys, while a member is down",
			Summary: "Delete all keys of the cluster, as FLUSHALL: there is one database",
			Run:     runFlush,
		},
	}
}
