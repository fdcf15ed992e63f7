package hashcmd

import (
	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/resp"
)

const (
	textFields      = "ERR Mandatory argument FIELDS is missing or not at the right position"
	textFieldNumber = "ERR Parameter `numFields` should be greater than 0"
	textFieldCount  = "ERR The `numfields` parameter must match the number of arguments"
)

// fieldsOf reads FIELDS numfields field [field …], which is all of args.
func fieldsOf(args [][]byte) (fields [][]byte, refusal string) {
	if len(args) < 2 || !resp.Is(args[0], "FIELDS") {
		return nil, textFields
	}
	n, ok := number.ParseInt(args[1])
	switch {
	case !ok || n < 1:
		return nil, textFieldNumber
	case n != int64(len(args)-2):
		return nil, textFieldCount
	}
	return args[2:], ""
}

// conditionOf returns the flag of a condition of HEXPIRE, or 0.
func conditionOf(arg []byte) collection.Flags {
	switch {
	case resp.Is(arg, "NX"):
		return collection.IfLasting
	case resp.Is(arg, "XX"):
		return collection.IfEnding
	case resp.Is(arg, "GT"):
		return collection.IfLater
	case resp.Is(arg, "LT"):
		return collection.IfSooner
	}
	return 0
}

// planExpire serves HEXPIRE, HPEXPIRE, HEXPIREAT and HPEXPIREAT key time [NX|XX|GT|LT] FIELDS
// numfields field [field …], which count in different units. A time that is past deletes the
// fields.
func planExpire(u command.TimeUnit) func(*command.Call) {
	return func(c *command.Call) {
		rest := c.Args[3:]
		condition := conditionOf(rest[0])
		if condition != 0 {
			rest = rest[1:]
		}
		fields, refusal := fieldsOf(rest)
		if refusal != "" {
			c.Refuse(refusal)
			return
		}
		at, refusal := c.Moment(u, c.Args[2])
		if n, _ := number.ParseInt(c.Args[2]); refusal == "" && n < 0 {
			refusal = command.InvalidExpire(c.Row)
		}
		if refusal != "" {
			c.Refuse(refusal)
			return
		}
		change := collection.Command{Op: collection.HashExpire, Flags: condition, Number: at, Args: fields}
		if at <= c.Node.Now().UnixMilli() {
			change.Flags |= collection.Past
		}
		c.Change(c.Args[1], change)
		c.Reply = replyNumbers
	}
}

// planPersist serves HPERSIST key FIELDS numfields field [field …].
func planPersist(c *command.Call) {
	fields, refusal := fieldsOf(c.Args[2:])
	if refusal != "" {
		c.Refuse(refusal)
		return
	}
	c.Change(c.Args[1], collection.Command{Op: collection.HashPersist, Args: fields})
	c.Reply = replyNumbers
}

func replyNumbers(c *command.Call) {
	a, ok := c.Changed(c.Requests[0], nil)
	if !ok {
		return
	}
	c.Out.Array(len(a.Numbers))
	for _, n := range a.Numbers {
		c.Out.Int(n)
	}
}

// planExpiry serves HTTL, HPTTL, HEXPIRETIME and HPEXPIRETIME key FIELDS numfields field [field …],
// which show the expiry in different units. Show gets the expiry and the present, in unix
// milliseconds.
func planExpiry(show func(expiry, now int64) int64) func(*command.Call) {
	return func(c *command.Call) {
		fields, refusal := fieldsOf(c.Args[2:])
		if refusal != "" {
			c.Refuse(refusal)
			return
		}
		planRead(func(c *command.Call, v collection.View) {
			c.Out.Array(len(fields))
			for _, name := range fields {
				switch e := v.Find(name); {
				case e == nil:
					c.Out.Int(collection.NoField)
				case e.Expiry == 0:
					c.Out.Int(collection.NoExpiry)
				default:
					c.Out.Int(show(e.Expiry, c.Now))
				}
			}
		})(c)
	}
}
