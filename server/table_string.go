package server

// stringRows are the commands on the value of a key.
func stringRows() []command {
	return []command{
		{
			name: "get", arity: -2, flags: "readonly fast", first: 1, last: 1, step: 1, access: "RO access", acl: "@read @string @fast",
			group: "string", since: "1.0.0", complexity: "O(1)",
			summary: "Get the value of a key; with CONTEXT, all its values and their causal context",
			plan:    planGet,
		},
		{
			name: "set", arity: -3, flags: "write denyoom", first: 1, last: 1, step: 1, access: "RW access update variable_flags", notes: "RW and ACCESS due to the optional `GET` argument", acl: "@write @string @slow",
			group: "string", since: "1.0.0", complexity: "O(1)",
			summary: "Set the string value of a key; with CONTEXT, replace just the values that were read",
			plan:    planSet,
		},
		{
			name: "setex", arity: 4, flags: "write denyoom", first: 1, last: 1, step: 1, access: "OW update", acl: "@write @string @slow",
			group: "string", since: "2.0.0", complexity: "O(1)",
			summary: "Set the value and expiration of a key",
			plan:    planSetEX,
		},
		{
			name: "psetex", arity: 4, flags: "write denyoom", first: 1, last: 1, step: 1, access: "OW update", acl: "@write @string @slow",
			group: "string", since: "2.6.0", complexity: "O(1)",
			summary: "Set the value and expiration in milliseconds of a key",
			plan:    planSetEX,
		},
		{
			name: "setnx", arity: 3, flags: "write denyoom fast", first: 1, last: 1, step: 1, access: "OW insert", acl: "@write @string @fast",
			group: "string", since: "1.0.0", complexity: "O(1)",
			summary: "Set the value of a key, only if the key does not exist",
			plan:    planSetNX,
		},
		{
			name: "getset", arity: 3, flags: "write denyoom fast", first: 1, last: 1, step: 1, access: "RW access update", acl: "@write @string @fast",
			group: "string", since: "1.0.0", complexity: "O(1)",
			summary: "Set the string value of a key and return its old value",
			plan:    planGetSet,
		},
		{
			name: "getdel", arity: 2, flags: "write fast", first: 1, last: 1, step: 1, access: "RW access delete", acl: "@write @string @fast",
			group: "string", since: "6.2.0", complexity: "O(1)",
			summary: "Get the value of a key and delete the key",
			plan:    planGetDel,
		},
		{
			name: "getex", arity: -2, flags: "write fast", first: 1, last: 1, step: 1, access: "RW access update", notes: "RW and UPDATE because it changes the TTL", acl: "@write @string @fast",
			group: "string", since: "6.2.0", complexity: "O(1)",
			summary: "Get the value of a key and optionally set its expiration",
			plan:    planGetEx,
		},
		{
			name: "mget", arity: -2, flags: "readonly fast", first: 1, last: -1, step: 1, access: "RO access", acl: "@read @string @fast", tips: "request_policy:multi_shard",
			group: "string", since: "1.0.0", complexity: "O(N) where N is the number of keys to retrieve.",
			summary: "Get the values of all the given keys",
			plan:    planMGet, run: runManyMGet,
		},
		{
			name: "mset", arity: -3, flags: "write denyoom", first: 1, last: -1, step: 2, access: "OW update", acl: "@write @string @slow", tips: "request_policy:multi_shard,response_policy:all_succeeded",
			group: "string", since: "1.0.1", complexity: "O(N) where N is the number of keys to set.",
			summary: "Set multiple keys to multiple values",
			plan:    planMSet, run: runManyMSet,
		},
		{
			name: "msetnx", arity: -3, flags: "write denyoom", first: 1, last: -1, step: 2, access: "OW insert", acl: "@write @string @slow", tips: "request_policy:multi_shard,response_policy:agg_min",
			group: "string", since: "1.0.1", complexity: "O(N) where N is the number of keys to set.",
			summary: "Set multiple keys to multiple values, only if none of the keys exist. Not atomic",
			run:     runMSetNX,
		},
		{
			name: "append", arity: 3, flags: "write denyoom fast", first: 1, last: 1, step: 1, access: "RW insert", acl: "@write @string @fast",
			group: "string", since: "2.0.0", complexity: "O(1). The amortized time complexity is O(1) assuming the appended value is small and the already present value is of any size, since the dynamic string library used by Redis will double the free space available on every reallocation.",
			summary: "Append a value to a key",
			plan:    planAppend,
		},
		{
			name: "strlen", arity: 2, flags: "readonly fast", first: 1, last: 1, step: 1, access: "RO", acl: "@read @string @fast",
			group: "string", since: "2.2.0", complexity: "O(1)",
			summary: "Get the length of the value stored in a key",
			plan:    planStrLen,
		},
		{
			name: "getrange", arity: 4, flags: "readonly", first: 1, last: 1, step: 1, access: "RO access", acl: "@read @string @slow",
			group: "string", since: "2.4.0", complexity: "O(N) where N is the length of the returned string. The complexity is ultimately determined by the returned length, but because creating a substring from an existing string is very cheap, it can be considered O(1) for small strings.",
			summary: "Get a substring of the string stored at a key",
			plan:    planGetRange,
		},
		{
			name: "substr", arity: 4, flags: "readonly", first: 1, last: 1, step: 1, access: "RO access", acl: "@read @string @slow",
			group: "string", since: "1.0.0", complexity: "O(N) where N is the length of the returned string. The complexity is ultimately determined by the returned length, but because creating a substring from an existing string is very cheap, it can be considered O(1) for small strings.",
			summary: "Get a substring of the string stored at a key",
			plan:    planGetRange,
		},
		{
			name: "setrange", arity: 4, flags: "write denyoom", first: 1, last: 1, step: 1, access: "RW update", acl: "@write @string @slow",
			group: "string", since: "2.2.0", complexity: "O(1), not counting the time taken to copy the new string in place. Usually, this string is very small so the amortized complexity is O(1). Otherwise, complexity is O(M) with M being the length of the value argument.",
			summary: "Overwrite part of a string at key starting at the specified offset",
			plan:    planSetRange,
		},
		{
			name: "incr", arity: 2, flags: "write denyoom fast", first: 1, last: 1, step: 1, access: "RW access update", acl: "@write @string @fast",
			group: "string", since: "1.0.0", complexity: "O(1)",
			summary: "Increment the integer value of a key by one",
			plan:    planIncr,
		},
		{
			name: "decr", arity: 2, flags: "write denyoom fast", first: 1, last: 1, step: 1, access: "RW access update", acl: "@write @string @fast",
			group: "string", since: "1.0.0", complexity: "O(1)",
			summary: "Decrement the integer value of a key by one",
			plan:    planDecr,
		},
		{
			name: "incrby", arity: 3, flags: "write denyoom fast", first: 1, last: 1, step: 1, access: "RW access update", acl: "@write @string @fast",
			group: "string", since: "1.0.0", complexity: "O(1)",
			summary: "Increment the integer value of a key by the given amount",
			plan:    planIncrBy,
		},
		{
			name: "decrby", arity: 3, flags: "write denyoom fast", first: 1, last: 1, step: 1, access: "RW access update", acl: "@write @string @fast",
			group: "string", since: "1.0.0", complexity: "O(1)",
			summary: "Decrement the integer value of a key by the given number",
			plan:    planDecrBy,
		},
		{
			name: "incrbyfloat", arity: 3, flags: "write denyoom fast", first: 1, last: 1, step: 1, access: "RW access update", acl: "@write @string @fast",
			group: "string", since: "2.6.0", complexity: "O(1)",
			summary: "Increment the float value of a key by the given amount",
			plan:    planIncrByFloat,
		},
		{
			name: "lcs", arity: -3, flags: "readonly", first: 1, last: 2, step: 1, access: "RO access", acl: "@read @string @slow",
			group: "string", since: "7.0.0", complexity: "O(N*M) where N and M are the lengths of the two values",
			summary: "Find the longest subsequence that two values share",
			plan:    planLCS,
		},
	}
}
