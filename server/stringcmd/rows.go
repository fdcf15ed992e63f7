package stringcmd

import "github.com/quorate/quorate/server/command"

// Rows returns the commands on the value of a key.
func Rows() []command.Row {
	return []command.Row{
		{
			Name: "get", Arity: -2, Flags: "readonly fast", Keys: command.Key("RO access"), Categories: "@read @string @fast",
			Group: "string", Since: "1.0.0", Complexity: "O(N) where N is the length of the value",
			Summary:   "Read a key's value; with CONTEXT, all its values and their causal context",
			Traceable: true,
			Plan:      planGet,
		},
		{
			Name: "set", Arity: -3, Flags: "write denyoom", Keys: command.Keys{First: 1, Last: 1, Step: 1, Access: "RW access update variable_flags", Varying: accessOfSet, Notes: "RW and ACCESS due to the optional `GET` argument"}, Categories: "@write @string @slow",
			Group: "string", Since: "1.0.0", Complexity: "O(N) where N is the length of the value",
			Summary:   "Write a key's value; with CONTEXT, replace only the values that were read",
			Traceable: true,
			Plan:      planSet,
		},
		{
			Name: "setex", Arity: 4, Flags: "write denyoom", Keys: command.Key("OW update"), Categories: "@write @string @slow",
			Group: "string", Since: "2.0.0", Complexity: "O(N) where N is the length of the value",
			Summary: "Write a value that expires after a number of seconds",
			Plan:    planSetUntil(command.SecondsFromNow),
		},
		{
			Name: "psetex", Arity: 4, Flags: "write denyoom", Keys: command.Key("OW update"), Categories: "@write @string @slow",
			Group: "string", Since: "2.6.0", Complexity: "O(N) where N is the length of the value",
			Summary: "Write a value that expires after a number of milliseconds",
			Plan:    planSetUntil(command.MillisFromNow),
		},
		{
			Name: "setnx", Arity: 3, Flags: "write denyoom fast", Keys: command.Key("OW insert"), Categories: "@write @string @fast",
			Group: "string", Since: "1.0.0", Complexity: "O(N) where N is the length of the value",
			Summary: "Write a value only if the key does not exist",
			Plan:    planSetNX,
		},
		{
			Name: "getset", Arity: 3, Flags: "write denyoom fast", Keys: command.Key("RW access update"), Categories: "@write @string @fast",
			Group: "string", Since: "1.0.0", Complexity: "O(N) where N is the length of both values",
			Summary: "Write a value and answer with the one before",
			Plan:    planGetSet,
		},
		{
			Name: "getdel", Arity: 2, Flags: "write fast", Keys: command.Key("RW access delete"), Categories: "@write @string @fast",
			Group: "string", Since: "6.2.0", Complexity: "O(N) where N is the length of the value",
			Summary: "Delete a key and answer with its value",
			Plan:    planGetDel,
		},
		{
			Name: "getex", Arity: -2, Flags: "write fast", Keys: command.Keys{First: 1, Last: 1, Step: 1, Access: "RW access update", Notes: "RW and UPDATE because it changes the TTL"}, Categories: "@write @string @fast",
			Group: "string", Since: "6.2.0", Complexity: "O(N) where N is the length of the value",
			Summary: "Read a value and change its expiry",
			Plan:    planGetEx,
		},
		{
			Name: "mget", Arity: -2, Flags: "readonly fast", Keys: command.KeysToEnd("RO access"), Categories: "@read @string @fast", Tips: "request_policy:multi_shard",
			Group: "string", Since: "1.0.0", Complexity: "O(N) where N is the number of keys",
			Summary: "Read the values of several keys",
			Plan:    planMGet, Run: runManyMGet,
		},
		{
			Name: "mset", Arity: -3, Flags: "write denyoom", Keys: command.Pairs("OW update"), Categories: "@write @string @slow", Tips: "request_policy:multi_shard,response_policy:all_succeeded",
			Group: "string", Since: "1.0.1", Complexity: "O(N) where N is the number of keys",
			Summary: "Write several keys. Not atomic",
			Plan:    planMSet, Run: runManyMSet,
		},
		{
			Name: "msetnx", Arity: -3, Flags: "write denyoom", Keys: command.Pairs("OW insert"), Categories: "@write @string @slow", Tips: "request_policy:multi_shard,response_policy:agg_min",
			Group: "string", Since: "1.0.1", Complexity: "O(N) where N is the number of keys",
			Summary: "Write several keys if none of them exists. Not atomic",
			Run:     runMSetNX,
		},
		{
			Name: "append", Arity: 3, Flags: "write denyoom fast", Keys: command.Key("RW insert"), Categories: "@write @string @fast",
			Group: "string", Since: "2.0.0", Complexity: "O(N) where N is the length of the new value, which is written as a whole",
			Summary: "Append bytes to a value",
			Plan:    planAppend,
		},
		{
			Name: "strlen", Arity: 2, Flags: "readonly fast", Keys: command.Key("RO"), Categories: "@read @string @fast",
			Group: "string", Since: "2.2.0", Complexity: "O(N) where N is the length of the value, which is read as a whole",
			Summary: "Count the bytes of a value",
			Plan:    planStrLen,
		},
		{
			Name: "getrange", Arity: 4, Flags: "readonly", Keys: command.Key("RO access"), Categories: "@read @string @slow",
			Group: "string", Since: "2.4.0", Complexity: "O(N) where N is the length of the value, which is read as a whole",
			Summary: "Read a part of a value",
			Plan:    planGetRange,
		},
		{
			Name: "substr", Arity: 4, Flags: "readonly", Keys: command.Key("RO access"), Categories: "@read @string @slow",
			Group: "string", Since: "1.0.0", Complexity: "O(N) where N is the length of the value, which is read as a whole",
			Summary: "The older name of GETRANGE",
			Plan:    planGetRange,
		},
		{
			Name: "setrange", Arity: 4, Flags: "write denyoom", Keys: command.Key("RW update"), Categories: "@write @string @slow",
			Group: "string", Since: "2.2.0", Complexity: "O(N) where N is the length of the new value, which is written as a whole",
			Summary: "Overwrite a part of a value, from an offset",
			Plan:    planSetRange,
		},
		{
			Name: "incr", Arity: 2, Flags: "write denyoom fast", Keys: command.Key("RW access update"), Categories: "@write @string @fast",
			Group: "string", Since: "1.0.0", Complexity: "O(1)",
			Summary: "Add 1 to an integer",
			Plan:    planIncr,
		},
		{
			Name: "decr", Arity: 2, Flags: "write denyoom fast", Keys: command.Key("RW access update"), Categories: "@write @string @fast",
			Group: "string", Since: "1.0.0", Complexity: "O(1)",
			Summary: "Subtract 1 from an integer",
			Plan:    planDecr,
		},
		{
			Name: "incrby", Arity: 3, Flags: "write denyoom fast", Keys: command.Key("RW access update"), Categories: "@write @string @fast",
			Group: "string", Since: "1.0.0", Complexity: "O(1)",
			Summary: "Add a number to an integer",
			Plan:    planIncrBy,
		},
		{
			Name: "decrby", Arity: 3, Flags: "write denyoom fast", Keys: command.Key("RW access update"), Categories: "@write @string @fast",
			Group: "string", Since: "1.0.0", Complexity: "O(1)",
			Summary: "Subtract a number from an integer",
			Plan:    planDecrBy,
		},
		{
			Name: "incrbyfloat", Arity: 3, Flags: "write denyoom fast", Keys: command.Key("RW access update"), Categories: "@write @string @fast",
			Group: "string", Since: "2.6.0", Complexity: "O(1)",
			Summary: "Add a number to a floating point value",
			Plan:    planIncrByFloat,
		},
		{
			Name: "lcs", Arity: -3, Flags: "readonly", Keys: command.TwoKeys("RO access"), Categories: "@read @string @slow",
			Group: "string", Since: "7.0.0", Complexity: "O(N*M) where N and M are the lengths of the two values",
			Summary: "Find the longest subsequence that two values share",
			Plan:    planLCS,
		},
	}
}
