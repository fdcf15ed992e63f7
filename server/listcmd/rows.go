package listcmd

import (
	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/server/command"
)

// Rows returns the commands on lists. A list is stored and read as a whole: N is the number of
// its items, and every command takes O(N).
func Rows() []command.Row {
	const complexity = "O(N) where N is the number of items of the list"
	moves := newTurns()
	return []command.Row{
		{
			Name: "lpush", Arity: -3, Flags: "write denyoom fast", Keys: command.Key("RW insert"), Categories: "@write @list @fast",
			Group: "list", Since: "1.0.0", Complexity: complexity,
			Summary: "Put items before the first one of a list",
			Plan:    planPush(0),
		},
		{
			Name: "rpush", Arity: -3, Flags: "write denyoom fast", Keys: command.Key("RW insert"), Categories: "@write @list @fast",
			Group: "list", Since: "1.0.0", Complexity: complexity,
			Summary: "Put items behind the last one of a list",
			Plan:    planPush(collection.AtTail),
		},
		{
			Name: "lpushx", Arity: -3, Flags: "write denyoom fast", Keys: command.Key("RW insert"), Categories: "@write @list @fast",
			Group: "list", Since: "2.2.0", Complexity: complexity,
			Summary: "Put items before the first one of a list that exists",
			Plan:    planPush(collection.IfPresent),
		},
		{
			Name: "rpushx", Arity: -3, Flags: "write denyoom fast", Keys: command.Key("RW insert"), Categories: "@write @list @fast",
			Group: "list", Since: "2.2.0", Complexity: complexity,
			Summary: "Put items behind the last one of a list that exists",
			Plan:    planPush(collection.AtTail | collection.IfPresent),
		},
		{
			Name: "lpop", Arity: -2, Flags: "write fast", Keys: command.Key("RW access delete"), Categories: "@write @list @fast",
			Group: "list", Since: "1.0.0", Complexity: complexity,
			Summary: "Remove the first items of a list, and show them",
			Plan:    planPop(0),
		},
		{
			Name: "rpop", Arity: -2, Flags: "write fast", Keys: command.Key("RW access delete"), Categories: "@write @list @fast",
			Group: "list", Since: "1.0.0", Complexity: complexity,
			Summary: "Remove the last items of a list, and show them",
			Plan:    planPop(collection.AtTail),
		},
		{
			Name: "llen", Arity: 2, Flags: "readonly fast", Keys: command.Key("RO"), Categories: "@read @list @fast",
			Group: "list", Since: "1.0.0", Complexity: complexity,
			Summary: "Count the items of a list",
			Plan:    command.PlanCount(object.Item),
		},
		{
			Name: "lrange", Arity: 4, Flags: "readonly", Keys: command.Key("RO access"), Categories: "@read @list @slow",
			Group: "list", Since: "1.0.0", Complexity: complexity,
			Summary: "Show the items of a list, or some of them",
			Plan:    planRange,
		},
		{
			Name: "lindex", Arity: 3, Flags: "readonly", Keys: command.Key("RO access"), Categories: "@read @list @slow",
			Group: "list", Since: "1.0.0", Complexity: complexity,
			Summary: "Show the item at an index of a list",
			Plan:    planItem,
		},
		{
			Name: "lset", Arity: 4, Flags: "write denyoom", Keys: command.Key("RW update"), Categories: "@write @list @slow",
			Group: "list", Since: "1.0.0", Complexity: complexity,
			Summary: "Replace the item at an index of a list",
			Plan:    planSet,
		},
		{
			Name: "linsert", Arity: 5, Flags: "write denyoom", Keys: command.Key("RW insert"), Categories: "@write @list @slow",
			Group: "list", Since: "2.2.0", Complexity: complexity,
			Summary: "Put an item before or behind another one of a list",
			Plan:    planInsert,
		},
		{
			Name: "lrem", Arity: 4, Flags: "write", Keys: command.Key("RW delete"), Categories: "@write @list @slow",
			Group: "list", Since: "1.0.0", Complexity: complexity,
			Summary: "Remove the items of a list that are equal to a value",
			Plan:    planRemove,
		},
		{
			Name: "ltrim", Arity: 4, Flags: "write", Keys: command.Key("RW delete"), Categories: "@write @list @slow",
			Group: "list", Since: "1.0.0", Complexity: complexity,
			Summary: "Remove all items of a list but those of a range",
			Plan:    planTrim,
		},
		{
			Name: "lpos", Arity: -3, Flags: "readonly", Keys: command.Key("RO access"), Categories: "@read @list @slow",
			Group: "list", Since: "6.0.6", Complexity: complexity,
			Summary: "Show where a value is in a list",
			Plan:    planPositions,
		},
		{
			Name: "lmove", Arity: 5, Flags: "write denyoom", Keys: command.TwoKeys("RW access delete;RW insert"), Categories: "@write @list @slow",
			Group: "list", Since: "6.2.0", Complexity: "O(N) where N is the number of items of the two lists",
			Summary: "Move an item from an end of a list to an end of the same or of another one. Not atomic for two lists",
			Run:     moves.runMove,
		},
		{
			Name: "rpoplpush", Arity: 3, Flags: "write denyoom", Keys: command.TwoKeys("RW access delete;RW insert"), Categories: "@write @list @slow",
			Group: "list", Since: "1.2.0", Complexity: "O(N) where N is the number of items of the two lists",
			Summary: "Move the last item of a list to the head of the same or of another one. Not atomic for two lists",
			Run:     moves.runPopPush,
		},
		{
			Name: "lmpop", Arity: -4, Flags: "write movablekeys", Keys: command.CountedKeys(1, "RW access delete"), Categories: "@write @list @slow",
			Group: "list", Since: "7.0.0", Complexity: "O(N) where N is the number of items of the lists",
			Summary: "Remove items from an end of the first of several lists that has some, and show them",
			Run:     runPopFirst,
		},
	}
}
