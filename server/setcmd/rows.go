package setcmd

import (
	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/server/command"
)

// storeKeys are those of a command that reads sets and writes one.
func storeKeys(access string) command.Keys {
	return command.Keys{First: 1, Last: -1, Step: 1, Access: access + " update;RO access"}
}

// Rows returns the commands on sets. N is the number of the members of a set, and a command that
// reads it as a whole takes O(N). Of a large set some commands read no more than they need.
func Rows() []command.Row {
	const (
		complexity = "O(N) where N is the number of members of the set"
		ofSeveral  = "O(N log N) where N is the number of members of all sets"
	)
	return []command.Row{
		{
			Name: "sadd", Arity: -3, Flags: "write denyoom fast", Keys: command.Key("RW insert"), Categories: "@write @set @fast",
			Group: "set", Since: "1.0.0", Complexity: complexity,
			Summary: "Add members to a set",
			Plan:    planAdd,
		},
		{
			Name: "srem", Arity: -3, Flags: "write fast", Keys: command.Key("RW delete"), Categories: "@write @set @fast",
			Group: "set", Since: "1.0.0", Complexity: complexity,
			Summary: "Remove members from a set; with CONTEXT, only those that were read",
			Plan:    command.PlanRemoval(collection.SetRemove),
		},
		{
			Name: "sismember", Arity: 3, Flags: "readonly fast", Keys: command.Key("RO"), Categories: "@read @set @fast",
			Group: "set", Since: "1.0.0", Complexity: complexity,
			Summary: "Tell whether a set has a member",
			Plan:    command.PlanNamed(object.Member, showIsMember),
		},
		{
			Name: "smismember", Arity: -3, Flags: "readonly fast", Keys: command.Key("RO access"), Categories: "@read @set @fast",
			Group: "set", Since: "6.2.0", Complexity: complexity,
			Summary: "Tell which of several members a set has",
			Plan:    command.PlanNamed(object.Member, showAreMembers),
		},
		{
			Name: "smembers", Arity: -2, Flags: "readonly", Keys: command.Key("RO access"), Categories: "@read @set @slow", Tips: "nondeterministic_output_order",
			Group: "set", Since: "1.0.0", Complexity: complexity,
			Summary: "List the members of a set; with CONTEXT, their causal context too",
			Plan:    command.PlanWhole(object.Member, showMembers),
		},
		{
			Name: "scard", Arity: 2, Flags: "readonly fast", Keys: command.Key("RO"), Categories: "@read @set @fast",
			Group: "set", Since: "1.0.0", Complexity: "O(1) of a large set, else " + complexity,
			Summary: "Count the members of a set",
			Plan:    command.PlanCount(object.Member),
		},
		{
			Name: "spop", Arity: -2, Flags: "write fast", Keys: command.Key("RW access delete"), Categories: "@write @set @fast", Tips: "nondeterministic_output",
			Group: "set", Since: "1.0.0", Complexity: complexity,
			Summary: "Draw members of a set at random and remove them",
			Plan:    planPop,
		},
		{
			Name: "srandmember", Arity: -2, Flags: "readonly", Keys: command.Key("RO access"), Categories: "@read @set @slow", Tips: "nondeterministic_output",
			Group: "set", Since: "1.0.0", Complexity: complexity,
			Summary: "Draw members of a set at random",
			Plan:    planRandom,
		},
		{
			Name: "smove", Arity: 4, Flags: "write fast", Keys: command.TwoKeys("RW access delete;RW insert"), Categories: "@write @set @fast",
			Group: "set", Since: "1.0.0", Complexity: complexity,
			Summary: "Move a member from one set to another. Not atomic",
			Run:     runMove,
		},
		{
			Name: "sscan", Arity: -3, Flags: "readonly", Keys: command.Key("RO access"), Categories: "@read @set @slow", Tips: "nondeterministic_output",
			Group: "set", Since: "2.8.0", Complexity: complexity + ", for each page",
			Summary: "List the members of a set page by page",
			Plan:    planScan,
		},
		{
			Name: "sinter", Arity: -2, Flags: "readonly", Keys: command.KeysToEnd("RO access"), Categories: "@read @set @slow", Tips: "nondeterministic_output_order",
			Group: "set", Since: "1.0.0", Complexity: ofSeveral,
			Summary: "List the members that several sets share",
			Run:     runCombine(all),
		},
		{
			Name: "sunion", Arity: -2, Flags: "readonly", Keys: command.KeysToEnd("RO access"), Categories: "@read @set @slow", Tips: "nondeterministic_output_order",
			Group: "set", Since: "1.0.0", Complexity: ofSeveral,
			Summary: "List the members that any of several sets has",
			Run:     runCombine(union),
		},
		{
			Name: "sdiff", Arity: -2, Flags: "readonly", Keys: command.KeysToEnd("RO access"), Categories: "@read @set @slow", Tips: "nondeterministic_output_order",
			Group: "set", Since: "1.0.0", Complexity: ofSeveral,
			Summary: "List the members of one set that others lack",
			Run:     runCombine(difference),
		},
		{
			Name: "sintercard", Arity: -3, Flags: "readonly movablekeys", Keys: command.CountedKeys(1, "RO access"), Categories: "@read @set @slow",
			Group: "set", Since: "7.0.0", Complexity: ofSeveral,
			Summary: "Count the members that several sets share",
			Run:     runIntersectionCount,
		},
		{
			Name: "sinterstore", Arity: -3, Flags: "write denyoom", Keys: storeKeys("RW"), Categories: "@write @set @slow",
			Group: "set", Since: "1.0.0", Complexity: ofSeveral,
			Summary: "Write the members that several sets share to a key. Not atomic",
			Run:     runStore(all),
		},
		{
			Name: "sunionstore", Arity: -3, Flags: "write denyoom", Keys: storeKeys("OW"), Categories: "@write @set @slow",
			Group: "set", Since: "1.0.0", Complexity: ofSeveral,
			Summary: "Write the members that any of several sets has to a key. Not atomic",
			Run:     runStore(union),
		},
		{
			Name: "sdiffstore", Arity: -3, Flags: "write denyoom", Keys: storeKeys("OW"), Categories: "@write @set @slow",
			Group: "set", Since: "1.0.0", Complexity: ofSeveral,
			Summary: "Write the members of one set that others lack to a key. Not atomic",
			Run:     runStore(difference),
		},
	}
}
