package listcmd

import (
	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/server/command"
)

// Rows returns the commands on lists. N is the number of items of the list. What looks at its ends does
// not depend on N: a small list is read as a whole, and of a large one these items alone.
func Rows() []command.Row {
	const (
		ofAll     = "O(N) where N is the number of items of the list"
		ofPushed  = "O(M) where M is the number of items that are pushed"
		ofPopped  = "O(M) where M is the number of items that are popped"
		ofIndex   = "O(S) where S is the distance of the item from the end that the index counts from"
		ofRange   = "O(S+M) where S is the distance of the range from the end that both indexes count from, and M the number of its items; O(N) if they count from different ends"
		ofTrimmed = "O(M) where M is the number of items that are removed, if these are few at each end; else O(N)"
		ofMoved   = "O(1), unless other clients move the same item at the same time: then O(N)"
	)
	moves := newTurns()
	return []command.Row{
		{
			Name: "lpush", Arity: -3, Flags: "write denyoom fast", Keys: command.Key("RW insert"), Categories: "@write @list @fast",
			Group: "list", Since: "1.0.0", Complexity: ofPushed,
			Summary: "Put items before the first one of a list",
			Plan:    planPush(0),
		},
		{
			Name: "rpush", Arity: -3, Flags: "write denyoom fast", Keys: command.Key("RW insert"), Categories: "@write @list @fast",
			Group: "list", Since: "1.0.0", Complexity: ofPushed,
			Summary: "Put items behind the last one of a list",
			Plan:    planPush(collection.AtTail),
		},
		{
			Name: "lpushx", Arity: -3, Flags: "write denyoom fast", Keys: command.Key("RW insert"), Categories: "@write @list @fast",
			Group: "list", Since: "2.2.0", Complexity: ofPushed,
			Summary: "Put items before the first one of a list that exists",
			Plan:    planPush(collection.IfPresent),
		},
		{
			Name: "rpushx", Arity: -3, Flags: "write denyoom fast", Keys: command.Key("RW insert"), Categories: "@write @list @fast",
			Group: "list", Since: "2.2.0", Complexity: ofPushed,
			Summary: "Put items behind the last one of a list that exists",
			Plan:    planPush(collection.AtTail | collection.IfPresent),
		},
		{
			Name: "lpop", Arity: -2, Flags: "write fast", Keys: command.Key("RW access delete"), Categories: "@write @list @fast",
			Group: "list", Since: "1.0.0", Complexity: ofPopped,
			Summary: "Remove the first items of a list, and show them",
			Plan:    planPop(0),
		},
		{
			Name: "rpop", Arity: -2, Flags: "write fast", Keys: command.Key("RW access delete"), Categories: "@write @list @fast",
			Group: "list", Since: "1.0.0", Complexity: ofPopped,
			Summary: "Remove the last items of a list, and show them",
			Plan:    planPop(collection.AtTail),
		},
		{
			Name: "llen", Arity: 2, Flags: "readonly fast", Keys: command.Key("RO"), Categories: "@read @list @fast",
			Group: "list", Since: "1.0.0", Complexity: "O(1)",
			Summary: "Count the items of a list",
			Plan:    command.PlanCount(object.Item),
		},
		{
			Name: "lrange", Arity: 4, Flags: "readonly", Keys: command.Key("RO access"), Categories: "@read @list @slow",
			Group: "list", Since: "1.0.0", Complexity: ofRange,
			Summary: "Show the items of a list, or some of them",
			Plan:    planRange,
		},
		{
			Name: "lindex", Arity: 3, Flags: "readonly", Keys: command.Key("RO access"), Categories: "@read @list @slow",
			Group: "list", Since: "1.0.0", Complexity: ofIndex,
			Summary: "Show the item at an index of a list",
			Plan:    planItem,
		},
		{
			Name: "lset", Arity: 4, Flags: "write denyoom", Keys: command.Key("RW update"), Categories: "@write @list @slow",
			Group: "list", Since: "1.0.0", Complexity: ofIndex,
			Summary: "Replace the item at an index of a list",
			Plan:    planSet,
		},
		{
			Name: "linsert", Arity: 5, Flags: "write denyoom", Keys: command.Key("RW insert"), Categories: "@write @list @slow",
			Group: "list", Since: "2.2.0", Complexity: ofAll,
			Summary: "Put an item before or behind another one of a list",
			Plan:    planInsert,
		},
		{
			Name: "lrem", Arity: 4, Flags: "write", Keys: command.Key("RW delete"), Categories: "@write @list @slow",
			Group: "list", Since: "1.0.0", Complexity: ofAll,
			Summary: "Remove the items of a list that are equal to a value",
			Plan:    planRemove,
		},
		{
			Name: "ltrim", Arity: 4, Flags: "write", Keys: command.Key("RW delete"), Categories: "@write @list @slow",
			Group: "list", Since: "1.0.0", Complexity: ofTrimmed,
			Summary: "Remove all items of a list but those of a range",
			Plan:    planTrim,
		},
		{
			Name: "lpos", Arity: -3, Flags: "readonly", Keys: command.Key("RO access"), Categories: "@read @list @slow",
			Group: "list", Since: "6.0.6", Complexity: ofAll,
			Summary: "Show where a value is in a list",
			Plan:    planPositions,
		},
		{
			Name: "lmove", Arity: 5, Flags: "write denyoom", Keys: command.TwoKeys("RW access delete;RW insert"), Categories: "@write @list @slow",
			Group: "list", Since: "6.2.0", Complexity: ofMoved,
			Summary: "Move an item from an end of a list to an end of the same or of another one. Not atomic for two lists",
			Run:     moves.runMove,
		},
		{
			Name: "rpoplpush", Arity: 3, Flags: "write denyoom", Keys: command.TwoKeys("RW access delete;RW insert"), Categories: "@write @list @slow",
			Group: "list", Since: "1.2.0", Complexity: ofMoved,
			Summary: "Move the last item of a list to the head of the same or of another one. Not atomic for two lists",
			Run:     moves.runPopPush,
		},
		{
			Name: "lmpop", Arity: -4, Flags: "write movablekeys", Keys: command.CountedKeys(1, "RW access delete"), Categories: "@write @list @slow",
			Group: "list", Since: "7.0.0", Complexity: "O(K+M) where K is the number of keys, and M the number of items that are popped",
			Summary: "Remove items from an end of the first of several lists that has some, and show them",
			Run:     runPopFirst,
		},
	}
}
