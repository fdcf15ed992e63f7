package stringcmd

import (
	"slices"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/resp"
)

// Handlers of SET, SETNX, SETEX and PSETEX.

// planSet serves SET with all its options.
func planSet(c *command.Call) {
	r, u := c.Store(c.Args[1], register.Set, c.Args[2])
	c.Reply = replySet
	if len(c.Args) == 3 {
		return
	}
	o := setOptions{request: r, update: u}
	if refusal := o.parse(c); refusal != "" {
		c.Refuse(refusal)
		return
	}
	if o.at != nil {
		at, refusal := c.Expiry(o.unit, o.at)
		if refusal != "" {
			c.Refuse(refusal)
			return
		}
		u.Expiry = at
	}
	switch {
	case u.HasContext:
		c.Reply = replyContext
	case u.WantOld:
		c.Reply = command.ReplyOld
	}
}

// setOptions collects the options of one SET into its update.
type setOptions struct {
	request *command.Request
	update  *register.Update
	at      []byte // of EX, PX, EXAT or PXAT
	unit    command.TimeUnit
}

func (o *setOptions) parse(c *command.Call) (refusal string) {
	args := c.Args
	u := o.update
	for i := 3; i < len(args); i++ {
		arg := args[i]
		var next []byte
		if i+1 < len(args) {
			next = args[i+1]
		}
		unit, timed := command.ParseTimeUnit(arg)
		switch {
		case resp.Is(arg, "NX") && u.Condition != register.IfPresent:
			u.Condition = register.IfAbsent
		case resp.Is(arg, "XX") && u.Condition != register.IfAbsent:
			u.Condition = register.IfPresent
		case resp.Is(arg, "GET") && !u.HasContext:
			u.WantOld = true
		case resp.Is(arg, "KEEPTTL") && o.at == nil:
			u.KeepTTL = true
		case timed && next != nil && (o.at == nil || o.unit == unit) && !u.KeepTTL:
			o.at, o.unit = next, unit
			i++
		case resp.Is(arg, "CONTEXT") && next != nil && !u.HasContext && !u.WantOld:
			var err error
			if u.Context, err = causal.ContextTokensOf(args[1]).Parse(next); err != nil {
				return command.ErrorText(err)
			}
			u.HasContext = true
			i++
		case resp.Is(arg, "W") && next != nil:
			n, refusal := c.Quorum('W', next)
			if refusal != "" {
				return refusal
			}
			o.request.W = n
			i++
		default:
			return command.TextSyntax
		}
	}
	return ""
}

func replySet(c *command.Call) {
	switch r := c.Requests[0]; {
	case c.FailedWrite(r):
	case r.Result.Applied:
		c.Out.OK()
	default:
		c.Out.Null()
	}
}

// replyContext answers a SET with CONTEXT: what to pass with the next one.
func replyContext(c *command.Call) {
	switch r := c.Requests[0]; {
	case c.FailedWrite(r):
	case r.Result.Applied:
		c.WriteContext(r.Key, r.Result.Context)
	default:
		c.Out.Null()
	}
}

func planSetNX(c *command.Call) {
	_, u := c.Store(c.Args[1], register.Set, c.Args[2])
	u.Condition = register.IfAbsent
	c.Reply = command.ReplyApplied
}

// planSetUntil serves SETEX and PSETEX, which count in different units.
func planSetUntil(u command.TimeUnit) func(*command.Call) {
	return func(c *command.Call) {
		at, refusal := c.Expiry(u, c.Args[2])
		if refusal != "" {
			c.Refuse(refusal)
			return
		}
		_, update := c.Store(c.Args[1], register.Set, c.Args[3])
		update.Expiry = at
		c.Reply = replySet
	}
}

// accessOfSet returns what SET does to its key: it reads only if it is to GET.
func accessOfSet(args [][]byte) string {
	if slices.ContainsFunc(args[min(3, len(args)):], func(arg []byte) bool { return resp.Is(arg, "GET") }) {
		return "RW access update"
	}
	return "OW update"
}
