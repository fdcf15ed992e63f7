package connection

import (
	"context"

	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/server/auth"
	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/resp"
)

// runClientKill serves CLIENT KILL addr and CLIENT KILL filter value ….
func (f *Family) runClientKill(_ context.Context, c *command.Call) {
	if len(c.Args) == 3 {
		f.killAddress(c, string(c.Args[2]))
		return
	}
	filter := killFilter{skipMe: true}
	if refusal := filter.parse(c.Args[2:]); refusal != "" {
		c.Out.Error(refusal)
		return
	}
	killed := int64(0)
	for _, client := range f.Clients.Clients() {
		if filter.matches(client) && !(filter.skipMe && client.ID() == c.Session.ID()) {
			kill(c, client)
			killed++
		}
	}
	c.Out.Int(killed)
}

func (f *Family) killAddress(c *command.Call, address string) {
	for _, client := range f.Clients.Clients() {
		if client.Address() == address {
			kill(c, client)
			c.Out.OK()
			return
		}
	}
	c.Out.Error("ERR No such client")
}

// kill closes the connection of another client at once, the caller's own after the
// reply.
func kill(c *command.Call, client Client) {
	if client.ID() == c.Session.ID() {
		c.Session.EndAfterReplies()
		return
	}
	client.Kill()
}

// killFilter selects clients; all of its conditions must hold.
type killFilter struct {
	id                int64
	addr, laddr, user string
	byType, normal    bool
	skipMe            bool
}

func (f *killFilter) parse(args [][]byte) (refusal string) {
	if len(args)%2 != 0 {
		return command.TextSyntax
	}
	for ; len(args) > 0 && refusal == ""; args = args[2:] {
		value := args[1]
		switch option := args[0]; {
		case resp.Is(option, "ID"):
			var ok bool
			if f.id, ok = number.ParseInt(value); !ok || f.id < 1 {
				refusal = "ERR client-id should be greater than 0"
			}
		case resp.Is(option, "ADDR"):
			f.addr = string(value)
		case resp.Is(option, "LADDR"):
			f.laddr = string(value)
		case resp.Is(option, "TYPE"):
			f.byType = true
			f.normal, refusal = normalType(value)
		case resp.Is(option, "USER"):
			if f.user = string(value); f.user != auth.DefaultUser {
				refusal = "ERR No such user '" + f.user + "'"
			}
		case resp.Is(option, "SKIPME"):
			f.skipMe = resp.Is(value, "YES")
			if !f.skipMe && !resp.Is(value, "NO") {
				refusal = command.TextSyntax
			}
		default:
			refusal = command.TextSyntax
		}
	}
	return refusal
}

func (f *killFilter) matches(client Client) bool {
	return (f.id == 0 || f.id == client.ID()) &&
		(f.addr == "" || f.addr == client.Address()) &&
		(f.laddr == "" || f.laddr == client.LocalAddress()) &&
		(!f.byType || f.normal)
}
