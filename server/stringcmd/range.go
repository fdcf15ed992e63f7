package stringcmd

import (
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/server/command"
)

func planAppend(c *command.Call) {
	_, u := c.Store(c.Args[1], register.Append, c.Args[2])
	u.Limit = c.Node.Limits.Protocol.BulkBytes.Load()
	c.Reply = command.ReplyNumber
}

func planSetRange(c *command.Call) {
	offset, ok := number.ParseInt(c.Args[2])
	switch {
	case !ok:
		c.Refuse(command.TextNotInteger)
		return
	case offset < 0:
		c.Refuse(command.TextOffset)
		return
	case len(c.Args[3]) > 0 && offset > c.Node.Limits.Protocol.BulkBytes.Load()-int64(len(c.Args[3])):
		c.Refuse(command.TextTooLong)
		return
	}
	_, u := c.Store(c.Args[1], register.SetRange, c.Args[3])
	u.Amount, u.Limit = offset, c.Node.Limits.Protocol.BulkBytes.Load()
	c.Reply = command.ReplyNumber
}

func planStrLen(c *command.Call) {
	c.Read(c.Args[1])
	c.Reply = replyStrLen
}

func replyStrLen(c *command.Call) {
	v, _, err := c.Value(c.Requests[0])
	if err != nil {
		c.Fail(err)
		return
	}
	c.Out.Int(int64(len(v.Data)))
}

// planGetRange serves GETRANGE and SUBSTR key start end.
func planGetRange(c *command.Call) {
	if _, _, ok := rangeOf(c.Args); !ok {
		c.Refuse(command.TextNotInteger)
		return
	}
	c.Read(c.Args[1])
	c.Reply = replyGetRange
}

func replyGetRange(c *command.Call) {
	v, _, err := c.Value(c.Requests[0])
	if err != nil {
		c.Fail(err)
		return
	}
	start, end, _ := rangeOf(c.Args) // the plan has refused what is wrong
	c.Out.Value(cutRange(v.Data, start, end))
}

func rangeOf(args [][]byte) (start, end int64, ok bool) {
	start, isStart := number.ParseInt(args[2])
	end, isEnd := number.ParseInt(args[3])
	return start, end, isStart && isEnd
}

// cutRange returns data from start to end, both included. A negative position
// counts from the end. As in Redis up to 7, an end before the first byte is the first
// byte, unless both are negative and the wrong way round.
func cutRange(data []byte, start, end int64) []byte {
	size := int64(len(data))
	if start < 0 && end < 0 && start > end {
		return nil
	}
	if start < 0 {
		start = max(size+start, 0)
	}
	if end < 0 {
		end = max(size+end, 0)
	}
	end = min(end, size-1)
	if start > end {
		return nil
	}
	return data[start : end+1]
}
