package zsetcmd

import (
	"slices"

	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/server/command"
)

// A sorted set is put in order by each command that needs it. Of a large one some commands read no
// more than they need, all others the whole.
const (
	complexity = "O(N) where N is the number of members of the sorted set"
	ordered    = "O(N log N) where N is the number of members of the sorted set"
	several    = "O(N log N) where N is the number of members of all sorted sets"
)

// storeKeys returns the keys of a command that reads several keys and writes one.
func storeKeys() command.Keys {
	return command.Keys{First: 1, Last: 1, Step: 1, Counted: 2, Access: "OW update;RO access"}
}

// Rows returns the commands on sorted sets.
func Rows() []command.Row { return slices.Concat(memberRows(), rangeRows(), combinationRows()) }

// memberRows returns the commands on single members, and on the ends of a sorted set.
func memberRows() []command.Row {
	return []command.Row{
		{
			Name: "zadd", Arity: -4, Flags: "write denyoom fast", Keys: command.Key("RW update"), Categories: "@write @sortedset @fast",
			Group: "sorted-set", Since: "1.2.0", Complexity: complexity,
			Summary: "Add members to a sorted set, or change their scores; with CONTEXT, replace only the scores that were read",
			Plan:    planAdd,
		},
		{
			Name: "zincrby", Arity: 4, Flags: "write denyoom fast", Keys: command.Key("RW access update"), Categories: "@write @sortedset @fast",
			Group: "sorted-set", Since: "1.2.0", Complexity: complexity,
			Summary: "Add a number to the score of a member",
			Plan:    planIncrement,
		},
		{
			Name: "zrem", Arity: -3, Flags: "write fast", Keys: command.Key("RW delete"), Categories: "@write @sortedset @fast",
			Group: "sorted-set", Since: "1.2.0", Complexity: complexity,
			Summary: "Remove members from a sorted set; with CONTEXT, only those that were read",
			Plan:    command.PlanRemoval(collection.ScoredRemove),
		},
		{
			Name: "zscore", Arity: 3, Flags: "readonly fast", Keys: command.Key("RO access"), Categories: "@read @sortedset @fast",
			Group: "sorted-set", Since: "1.2.0", Complexity: complexity,
			Summary: "Show the score of a member",
			Plan:    planNamed(showScore),
		},
		{
			Name: "zmscore", Arity: -3, Flags: "readonly fast", Keys: command.Key("RO access"), Categories: "@read @sortedset @fast",
			Group: "sorted-set", Since: "6.2.0", Complexity: complexity,
			Summary: "Show the scores of several members",
			Plan:    planNamed(showScores),
		},
		{
			Name: "zcard", Arity: 2, Flags: "readonly fast", Keys: command.Key("RO"), Categories: "@read @sortedset @fast",
			Group: "sorted-set", Since: "1.2.0", Complexity: "O(1) of a large sorted set, else " + complexity,
			Summary: "Count the members of a sorted set",
			Plan:    command.PlanCount(object.Scored),
		},
		{
			Name: "zcount", Arity: 4, Flags: "readonly fast", Keys: command.Key("RO access"), Categories: "@read @sortedset @fast",
			Group: "sorted-set", Since: "2.0.0", Complexity: ordered,
			Summary: "Count the members in a range of scores",
			Plan:    planCountScores,
		},
		{
			Name: "zlexcount", Arity: 4, Flags: "readonly fast", Keys: command.Key("RO access"), Categories: "@read @sortedset @fast",
			Group: "sorted-set", Since: "2.8.9", Complexity: ordered,
			Summary: "Count the members in a range of names",
			Plan:    planCountNames,
		},
		{
			Name: "zrank", Arity: -3, Flags: "readonly fast", Keys: command.Key("RO access"), Categories: "@read @sortedset @fast",
			Group: "sorted-set", Since: "2.0.0", Complexity: ordered,
			Summary: "Show the rank of a member, the lowest score first",
			Plan:    planRank(ascending),
		},
		{
			Name: "zrevrank", Arity: -3, Flags: "readonly fast", Keys: command.Key("RO access"), Categories: "@read @sortedset @fast",
			Group: "sorted-set", Since: "2.0.0", Complexity: ordered,
			Summary: "Show the rank of a member, the highest score first",
			Plan:    planRank(descending),
		},
		{
			Name: "zpopmin", Arity: -2, Flags: "write fast", Keys: command.Key("RW access delete"), Categories: "@write @sortedset @fast",
			Group: "sorted-set", Since: "5.0.0", Complexity: ordered,
			Summary: "Remove the members with the lowest scores, and answer with them",
			Plan:    planPop(0),
		},
		{
			Name: "zpopmax", Arity: -2, Flags: "write fast", Keys: command.Key("RW access delete"), Categories: "@write @sortedset @fast",
			Group: "sorted-set", Since: "5.0.0", Complexity: ordered,
			Summary: "Remove the members with the highest scores, and answer with them",
			Plan:    planPop(collection.FromHighest),
		},
		{
			Name: "zmpop", Arity: -4, Flags: "write movablekeys", Keys: command.CountedKeys(1, "RW access delete"), Categories: "@write @sortedset @slow",
			Group: "sorted-set", Since: "7.0.0", Complexity: ordered,
			Summary: "Remove members from an end of the first sorted set that has any, and answer with them. Not atomic",
			Run:     runPop,
		},
		{
			Name: "zrandmember", Arity: -2, Flags: "readonly", Keys: command.Key("RO access"), Categories: "@read @sortedset @slow", Tips: "nondeterministic_output",
			Group: "sorted-set", Since: "6.2.0", Complexity: complexity,
			Summary: "Draw members of a sorted set at random",
			Plan:    planRandom,
		},
		{
			Name: "zscan", Arity: -3, Flags: "readonly", Keys: command.Key("RO access"), Categories: "@read @sortedset @slow", Tips: "nondeterministic_output",
			Group: "sorted-set", Since: "2.8.0", Complexity: ordered + ", for each page",
			Summary: "List the members of a sorted set and their scores page by page",
			Plan:    planScan,
		},
	}
}

