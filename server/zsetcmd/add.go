package zsetcmd

import (
	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/resp"
)

const (
	textBothExist     = "ERR XX and NX options at the same time are not compatible"
	textGreaterOrLess = "ERR GT, LT, and/or NX options at the same time are not compatible"
	textOneIncrement  = "ERR INCR option supports a single increment-element pair"
)

// failures are the texts of Redis for scores.
var failures = map[collection.Failure]string{collection.NaN: "ERR resulting score is not a number (NaN)"}

var addOptions = []struct {
	name string
	flag collection.Flags
}{
	{"NX", collection.IfAbsent}, {"XX", collection.IfMember}, {"GT", collection.IfGreater}, {"LT", collection.IfLess},
	{"CH", collection.CountChanged}, {"INCR", collection.Increment},
}

func addOption(arg []byte) collection.Flags {
	for _, o := range addOptions {
		if resp.Is(arg, o.name) {
			return o.flag
		}
	}
	return 0
}

// parseAdd reads [NX|XX] [GT|LT] [CH] [INCR] score member [score member …].
func parseAdd(args [][]byte) (change collection.Command, refusal string) {
	change.Op = collection.ScoredAdd
	for len(args) > 0 && addOption(args[0]) != 0 {
		change.Flags |= addOption(args[0])
		args = args[1:]
	}
	has := func(flags collection.Flags) bool { return change.Flags&flags == flags }
	switch {
	case len(args) == 0 || len(args)%2 != 0:
		return change, command.TextSyntax
	case has(collection.IfAbsent | collection.IfMember):
		return change, textBothExist
	case has(collection.IfGreater | collection.IfAbsent), has(collection.IfLess | collection.IfAbsent), has(collection.IfGreater | collection.IfLess):
		return change, textGreaterOrLess
	case has(collection.Increment) && len(args) > 2:
		return change, textOneIncrement
	}
	change.Args, refusal = scoredArgs(args)
	return change, refusal
}

// scoredArgs returns the arguments of a change, members with their scores, from score member
// [score member …].
func scoredArgs(args [][]byte) (out [][]byte, refusal string) {
	out = make([][]byte, len(args))
	scores := make([]byte, 0, len(args)/2*object.ScoreLen)
	for i := 0; i < len(args); i += 2 {
		score, ok := number.ParseDouble(args[i])
		if !ok {
			return nil, command.TextNoFloat
		}
		scores = object.AppendScore(scores, score)
		out[i], out[i+1] = args[i+1], scores[len(scores)-object.ScoreLen:]
	}
	return out, ""
}

// planAdd serves ZADD key [NX|XX] [GT|LT] [CH] [INCR] score member [score member …] [CONTEXT ctx].
// INCR goes without a context.
func planAdd(c *command.Call) {
	args, seen, refusal := c.TakeContext(c.Args[2:])
	var change collection.Command
	if refusal == "" {
		change, refusal = parseAdd(args)
	}
	sums := change.Flags&collection.Increment != 0
	if refusal == "" && sums && seen != nil {
		refusal = command.TextSyntax
	}
	if refusal != "" {
		c.Refuse(refusal)
		return
	}
	if c.ChangeSeen(c.Args[1], change, seen); sums {
		c.Reply = replySum
	}
}

// planIncrement serves ZINCRBY key increment member.
func planIncrement(c *command.Call) {
	args, refusal := scoredArgs(c.Args[2:4])
	if refusal != "" {
		c.Refuse(refusal)
		return
	}
	c.Change(c.Args[1], collection.Command{Op: collection.ScoredAdd, Flags: collection.Increment, Args: args})
	c.Reply = replySum
}

// replySum answers with the score after an increment, or nil if the options prevented it.
func replySum(c *command.Call) {
	a, ok := c.Changed(c.Requests[0], failures)
	switch {
	case !ok:
	case a.None || len(a.Values) == 0:
		c.Out.Null()
	default:
		score, _ := object.ReadScore(a.Values[0])
		c.Out.Double(score)
	}
}
