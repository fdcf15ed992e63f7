package server

// keyRows are the commands on keys, whatever their value.
func keyRows() []command {
	return []command{
		{
			name: "del", arity: -2, flags: "write", first: 1, last: -1, step: 1, access: "RM delete", acl: "@keyspace @write @slow", tips: "request_policy:multi_shard,response_policy:agg_sum",
			group: "generic", since: "1.0.0", complexity: "O(N) where N is the number of keys that will be removed. When a key to remove holds a value other than a string, the individual complexity for this key is O(M) where M is the number of elements in the list, set, sorted set or hash. Removing a single key that holds a string value is O(1).",
			summary: "Delete a key; with CONTEXT, just the values that were read",
			plan:    planDelete, run: runManyDelete,
		},
		{
			name: "unlink", arity: -2, flags: "write fast", first: 1, last: -1, step: 1, access: "RM delete", acl: "@keyspace @write @fast", tips: "request_policy:multi_shard,response_policy:agg_sum",
			group: "generic", since: "4.0.0", complexity: "O(1) for each key removed regardless of its size. Then the command does O(N) work in a different thread in order to reclaim memory, where N is the number of allocations the deleted objects where composed of.",
			summary: "Delete a key asynchronously in another thread. Otherwise it is just as DEL, but non blocking",
			plan:    planDeleteKeys, run: runManyDelete,
		},
		{
			name: "exists", arity: -2, flags: "readonly fast", first: 1, last: -1, step: 1, access: "RO", acl: "@keyspace @read @fast", tips: "request_policy:multi_shard,response_policy:agg_sum",
			group: "generic", since: "1.0.0", complexity: "O(N) where N is the number of keys to check.",
			summary: "Determine if a key exists",
			plan:    planExists, run: runManyExists,
		},
		{
			name: "touch", arity: -2, flags: "readonly fast", first: 1, last: -1, step: 1, access: "RO", acl: "@keyspace @read @fast", tips: "request_policy:multi_shard,response_policy:agg_sum",
			group: "generic", since: "3.2.1", complexity: "O(N) where N is the number of keys that will be touched.",
			summary: "Alters the last access time of a key(s). Returns the number of existing keys specified",
			plan:    planExists, run: runManyExists,
		},
		{
			name: "type", arity: 2, flags: "readonly fast", first: 1, last: 1, step: 1, access: "RO", acl: "@keyspace @read @fast",
			group: "generic", since: "1.0.0", complexity: "O(1)",
			summary: "Determine the type stored at key",
			plan:    planType,
		},
		{
			name: "expire", arity: -3, flags: "write fast", first: 1, last: 1, step: 1, access: "RW update", acl: "@keyspace @write @fast",
			group: "generic", since: "1.0.0", complexity: "O(1)",
			summary: "Set a key's time to live in seconds",
			plan:    planExpire,
		},
		{
			name: "pexpire", arity: -3, flags: "write fast", first: 1, last: 1, step: 1, access: "RW update", acl: "@keyspace @write @fast",
			group: "generic", since: "2.6.0", complexity: "O(1)",
			summary: "Set a key's time to live in milliseconds",
			plan:    planExpire,
		},
		{
			name: "expireat", arity: -3, flags: "write fast", first: 1, last: 1, step: 1, access: "RW update", acl: "@keyspace @write @fast",
			group: "generic", since: "1.2.0", complexity: "O(1)",
			summary: "Set the expiration for a key as a UNIX timestamp",
			plan:    planExpire,
		},
		{
			name: "pexpireat", arity: -3, flags: "write fast", first: 1, last: 1, step: 1, access: "RW update", acl: "@keyspace @write @fast",
			group: "generic", since: "2.6.0", complexity: "O(1)",
			summary: "Set the expiration for a key as a UNIX timestamp specified in milliseconds",
			plan:    planExpire,
		},
		{
			name: "ttl", arity: 2, flags: "readonly fast", first: 1, last: 1, step: 1, access: "RO access", acl: "@keyspace @read @fast", tips: "nondeterministic_output",
			group: "generic", since: "1.0.0", complexity: "O(1)",
			summary: "Get the time to live for a key in seconds",
			plan:    planTTL,
		},
		{
			name: "pttl", arity: 2, flags: "readonly fast", first: 1, last: 1, step: 1, access: "RO access", acl: "@keyspace @read @fast", tips: "nondeterministic_output",
			group: "generic", since: "2.6.0", complexity: "O(1)",
			summary: "Get the time to live for a key in milliseconds",
			plan:    planTTL,
		},
		{
			name: "expiretime", arity: 2, flags: "readonly fast", first: 1, last: 1, step: 1, access: "RO access", acl: "@keyspace @read @fast",
			group: "generic", since: "7.0.0", complexity: "O(1)",
			summary: "Get the expiration Unix timestamp for a key",
			plan:    planTTL,
		},
		{
			name: "pexpiretime", arity: 2, flags: "readonly fast", first: 1, last: 1, step: 1, access: "RO access", acl: "@keyspace @read @fast",
			group: "generic", since: "7.0.0", complexity: "O(1)",
			summary: "Get the expiration Unix timestamp for a key in milliseconds",
			plan:    planTTL,
		},
		{
			name: "persist", arity: 2, flags: "write fast", first: 1, last: 1, step: 1, access: "RW update", acl: "@keyspace @write @fast",
			group: "generic", since: "2.2.0", complexity: "O(1)",
			summary: "Remove the expiration from a key",
			plan:    planPersist,
		},
		{
			name: "rename", arity: 3, flags: "write", first: 1, last: 2, step: 1, access: "RW access delete;OW update", acl: "@keyspace @write @slow",
			group: "generic", since: "1.0.0", complexity: "O(1)",
			summary: "Rename a key. Not atomic",
			run:     runRename,
		},
		{
			name: "renamenx", arity: 3, flags: "write fast", first: 1, last: 2, step: 1, access: "RW access delete;OW insert", acl: "@keyspace @write @fast",
			group: "generic", since: "1.0.0", complexity: "O(1)",
			summary: "Rename a key, only if the new key does not exist. Not atomic",
			run:     runRename,
		},
		{
			name: "copy", arity: -3, flags: "write denyoom", first: 1, last: 2, step: 1, access: "RO access;OW update", acl: "@keyspace @write @slow",
			group: "generic", since: "6.2.0", complexity: "O(N) worst case for collections, where N is the number of nested items. O(1) for string values.",
			summary: "Copy a key. Not atomic",
			run:     runCopy,
		},
		{
			name: "randomkey", arity: 1, flags: "readonly", acl: "@keyspace @read @slow", tips: "nondeterministic_output",
			group: "generic", since: "1.0.0", complexity: "O(1)",
			summary: "Return a random key from the keyspace",
			run:     runRandomKey,
		},
		{
			name: "keys", arity: 2, flags: "readonly", acl: "@keyspace @read @slow @dangerous", tips: "nondeterministic_output_order",
			group: "generic", since: "1.0.0", complexity: "O(N) with N being the number of keys in the database, under the assumption that the key names in the database and the given pattern have limited length.",
			summary: "Find all keys matching the given pattern",
			run:     runKeys,
		},
		{
			name: "scan", arity: -2, flags: "readonly", acl: "@keyspace @read @slow", tips: "nondeterministic_output",
			group: "generic", since: "2.8.0", complexity: "O(1) for every call. O(N) for a complete iteration, including enough command calls for the cursor to return back to 0. N is the number of elements inside the collection.",
			summary: "Incrementally iterate the keys space",
			run:     runScan,
		},
		{
			name: "object", arity: -2, flags: "", acl: "@slow",
			group: "generic", since: "2.2.3", complexity: "Depends on subcommand.",
			summary: "A container for object introspection commands",
			subcommands: []command{
				{
					name: "encoding", arity: 3, flags: "readonly", first: 2, last: 2, step: 1, access: "RO", acl: "@keyspace @read @slow", tips: "nondeterministic_output",
					group: "generic", since: "2.2.3", complexity: "O(1)",
					summary: "Inspect the internal encoding of a Redis object",
					plan:    planObjectEncoding,
				},
				{
					name: "freq", arity: 3, flags: "readonly", first: 2, last: 2, step: 1, access: "RO", acl: "@keyspace @read @slow", tips: "nondeterministic_output",
					group: "generic", since: "4.0.0", complexity: "O(1)",
					summary: "Refused as in a Redis that does not count how often keys are used",
					plan:    planObjectFreq,
				},
				{
					name: "idletime", arity: 3, flags: "readonly", first: 2, last: 2, step: 1, access: "RO", acl: "@keyspace @read @slow", tips: "nondeterministic_output",
					group: "generic", since: "2.2.3", complexity: "O(1)",
					summary: "Tell the seconds since a key was written; reads leave no trace",
					plan:    planObjectIdletime,
				},
				{
					name: "refcount", arity: 3, flags: "readonly", first: 2, last: 2, step: 1, access: "RO", acl: "@keyspace @read @slow", tips: "nondeterministic_output",
					group: "generic", since: "2.2.3", complexity: "O(1)",
					summary: "Get the number of references to the value of the key",
					plan:    planObjectRefcount,
				},
				{
					name: "help", arity: 2, flags: "loading stale", acl: "@keyspace @slow",
					group: "generic", since: "6.2.0", complexity: "O(1)",
					summary: "Show helpful text about the different subcommands",
					run:     runHelp,
				},
			},
		},
		{
			name: "wait", arity: 3, flags: "noscript", acl: "@slow @connection", tips: "request_policy:all_shards,response_policy:agg_min",
			group: "generic", since: "3.0.0", complexity: "O(1)",
			summary: "Tell how many more replicas have acknowledged this connection's writes, at the least: W-1",
			run:     runWait,
		},
	}
}