// rangeRows returns the commands on ranges.
func rangeRows() []command.Row {
	return []command.Row{
		{
			Name: "zrange", Arity: -4, Flags: "readonly", Keys: command.Key("RO access"), Categories: "@read @sortedset @slow",
			Group: "sorted-set", Since: "1.2.0", Complexity: ordered,
			Summary: "List the members in a range of ranks, scores or names; with CONTEXT, the causal context of the key too",
			Plan:    planRange(form{}),
		},
		{
			Name: "zrevrange", Arity: -4, Flags: "readonly", Keys: command.Key("RO access"), Categories: "@read @sortedset @slow",
			Group: "sorted-set", Since: "1.2.0", Complexity: ordered,
			Summary: "List the members in a range of ranks, the highest score first",
			Plan:    planRange(form{way: byRank, direction: descending}),
		},
		{
			Name: "zrangebyscore", Arity: -4, Flags: "readonly", Keys: command.Key("RO access"), Categories: "@read @sortedset @slow",
			Group: "sorted-set", Since: "1.0.5", Complexity: ordered,
			Summary: "List the members in a range of scores",
			Plan:    planRange(form{way: byScore, direction: ascending}),
		},
		{
			Name: "zrevrangebyscore", Arity: -4, Flags: "readonly", Keys: command.Key("RO access"), Categories: "@read @sortedset @slow",
			Group: "sorted-set", Since: "2.2.0", Complexity: ordered,
			Summary: "List the members in a range of scores, the highest score first",
			Plan:    planRange(form{way: byScore, direction: descending}),
		},
		{
			Name: "zrangebylex", Arity: -4, Flags: "readonly", Keys: command.Key("RO access"), Categories: "@read @sortedset @slow",
			Group: "sorted-set", Since: "2.8.9", Complexity: ordered,
			Summary: "List the members in a range of names",
			Plan:    planRange(form{way: byName, direction: ascending}),
		},
		{
			Name: "zrevrangebylex", Arity: -4, Flags: "readonly", Keys: command.Key("RO access"), Categories: "@read @sortedset @slow",
			Group: "sorted-set", Since: "2.8.9", Complexity: ordered,
			Summary: "List the members in a range of names, the last name first",
			Plan:    planRange(form{way: byName, direction: descending}),
		},
		{
			Name: "zrangestore", Arity: -5, Flags: "write denyoom", Keys: command.TwoKeys("OW update;RO access"), Categories: "@write @sortedset @slow",
			Group: "sorted-set", Since: "6.2.0", Complexity: ordered,
			Summary: "Write the members in a range to another key. Not atomic",
			Run:     runRangeStore,
		},
		{
			Name: "zremrangebyrank", Arity: 4, Flags: "write", Keys: command.Key("RW delete"), Categories: "@write @sortedset @slow",
			Group: "sorted-set", Since: "2.0.0", Complexity: ordered,
			Summary: "Remove the members in a range of ranks",
			Plan:    planCut(parseRanks),
		},
		{
			Name: "zremrangebyscore", Arity: 4, Flags: "write", Keys: command.Key("RW delete"), Categories: "@write @sortedset @slow",
			Group: "sorted-set", Since: "1.2.0", Complexity: ordered,
			Summary: "Remove the members in a range of scores",
			Plan:    planCut(parseScores),
		},
		{
			Name: "zremrangebylex", Arity: 4, Flags: "write", Keys: command.Key("RW delete"), Categories: "@write @sortedset @slow",
			Group: "sorted-set", Since: "2.8.9", Complexity: ordered,
			Summary: "Remove the members in a range of names",
			Plan:    planCut(parseNames),
		},
	}
}

