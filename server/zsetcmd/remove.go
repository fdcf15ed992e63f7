package zsetcmd

import (
	"context"

	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/resp"
)

const textNotPositive = "ERR value is out of range, must be positive"

// popFailures are the texts for pops: no member is removed that could not be sent.
var popFailures = map[collection.Failure]string{collection.TooLong: command.TextReplyTooBig}

// planCut returns the Plan of ZREMRANGEBYRANK, ZREMRANGEBYSCORE or ZREMRANGEBYLEX key min max.
func planCut(parse parser) func(*command.Call) {
	return func(c *command.Call) {
		s, refusal := parse(c.Args[2], c.Args[3])
		if refusal != "" {
			c.Refuse(refusal)
			return
		}
		c.Change(c.Args[1], collection.Command{Op: collection.ScoredCut, Args: [][]byte{collection.AppendRange(nil, s)}})
		c.Reply = command.ReplyChanged
	}
}

// pop returns the change that removes members from an end of a sorted set.
func pop(c *command.Call, end collection.Flags, count int64) collection.Command {
	return collection.Command{Op: collection.ScoredPop, Flags: end, Number: count, Limit: c.Node.Limits.Output.Load()}
}

// popped returns the members that a pop removed.
func popped(a *collection.Answer) (r collection.Ranking) {
	for i := 0; i+1 < len(a.Values); i += 2 {
		score, _ := object.ReadScore(a.Values[i+1])
		r = append(r, collection.Scored{Member: a.Values[i], Score: score})
	}
	return r
}

// planPop returns the Plan of ZPOPMIN or ZPOPMAX key [count].
func planPop(end collection.Flags) func(*command.Call) {
	return func(c *command.Call) {
		count := int64(1)
		if len(c.Args) > 3 {
			c.Refuse(command.TextSyntax)
			return
		}
		if len(c.Args) == 3 {
			var ok bool
			if count, ok = number.ParseInt(c.Args[2]); !ok || count < 0 {
				c.Refuse(textNotPositive)
				return
			}
		}
		c.Change(c.Args[1], pop(c, end, count))
		c.Reply = replyPopped
	}
}

// replyPopped answers with the members that were removed. Without a count they are no pairs in
// RESP3 either.
func replyPopped(c *command.Call) {
	a, ok := c.Changed(c.Requests[0], popFailures)
	if !ok {
		return
	}
	r := popped(&a)
	if len(c.Args) == 3 || len(r) == 0 {
		reply(c, r, scores)
		return
	}
	c.Out.Array(2)
	replyPair(c, r[0])
}

// runPop serves ZMPOP numkeys key [key …] MIN|MAX [COUNT count]. It asks one key after the other,
// up to the first that has members.
func runPop(ctx context.Context, c *command.Call) {
	keys, end, count, refusal := parsePop(c.Args[1:])
	if refusal != "" {
		c.Out.Error(refusal)
		return
	}
	for _, key := range keys {
		a, ok := c.Changed(c.ChangeNow(ctx, key, pop(c, end, count)), popFailures)
		if !ok {
			return
		}
		if r := popped(&a); len(r) > 0 {
			c.Out.Array(2)
			c.Out.Value(key)
			replyPairs(c, r)
			return
		}
	}
	c.Out.NullArray()
}

func parsePop(args [][]byte) (keys [][]byte, end collection.Flags, count int64, refusal string) {
	n, ok := number.ParseInt(args[0])
	switch {
	case !ok || n < 1:
		return nil, 0, 0, "ERR numkeys should be greater than 0"
	case n > int64(len(args)-2):
		return nil, 0, 0, command.TextSyntax
	}
	keys, args = args[1:1+n], args[1+n:]
	switch {
	case resp.Is(args[0], "MAX"):
		end = collection.FromHighest
	case !resp.Is(args[0], "MIN"):
		return nil, 0, 0, command.TextSyntax
	}
	switch {
	case len(args) == 1:
		return keys, end, 1, ""
	case len(args) != 3 || !resp.Is(args[1], "COUNT"):
		return nil, 0, 0, command.TextSyntax
	}
	if count, ok = number.ParseInt(args[2]); !ok || count < 1 {
		return nil, 0, 0, "ERR count should be greater than 0"
	}
	return keys, end, count, ""
}
