package stringcmd

import (
	"cmp"

	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/resp"
)

// Handlers of GET, and of commands that answer with a value and change it.

// planGet serves GET key [CONTEXT] [R n].
func planGet(c *command.Call) {
	r := c.Read(c.Args[1])
	c.Reply = replyGet
	for i := 2; i < len(c.Args); i++ {
		switch arg := c.Args[i]; {
		case resp.Is(arg, "CONTEXT"):
			c.Reply = replySiblings
		case resp.Is(arg, "R") && i+1 < len(c.Args):
			i++
			n, refusal := c.Quorum('R', c.Args[i])
			if refusal != "" {
				c.Refuse(refusal)
				return
			}
			r.R = n
		default:
			c.Refuse(command.WrongArity(c.Row)) // what Redis says to a third argument
			return
		}
	}
}

// replyGet answers with one value, chosen by the conflict policy. After CLIENT CONTEXTS ON
// the context and the number of siblings come along as an attribute.
func replyGet(c *command.Call) {
	r := c.Requests[0]
	if c.Options.Contexts && c.Out.RESP3 && r.Err == nil {
		c.Out.Attribute(2)
		c.Out.Text("context")
		c.WriteContext(r.Key, r.Object.Context())
		c.Out.Text("siblings")
		c.Out.Int(int64(c.LiveSiblings(&r.Object)))
	}
	command.ReplyValue(c)
}

// replySiblings answers GET key CONTEXT: the context, then all values.
func replySiblings(c *command.Call) {
	r := c.Requests[0]
	if shown, err := c.Shown(r); r.Err != nil || shown.Kind != 0 {
		c.Fail(cmp.Or(err, register.ErrWrongType))
		return
	}
	c.Out.Array(2)
	c.WriteContext(r.Key, r.Object.Context())
	n := c.LiveSiblings(&r.Object)
	c.Out.Array(n)
	for i := range r.Object.Siblings {
		if sibling := &r.Object.Siblings[i]; sibling.Live(c.Now) {
			c.Out.Value(sibling.Data)
		}
	}
	c.Count(n > 0)
}

func planGetSet(c *command.Call) {
	_, u := c.Store(c.Args[1], register.Set, c.Args[2])
	u.WantOld = true
	c.Reply = command.ReplyOld
}

func planGetDel(c *command.Call) {
	_, u := c.Write(c.Args[1], register.Delete)
	u.WantOld = true
	c.Reply = command.ReplyOld
}

// planGetEx serves GETEX key [EX s | PX ms | EXAT s | PXAT ms | PERSIST].
func planGetEx(c *command.Call) {
	var at []byte
	var u command.TimeUnit
	persist := false
	for i := 2; i < len(c.Args); i++ {
		unit, timed := command.ParseTimeUnit(c.Args[i])
		switch {
		case timed && i+1 < len(c.Args) && !persist && (at == nil || u == unit): // twice the same: the last counts
			i++
			at, u = c.Args[i], unit
		case resp.Is(c.Args[i], "PERSIST") && at == nil:
			persist = true
		default:
			c.Refuse(command.TextSyntax)
			return
		}
	}
	switch {
	case persist:
		_, up := c.Write(c.Args[1], register.Persist)
		up.WantOld = true
		c.Reply = command.ReplyOld
	case at == nil:
		c.Read(c.Args[1])
		c.Reply = command.ReplyValue
	default:
		planGetExAt(c, u, at)
	}
}

// planGetExAt serves GETEX with an expiry. It reads the key even if the expiry is invalid,
// because the answer is nil, and no error, if the key does not exist.
func planGetExAt(c *command.Call, u command.TimeUnit, arg []byte) {
	at, refusal := c.Expiry(u, arg)
	if refusal != "" {
		c.Read(c.Args[1])
		c.Reply = func(c *command.Call) { replyGetExRefused(c, refusal) }
		return
	}
	_, update := c.Write(c.Args[1], register.GetEx)
	update.Expiry, update.WantOld = at, true
	c.Reply = command.ReplyOld
}

func replyGetExRefused(c *command.Call, refusal string) {
	switch _, found, err := c.Value(c.Requests[0]); {
	case err != nil:
		c.Fail(err)
	case !found:
		c.Found(nil, false)
	default:
		c.Out.Error(refusal)
	}
}