// combinationRows returns the commands on several sorted sets.
func combinationRows() []command.Row {
	return []command.Row{
		{
			Name: "zunion", Arity: -3, Flags: "readonly movablekeys", Keys: command.CountedKeys(1, "RO access"), Categories: "@read @sortedset @slow",
			Group: "sorted-set", Since: "6.2.0", Complexity: several,
			Summary: "List the members of all sorted sets, and their scores added up",
			Run:     runCombine(collection.Union, allows{weights: true, scores: true}),
		},
		{
			Name: "zinter", Arity: -3, Flags: "readonly movablekeys", Keys: command.CountedKeys(1, "RO access"), Categories: "@read @sortedset @slow",
			Group: "sorted-set", Since: "6.2.0", Complexity: several,
			Summary: "List the members that all sorted sets have, and their scores added up",
			Run:     runCombine(collection.Intersection, allows{weights: true, scores: true}),
		},
		{
			Name: "zdiff", Arity: -3, Flags: "readonly movablekeys", Keys: command.CountedKeys(1, "RO access"), Categories: "@read @sortedset @slow",
			Group: "sorted-set", Since: "6.2.0", Complexity: several,
			Summary: "List the members of the first sorted set that no other has",
			Run:     runCombine(collection.Difference, allows{scores: true}),
		},
		{
			Name: "zintercard", Arity: -3, Flags: "readonly movablekeys", Keys: command.CountedKeys(1, "RO access"), Categories: "@read @sortedset @slow",
			Group: "sorted-set", Since: "7.0.0", Complexity: several,
			Summary: "Count the members that all sorted sets have",
			Run:     runCombine(collection.Intersection, allows{limit: true}),
		},
		{
			Name: "zunionstore", Arity: -4, Flags: "write denyoom movablekeys", Keys: storeKeys(), Categories: "@write @sortedset @slow",
			Group: "sorted-set", Since: "2.0.0", Complexity: several,
			Summary: "Write the union of sorted sets to a key. Not atomic",
			Run:     runCombineStore(collection.Union, allows{weights: true}),
		},
		{
			Name: "zinterstore", Arity: -4, Flags: "write denyoom movablekeys", Keys: storeKeys(), Categories: "@write @sortedset @slow",
			Group: "sorted-set", Since: "2.0.0", Complexity: several,
			Summary: "Write the intersection of sorted sets to a key. Not atomic",
			Run:     runCombineStore(collection.Intersection, allows{weights: true}),
		},
		{
			Name: "zdiffstore", Arity: -4, Flags: "write denyoom movablekeys", Keys: storeKeys(), Categories: "@write @sortedset @slow",
			Group: "sorted-set", Since: "6.2.0", Complexity: several,
			Summary: "Write the difference of sorted sets to a key. Not atomic",
			Run:     runCombineStore(collection.Difference, allows{}),
		},
	}
}
