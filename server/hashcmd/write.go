package hashcmd

import (
	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/server/command"
)

// Texts of Redis for values of fields.
var failures = map[collection.Failure]string{
	collection.NotInteger: "ERR hash value is not an integer",
	collection.NotFloat:   "ERR hash value is not a float",
}

// planSet serves HSET key field value [field value …] [CONTEXT ctx].
func planSet(c *command.Call) {
	fields, seen, refusal := c.TakeContext(c.Args[2:])
	if refusal == "" && (len(fields) == 0 || len(fields)%2 != 0) {
		refusal = command.WrongArity(c.Row)
	}
	if refusal != "" {
		c.Refuse(refusal)
		return
	}
	c.ChangeSeen(c.Args[1], collection.Command{Op: collection.HashSet, Args: fields}, seen)
}

// planMSet serves HMSET, the older form of HSET.
func planMSet(c *command.Call) {
	if len(c.Args)%2 != 0 {
		c.Refuse(command.WrongArity(c.Row))
		return
	}
	c.Change(c.Args[1], collection.Command{Op: collection.HashSet, Args: c.Args[2:]})
	c.Reply = func(c *command.Call) {
		if _, ok := c.Changed(c.Requests[0], nil); ok {
			c.Out.OK()
		}
	}
}

func planSetNX(c *command.Call) {
	c.Change(c.Args[1], collection.Command{Op: collection.HashSet, Flags: collection.IfAbsent, Args: c.Args[2:]})
	c.Reply = command.ReplyChanged
}

func planIncrement(c *command.Call) {
	amount, ok := number.ParseInt(c.Args[3])
	if !ok {
		c.Refuse(command.TextNotInteger)
		return
	}
	c.Change(c.Args[1], collection.Command{Op: collection.HashIncrement, Number: amount, Args: c.Args[2:3]})
	c.Reply = func(c *command.Call) {
		if a, ok := c.Changed(c.Requests[0], failures); ok {
			c.Out.Int(a.Number)
		}
	}
}

func planIncrementFloat(c *command.Call) {
	if _, err := number.AddFloats([]byte("0"), string(c.Args[3])); err != nil {
		c.Refuse(floatRefusal(err))
		return
	}
	c.Change(c.Args[1], collection.Command{Op: collection.HashIncrementFloat, Args: c.Args[2:4]})
	c.Reply = func(c *command.Call) {
		if a, ok := c.Changed(c.Requests[0], failures); ok {
			command.ReplyTaken(c, a)
		}
	}
}

// floatRefusal returns Redis's text for an amount that cannot be added.
func floatRefusal(err error) string {
	if err == number.ErrNotFinite {
		return "ERR value is NaN or Infinity"
	}
	return command.TextNoFloat
}
