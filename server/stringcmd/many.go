package stringcmd

import (
	"context"

	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/server/command"
)

func planMGet(c *command.Call) {
	command.PlanReads(c)
	c.Reply = command.ReplyValues
}

func planMSet(c *command.Call) {
	if len(c.Args)%2 == 0 {
		c.Refuse(command.WrongArity(c.Row))
		return
	}
	for i := 1; i < len(c.Args); i += 2 {
		c.Store(c.Args[i], register.Set, c.Args[i+1])
	}
	c.Reply = command.ReplyAllOK
}

// runManyMGet serves MGET of more keys than a batch should hold, in pieces. The
// values of all are in memory until it replies.
func runManyMGet(ctx context.Context, c *command.Call) {
	m := c.InPieces(ctx, c.Args, planMGet, (*command.Sum).AddStrings)
	m.ReplyValues(c)
}

// runManyMSet serves MSET of more keys than a batch should hold, in pieces.
func runManyMSet(ctx context.Context, c *command.Call) {
	if len(c.Args)%2 == 0 {
		c.Out.Error(command.WrongArity(c.Row))
		return
	}
	m := c.InPieces(ctx, c.Args, planMSet, (*command.Sum).AddCounts)
	m.ReplyOK(c)
}

// runMSetNX serves MSETNX. It looks whether any of the keys exists, and only then
// writes them, each one only if it still does not exist: a write that a race
// leaves half done is answered with 0.
func runMSetNX(ctx context.Context, c *command.Call) {
	if len(c.Args)%2 == 0 {
		c.Out.Error(command.WrongArity(c.Row))
		return
	}
	latest := make(map[string][]byte, len(c.Args)/2) // a key named twice: the last counts
	keys := make([][]byte, 1, len(c.Args)/2+1)
	for i := 1; i < len(c.Args); i += 2 {
		if _, twice := latest[string(c.Args[i])]; !twice {
			keys = append(keys, c.Args[i])
		}
		latest[string(c.Args[i])] = c.Args[i+1]
	}
	before := c.InPieces(ctx, keys, command.PlanReads, (*command.Sum).AddCounts)
	if before.Refusal != "" || before.Count > 0 {
		before.Count = 0
		before.ReplyCount(c)
		return
	}
	after := c.InPieces(ctx, keys, func(c *command.Call) {
		for _, key := range c.Args[1:] {
			_, u := c.Store(key, register.Set, latest[string(key)])
			u.Condition = register.IfAbsent
		}
	}, (*command.Sum).AddCounts)
	if after.Refusal != "" {
		c.Out.Error(after.Refusal)
		return
	}
	c.Out.Flag(after.Count == 0) // none existed when its turn came
}
