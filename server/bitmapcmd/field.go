package bitmapcmd

import (
	"slices"

	"github.com/quorate/quorate/cluster/core/datatype/bitmap"
	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/resp"
)

const (
	textFieldType = "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is."
	textOverflow  = "ERR Invalid OVERFLOW type specified"
	textOnlyGet   = "ERR BITFIELD_RO only supports the GET subcommand"
)

var overflows = []struct {
	name string
	way  bitmap.Overflow
}{{"WRAP", bitmap.Wrap}, {"SAT", bitmap.Saturate}, {"FAIL", bitmap.Fail}}

// steps are those that a client wrote, and whether all of them are GET.
type steps struct {
	fields   []bitmap.Field
	readOnly bool
}

// parseSteps reads GET type offset, SET type offset value, INCRBY type offset increment and
// OVERFLOW WRAP|SAT|FAIL, in any number and order.
func parseSteps(c *command.Call) (s steps, refusal string) {
	s.readOnly = true
	overflow := bitmap.Wrap
	for args := c.Args[2:]; len(args) > 0; {
		name, left := args[0], len(args)-1
		f := bitmap.Field{Overflow: overflow}
		takes := 2
		switch {
		case resp.Is(name, "GET") && left >= 2:
		case resp.Is(name, "SET") && left >= 3:
			f.Action, takes = bitmap.Put, 3
		case resp.Is(name, "INCRBY") && left >= 3:
			f.Action, takes = bitmap.Add, 3
		case resp.Is(name, "OVERFLOW") && left >= 1:
			var ok bool
			if overflow, ok = parseOverflow(args[1]); !ok {
				return s, textOverflow
			}
			args = args[2:]
			continue
		default:
			return s, command.TextSyntax
		}
		if refusal := parseField(c, &f, args[1:1+takes]); refusal != "" {
			return s, refusal
		}
		s.readOnly = s.readOnly && f.Action == bitmap.Get
		s.fields, args = append(s.fields, f), args[1+takes:]
	}
	return s, ""
}

func parseOverflow(arg []byte) (way bitmap.Overflow, ok bool) {
	for _, o := range overflows {
		if resp.Is(arg, o.name) {
			return o.way, true
		}
	}
	return 0, false
}

// parseField reads the type, the offset and, where there is one, the number of a step.
func parseField(c *command.Call, f *bitmap.Field, args [][]byte) (refusal string) {
	width, ok := parseType(f, args[0])
	if !ok {
		return textFieldType
	}
	f.Bits = uint8(width)
	offset, counted := args[1], int64(1) // #n counts fields, not bits
	if len(offset) > 0 && offset[0] == '#' {
		offset, counted = offset[1:], width
	}
	n, ok := number.ParseInt(offset)
	limit := c.Node.Limits.Protocol.BulkBytes.Load() * 8
	if !ok || n < 0 || n >= limit || n*counted >= limit {
		return textBitOffset
	}
	f.Offset = uint64(n * counted)
	if len(args) > 2 {
		if f.Number, ok = number.ParseInt(args[2]); !ok {
			return command.TextNotInteger
		}
	}
	return ""
}

// parseType reads the type of an integer: i or u, and its width.
func parseType(f *bitmap.Field, arg []byte) (width int64, ok bool) {
	if len(arg) < 2 {
		return 0, false
	}
	most := int64(63)
	switch arg[0] {
	case 'i':
		f.Sign, most = bitmap.Signed, 64
	case 'u':
	default:
		return 0, false
	}
	width, ok = number.ParseInt(arg[1:])
	return width, ok && width >= 1 && width <= most
}

// planBitField serves BITFIELD key [step …]. Steps that only read are one read.
func planBitField(c *command.Call) {
	s, refusal := parseSteps(c)
	switch {
	case refusal != "":
		c.Refuse(refusal)
	case s.readOnly:
		c.Read(c.Args[1])
		c.Reply = replyRead
	default:
		change(c, s.fields)
		c.Reply = replyChange
	}
}

// planBitFieldRO serves BITFIELD_RO key [GET type offset …].
func planBitFieldRO(c *command.Call) {
	s, refusal := parseSteps(c)
	if refusal == "" && !s.readOnly {
		refusal = textOnlyGet
	}
	if refusal != "" {
		c.Refuse(refusal)
		return
	}
	c.Read(c.Args[1])
	c.Reply = replyRead
}

// accessOfBitField returns what BITFIELD does to its key: steps that are all GET change
// nothing.
func accessOfBitField(args [][]byte) string {
	writes := func(arg []byte) bool { return resp.Is(arg, "SET") || resp.Is(arg, "INCRBY") }
	if slices.ContainsFunc(args[min(2, len(args)):], writes) {
		return "RW access update"
	}
	return "RO access"
}

func replyRead(c *command.Call) {
	v, found, err := c.Value(c.Requests[0])
	if err != nil {
		c.Fail(err)
		return
	}
	c.Count(found)
	s, _ := parseSteps(c) // the plan has refused what is wrong
	_, answers := bitmap.Apply(v.Data, s.fields)
	writeAnswers(c, answers)
}

func replyChange(c *command.Call) {
	if answers, ok := answersOf(c); ok {
		writeAnswers(c, answers)
	}
}

func writeAnswers(c *command.Call, answers []bitmap.Answer) {
	c.Out.Array(len(answers))
	for _, a := range answers {
		if a.None {
			c.Out.Null()
			continue
		}
		c.Out.Int(a.Number)
	}
}
