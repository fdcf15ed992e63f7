package connection

import (
	"context"

	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/resp"
)

func planPing(c *command.Call) {
	c.Reply = replyPing
	if len(c.Args) > 2 {
		c.Refuse(command.WrongArity(c.Row))
	}
}

func replyPing(c *command.Call) {
	if len(c.Args) == 2 {
		c.Out.Value(c.Args[1])
		return
	}
	c.Out.Status("PONG")
}

func planEcho(c *command.Call) {
	c.Reply = func(c *command.Call) { c.Out.Value(c.Args[1]) }
}

func runSelect(_ context.Context, c *command.Call) {
	refusal := command.CheckDatabase(c.Args[1])
	if refusal == command.TextDBIndex && !c.Node.Standalone {
		refusal = "ERR SELECT is not allowed in cluster mode"
	}
	if refusal != "" {
		c.Out.Error(refusal)
		return
	}
	c.Out.OK()
}

func runQuit(_ context.Context, c *command.Call) {
	c.Out.OK()
	c.Session.EndAfterReplies()
}

func (f *Family) runReset(_ context.Context, c *command.Call) {
	c.Options = command.Options{}
	c.Session.Reset()
	c.Session.SetAuthenticated(f.Users.Open())
	c.Out.RESP3 = false
	c.Session.Describe(func(i *command.Identity) { *i = command.Identity{} })
	c.Out.Status("RESET")
}

// runHello serves HELLO [2|3 [AUTH user password] [SETNAME name]]: version, then
// options, then password; a refusal changes nothing.
func (f *Family) runHello(_ context.Context, c *command.Call) {
	resp3 := c.Out.RESP3
	if len(c.Args) > 1 {
		switch n, ok := number.ParseInt(c.Args[1]); {
		case !ok:
			c.Out.Error("ERR Protocol version is not an integer or out of range")
			return
		case n != 2 && n != 3:
			c.Out.Error("NOPROTO unsupported protocol version")
			return
		default:
			resp3 = n == 3
		}
	}
	var o helloOptions
	if refusal := o.parse(c.Args[min(2, len(c.Args)):]); refusal != "" {
		c.Out.Error(refusal)
		return
	}
	if o.password != nil && !f.Users.Login(c.Session, o.user, o.password) {
		c.Out.Error(command.TextWrongPass)
		return
	}
	if !c.Session.Authenticated() {
		c.Out.Error("NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time")
		return
	}
	if o.name != nil {
		c.Session.Describe(func(i *command.Identity) { i.Name = string(o.name) })
	}
	c.Out.RESP3 = resp3
	c.Session.Describe(func(i *command.Identity) { i.RESP3 = resp3 })
	replyHello(c)
}

type helloOptions struct {
	user, password, name []byte
}

func (o *helloOptions) parse(args [][]byte) string {
	for i := 0; i < len(args); i++ {
		left := len(args) - i - 1
		switch {
		case resp.Is(args[i], "AUTH") && left >= 2:
			o.user, o.password = args[i+1], args[i+2]
			i += 2
		case resp.Is(args[i], "SETNAME") && left >= 1:
			o.name = args[i+1]
			if !printable(o.name) {
				return textBadName
			}
			i++
		default:
			return "ERR Syntax error in HELLO option '" + string(args[i]) + "'"
		}
	}
	return ""
}

func replyHello(c *command.Call) {
	c.Out.Map(7)
	c.Out.Text("server")
	c.Out.Text("redis")
	c.Out.Text("version")
	c.Out.Text(command.RedisVersion)
	c.Out.Text("proto")
	c.Out.Int(protocol(c.Out.RESP3))
	c.Out.Text("id")
	c.Out.Int(c.Session.ID())
	c.Out.Text("mode")
	c.Out.Text(c.Node.Mode())
	c.Out.Text("role")
	c.Out.Text("master")
	c.Out.Text("modules")
	c.Out.Array(0)
}

func protocol(resp3 bool) int64 {
	if resp3 {
		return 3
	}
	return 2
}
