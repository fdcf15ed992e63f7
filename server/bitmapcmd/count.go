package bitmapcmd

import (
	"github.com/quorate/quorate/cluster/core/datatype/bitmap"
	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/resp"
)

const textBitArgument = "ERR The bit argument must be 1 or 0."

// part is the range of a value that a command looks at: from start to end, both
// included, negative ones from the end of the value.
type part struct {
	start, end int64
	inBits     bool
	hasEnd     bool
}

// parsePart reads [start [end [BYTE|BIT]]].
func parsePart(args [][]byte) (p part, refusal string) {
	p.end = -1
	if len(args) > 3 {
		return p, command.TextSyntax
	}
	if len(args) == 3 {
		switch {
		case resp.Is(args[2], "BIT"):
			p.inBits = true
		case !resp.Is(args[2], "BYTE"):
			return p, command.TextSyntax
		}
	}
	ok := true
	if len(args) > 0 {
		if p.start, ok = number.ParseInt(args[0]); !ok {
			return p, command.TextNotInteger
		}
	}
	if len(args) > 1 {
		p.hasEnd = true
		if p.end, ok = number.ParseInt(args[1]); !ok {
			return p, command.TextNotInteger
		}
	}
	return p, ""
}

// of returns the bits of the part of a value; ok is false if it is empty.
func (p *part) of(data []byte) (r bitmap.Range, ok bool) {
	size := int64(len(data))
	if p.inBits {
		size *= 8
	}
	first, last := p.start, p.end
	if first < 0 && last < 0 && first > last {
		return r, false
	}
	if first < 0 {
		first = max(first+size, 0)
	}
	if last < 0 {
		last = max(last+size, 0)
	}
	last = min(last, size-1)
	if first > last {
		return r, false
	}
	if !p.inBits {
		first, last = first*8, last*8+7
	}
	return bitmap.Range{First: first, Last: last}, true
}

// planBitCount serves BITCOUNT key [start end [BYTE|BIT]].
func planBitCount(c *command.Call) {
	refusal := command.TextSyntax
	if len(c.Args) != 3 {
		_, refusal = parsePart(c.Args[2:])
	}
	if refusal != "" {
		c.Refuse(refusal)
		return
	}
	c.Read(c.Args[1])
	c.Reply = replyBitCount
}

func replyBitCount(c *command.Call) {
	v, found, err := c.Value(c.Requests[0])
	if err != nil {
		c.Fail(err)
		return
	}
	c.Count(found)
	p, _ := parsePart(c.Args[2:]) // the plan has refused what is wrong
	r, ok := p.of(v.Data)
	if !ok {
		c.Out.Int(0)
		return
	}
	c.Out.Int(bitmap.Count(v.Data, r))
}

// planBitPos serves BITPOS key bit [start [end [BYTE|BIT]]].
func planBitPos(c *command.Call) {
	bit, ok := number.ParseInt(c.Args[2])
	_, refusal := parsePart(c.Args[3:])
	switch {
	case !ok:
		refusal = command.TextNotInteger
	case bit != 0 && bit != 1:
		refusal = textBitArgument
	}
	if refusal != "" {
		c.Refuse(refusal)
		return
	}
	c.Read(c.Args[1])
	c.Reply = replyBitPos
}

// replyBitPos answers with the position of the first bit, or -1. A value whose bits are all
// 1 has its first 0 behind its end, unless the client has named an end.
func replyBitPos(c *command.Call) {
	v, found, err := c.Value(c.Requests[0])
	if err != nil {
		c.Fail(err)
		return
	}
	c.Count(found)
	zero := c.Args[2][0] == '0' // the plan has refused what is wrong
	if !found {
		if zero {
			c.Out.Int(0)
		} else {
			c.Out.Int(-1)
		}
		return
	}
	p, _ := parsePart(c.Args[3:])
	r, ok := p.of(v.Data)
	if !ok {
		c.Out.Int(-1)
		return
	}
	bit := 1
	if zero {
		bit = 0
	}
	at := bitmap.Find(v.Data, bit, r)
	if at < 0 && zero && !p.hasEnd {
		at = int64(len(v.Data)) * 8
	}
	c.Out.Int(at)
}
