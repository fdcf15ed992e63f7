package hyperloglogcmd

import (
	"context"
	"errors"

	"github.com/quorate/quorate/cluster/core/datatype/hyperloglog"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/server/command"
)

// planAdd serves PFADD key [element …]. Without elements it makes the key.
func planAdd(c *command.Call) {
	observed := make([]hyperloglog.Observation, 0, len(c.Args)-2)
	for _, element := range c.Args[2:] {
		observed = append(observed, hyperloglog.Observe(element))
	}
	_, u := c.Write(c.Args[1], register.AddHyperLogLog)
	u.Data = hyperloglog.AppendObservations(nil, observed)
	c.Reply = command.ReplyApplied
}

// runCount serves PFCOUNT key [key …].
func runCount(ctx context.Context, c *command.Call) {
	if union, ok := unionOf(ctx, c); ok {
		c.Out.Int(union.Estimate())
	}
}

// runMerge serves PFMERGE target [source …].
func runMerge(ctx context.Context, c *command.Call) {
	union, ok := unionOf(ctx, c)
	if !ok {
		return
	}
	r := c.WriteNow(ctx, c.Args[1], register.Update{
		Kind: register.AddHyperLogLog, Data: hyperloglog.AppendObservations(nil, union.Observations()),
	})
	if !c.FailedWrite(r) {
		c.Out.OK()
	}
}

// unionOf reads all keys of a call and joins their registers. If one cannot be read, unionOf
// answers the client and returns false.
func unionOf(ctx context.Context, c *command.Call) (union *hyperloglog.Registers, ok bool) {
	union = new(hyperloglog.Registers)
	sum := c.InPieces(ctx, c.Args, command.PlanReads, func(sum *command.Sum, piece *command.Call) {
		for _, r := range piece.Requests {
			if text := join(union, piece, r); text != "" {
				sum.Refusal = text
			}
		}
	})
	if sum.Refusal != "" {
		c.Out.Error(sum.Refusal)
		return nil, false
	}
	return union, true
}

// join adds the registers that a read found to the union, or returns why it cannot.
func join(union *hyperloglog.Registers, c *command.Call, r *command.Request) (refusal string) {
	v, found, err := c.Value(r)
	if err != nil {
		return command.ErrorText(err)
	}
	if c.Count(found); !found {
		return ""
	}
	var one hyperloglog.Registers
	if err := one.Read(v.Data); errors.Is(err, hyperloglog.ErrCorrupt) {
		return command.TextCorruptHyperLogLog
	} else if err != nil {
		return command.TextNotHyperLogLog
	}
	union.Join(&one)
	return ""
}
