package bitmapcmd

import (
	"github.com/quorate/quorate/cluster/core/datatype/bitmap"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/server/command"
)

const (
	textBitOffset = "ERR bit offset is not an integer or out of range"
	textBit       = "ERR bit is not an integer or out of range"
)

// bitOffset reads the offset of a bit. A value may have no more bytes than
// proto-max-bulk-len says, so no bit lies beyond.
func bitOffset(c *command.Call, arg []byte) (offset uint64, ok bool) {
	n, isInt := number.ParseInt(arg)
	if !isInt || n < 0 || n/8 >= c.Node.Limits.Protocol.BulkBytes.Load() {
		return 0, false
	}
	return uint64(n), true
}

// planSetBit serves SETBIT key offset bit.
func planSetBit(c *command.Call) {
	offset, ok := bitOffset(c, c.Args[2])
	if !ok {
		c.Refuse(textBitOffset)
		return
	}
	bit, ok := number.ParseInt(c.Args[3])
	if !ok || bit != 0 && bit != 1 {
		c.Refuse(textBit)
		return
	}
	change(c, []bitmap.Field{{Action: bitmap.Put, Bits: 1, Offset: offset, Number: bit}})
	c.Reply = replySetBit
}

// change plans the update that carries out steps.
func change(c *command.Call, fields []bitmap.Field) {
	_, u := c.Write(c.Args[1], register.BitField)
	u.Data, u.Limit = bitmap.AppendFields(nil, fields), c.Node.Limits.Protocol.BulkBytes.Load()
}

func replySetBit(c *command.Call) {
	if answers, ok := answersOf(c); ok {
		c.Out.Int(answers[0].Number)
	}
}

// answersOf returns what the steps of an update answered. If it failed, answersOf
// answers the client and returns false.
func answersOf(c *command.Call) (answers []bitmap.Answer, ok bool) {
	r := c.Requests[0]
	if c.FailedWrite(r) {
		return nil, false
	}
	answers, err := bitmap.ReadAnswers(r.Result.Data)
	if err != nil {
		c.Fail(err)
		return nil, false
	}
	return answers, true
}

// planGetBit serves GETBIT key offset.
func planGetBit(c *command.Call) {
	if _, ok := bitOffset(c, c.Args[2]); !ok {
		c.Refuse(textBitOffset)
		return
	}
	c.Read(c.Args[1])
	c.Reply = replyGetBit
}

func replyGetBit(c *command.Call) {
	v, found, err := c.Value(c.Requests[0])
	if err != nil {
		c.Fail(err)
		return
	}
	c.Count(found)
	offset, _ := bitOffset(c, c.Args[2]) // the plan has refused what is wrong
	c.Out.Int(int64(bitmap.Bit(v.Data, offset)))
}
