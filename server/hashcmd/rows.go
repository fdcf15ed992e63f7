package hashcmd

import (
	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/server/command"
)

// Rows returns the commands on hashes. N is the number of the fields of a hash, and a command that
// reads it as a whole takes O(N). Of a large hash some commands read no more than they need.
func Rows() []command.Row {
	const complexity = "O(N) where N is the number of fields of the hash"
	return []command.Row{
		{
			Name: "hset", Arity: -4, Flags: "write denyoom fast", Keys: command.Key("RW update"), Categories: "@write @hash @fast",
			Group: "hash", Since: "2.0.0", Complexity: complexity,
			Summary: "Write fields of a hash; with CONTEXT, replace only the values that were read",
			Plan:    planSet,
		},
		{
			Name: "hsetnx", Arity: 4, Flags: "write denyoom fast", Keys: command.Key("RW insert"), Categories: "@write @hash @fast",
			Group: "hash", Since: "2.0.0", Complexity: complexity,
			Summary: "Write a field of a hash only if it does not exist",
			Plan:    planSetNX,
		},
		{
			Name: "hmset", Arity: -4, Flags: "write denyoom fast", Keys: command.Key("RW update"), Categories: "@write @hash @fast",
			Group: "hash", Since: "2.0.0", Complexity: complexity,
			Summary: "Write fields of a hash, and answer OK",
			Plan:    planMSet,
		},
		{
			Name: "hget", Arity: -3, Flags: "readonly fast", Keys: command.Key("RO access"), Categories: "@read @hash @fast",
			Group: "hash", Since: "2.0.0", Complexity: complexity,
			Summary: "Read a field of a hash; with CONTEXT, all its values and the causal context of the key",
			Plan:    planGet,
		},
		{
			Name: "hmget", Arity: -3, Flags: "readonly fast", Keys: command.Key("RO access"), Categories: "@read @hash @fast",
			Group: "hash", Since: "2.0.0", Complexity: complexity,
			Summary: "Read several fields of a hash",
			Plan:    planNamed(showFields),
		},
		{
			Name: "hgetall", Arity: -2, Flags: "readonly", Keys: command.Key("RO access"), Categories: "@read @hash @slow", Tips: "nondeterministic_output_order",
			Group: "hash", Since: "2.0.0", Complexity: complexity,
			Summary: "Read all fields of a hash and their values; with CONTEXT, their causal context too",
			Plan:    command.PlanWhole(object.Field, showAll),
		},
		{
			Name: "hkeys", Arity: 2, Flags: "readonly", Keys: command.Key("RO access"), Categories: "@read @hash @slow", Tips: "nondeterministic_output_order",
			Group: "hash", Since: "2.0.0", Complexity: complexity,
			Summary: "List the fields of a hash",
			Plan:    planRead(showNames),
		},
		{
			Name: "hvals", Arity: 2, Flags: "readonly", Keys: command.Key("RO access"), Categories: "@read @hash @slow", Tips: "nondeterministic_output_order",
			Group: "hash", Since: "2.0.0", Complexity: complexity,
			Summary: "List the values of a hash",
			Plan:    planRead(showValues),
		},
		{
			Name: "hlen", Arity: 2, Flags: "readonly fast", Keys: command.Key("RO"), Categories: "@read @hash @fast",
			Group: "hash", Since: "2.0.0", Complexity: "O(1) of a large hash, else " + complexity,
			Summary: "Count the fields of a hash",
			Plan:    command.PlanCount(object.Field),
		},
		{
			Name: "hstrlen", Arity: 3, Flags: "readonly fast", Keys: command.Key("RO"), Categories: "@read @hash @fast",
			Group: "hash", Since: "3.2.0", Complexity: complexity,
			Summary: "Count the bytes of a field's value",
			Plan:    planNamed(showStringLength),
		},
		{
			Name: "hexists", Arity: 3, Flags: "readonly fast", Keys: command.Key("RO"), Categories: "@read @hash @fast",
			Group: "hash", Since: "2.0.0", Complexity: complexity,
			Summary: "Tell whether a hash has a field",
			Plan:    planNamed(showExists),
		},
		{
			Name: "hdel", Arity: -3, Flags: "write fast", Keys: command.Key("RW delete"), Categories: "@write @hash @fast",
			Group: "hash", Since: "2.0.0", Complexity: complexity,
			Summary: "Delete fields of a hash; with CONTEXT, only the values that were read",
			Plan:    command.PlanRemoval(collection.HashDelete),
		},
		{
			Name: "hincrby", Arity: 4, Flags: "write denyoom fast", Keys: command.Key("RW access update"), Categories: "@write @hash @fast",
			Group: "hash", Since: "2.0.0", Complexity: complexity,
			Summary: "Add a number to the integer in a field",
			Plan:    planIncrement,
		},
		{
			Name: "hincrbyfloat", Arity: 4, Flags: "write denyoom fast", Keys: command.Key("RW access update"), Categories: "@write @hash @fast",
			Group: "hash", Since: "2.6.0", Complexity: complexity,
			Summary: "Add a number to the floating point value in a field",
			Plan:    planIncrementFloat,
		},
		{
			Name: "hrandfield", Arity: -2, Flags: "readonly", Keys: command.Key("RO access"), Categories: "@read @hash @slow", Tips: "nondeterministic_output",
			Group: "hash", Since: "6.2.0", Complexity: complexity,
			Summary: "Draw fields of a hash at random",
			Plan:    planRandom,
		},
		{
			Name: "hscan", Arity: -3, Flags: "readonly", Keys: command.Key("RO access"), Categories: "@read @hash @slow", Tips: "nondeterministic_output",
			Group: "hash", Since: "2.8.0", Complexity: complexity + ", for each page",
			Summary: "List the fields of a hash and their values page by page",
			Plan:    planScan,
		},
		{
			Name: "hexpire", Arity: -6, Flags: "write denyoom fast", Keys: command.Key("RW update"), Categories: "@write @hash @fast",
			Group: "hash", Since: "7.4.0", Complexity: complexity,
			Summary: "Let fields of a hash expire after a number of seconds",
			Plan:    planExpire(command.SecondsFromNow),
		},
		{
			Name: "hpexpire", Arity: -6, Flags: "write denyoom fast", Keys: command.Key("RW update"), Categories: "@write @hash @fast",
			Group: "hash", Since: "7.4.0", Complexity: complexity,
			Summary: "Let fields of a hash expire after a number of milliseconds",
			Plan:    planExpire(command.MillisFromNow),
		},
		{
			Name: "hexpireat", Arity: -6, Flags: "write denyoom fast", Keys: command.Key("RW update"), Categories: "@write @hash @fast",
			Group: "hash", Since: "7.4.0", Complexity: complexity,
			Summary: "Let fields of a hash expire at a Unix time in seconds",
			Plan:    planExpire(command.UnixSeconds),
		},
		{
			Name: "hpexpireat", Arity: -6, Flags: "write denyoom fast", Keys: command.Key("RW update"), Categories: "@write @hash @fast",
			Group: "hash", Since: "7.4.0", Complexity: complexity,
			Summary: "Let fields of a hash expire at a Unix time in milliseconds",
			Plan:    planExpire(command.UnixMillis),
		},
		{
			Name: "hpersist", Arity: -5, Flags: "write fast", Keys: command.Key("RW update"), Categories: "@write @hash @fast",
			Group: "hash", Since: "7.4.0", Complexity: complexity,
			Summary: "Let fields of a hash expire never",
			Plan:    planPersist,
		},
		{
			Name: "httl", Arity: -5, Flags: "readonly fast", Keys: command.Key("RO access"), Categories: "@read @hash @fast",
			Group: "hash", Since: "7.4.0", Complexity: complexity,
			Summary: "Show the seconds until fields of a hash expire",
			Plan:    planExpiry(command.ShowSecondsLeft),
		},
		{
			Name: "hpttl", Arity: -5, Flags: "readonly fast", Keys: command.Key("RO access"), Categories: "@read @hash @fast",
			Group: "hash", Since: "7.4.0", Complexity: complexity,
			Summary: "Show the milliseconds until fields of a hash expire",
			Plan:    planExpiry(command.ShowMillisLeft),
		},
		{
			Name: "hexpiretime", Arity: -5, Flags: "readonly fast", Keys: command.Key("RO access"), Categories: "@read @hash @fast",
			Group: "hash", Since: "7.4.0", Complexity: complexity,
			Summary: "Show the Unix times, in seconds, at which fields of a hash expire",
			Plan:    planExpiry(command.ShowUnixSeconds),
		},
		{
			Name: "hpexpiretime", Arity: -5, Flags: "readonly fast", Keys: command.Key("RO access"), Categories: "@read @hash @fast",
			Group: "hash", Since: "7.4.0", Complexity: complexity,
			Summary: "Show the Unix times, in milliseconds, at which fields of a hash expire",
			Plan:    planExpiry(command.ShowUnixMillis),
		},
	}
}
