package stringcmd

import (
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/server/command"
)

func planIncr(c *command.Call) { planIncrement(c, 1) }

func planDecr(c *command.Call) { planIncrement(c, -1) }

func planIncrBy(c *command.Call) {
	delta, ok := number.ParseInt(c.Args[2])
	if !ok {
		c.Refuse(command.TextNotInteger)
		return
	}
	planIncrement(c, delta)
}

func planDecrBy(c *command.Call) {
	delta, ok := number.ParseInt(c.Args[2])
	switch {
	case !ok:
		c.Refuse(command.TextNotInteger)
	case delta == -delta && delta != 0: // the one that has no opposite
		c.Refuse("ERR decrement would overflow")
	default:
		planIncrement(c, -delta)
	}
}

func planIncrement(c *command.Call, delta int64) {
	_, u := c.Write(c.Args[1], register.Increment)
	u.Amount = delta
	c.Reply = command.ReplyNumber
}

func planIncrByFloat(c *command.Call) {
	_, u := c.Write(c.Args[1], register.IncrementFloat)
	u.Float = string(c.Args[2])
	c.Reply = replyFloat
}

func replyFloat(c *command.Call) {
	if r := c.Requests[0]; !c.FailedWrite(r) {
		c.Out.Bulk(r.Result.Data)
	}
}
