package connection

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/server/auth"
	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/resp"
)

const textBadName = "ERR Client names cannot contain spaces, newlines or special characters."

// printable reports whether a name can stand in CLIENT LIST.
func printable(name []byte) bool {
	return !slices.ContainsFunc(name, func(c byte) bool { return c < '!' || c > '~' })
}

func runClientID(_ context.Context, c *command.Call) { c.Out.Int(c.Session.ID()) }

func runClientGetName(_ context.Context, c *command.Call) {
	if name := c.Session.Identity().Name; name != "" {
		c.Out.Text(name)
		return
	}
	c.Out.Null()
}

func runClientSetName(_ context.Context, c *command.Call) {
	if !printable(c.Args[2]) {
		c.Out.Error(textBadName)
		return
	}
	c.Session.Describe(func(i *command.Identity) { i.Name = string(c.Args[2]) })
	c.Out.OK()
}

func runClientSetInfo(_ context.Context, c *command.Call) {
	var field func(*command.Identity) *string
	switch {
	case resp.Is(c.Args[2], "LIB-NAME"):
		field = func(i *command.Identity) *string { return &i.Library }
	case resp.Is(c.Args[2], "LIB-VER"):
		field = func(i *command.Identity) *string { return &i.LibraryVersion }
	default:
		c.Out.Error("ERR Unrecognized option '" + string(c.Args[2]) + "'")
		return
	}
	if !printable(c.Args[3]) {
		c.Out.Error("ERR " + strings.ToLower(string(c.Args[2])) + " cannot contain spaces, newlines or special characters.")
		return
	}
	c.Session.Describe(func(i *command.Identity) { *field(i) = string(c.Args[3]) })
	c.Out.OK()
}

func (f *Family) runClientInfo(_ context.Context, c *command.Call) {
	for _, client := range f.Clients.Clients() {
		if client.ID() == c.Session.ID() {
			c.Out.Verbatim(f.describe(c, client, time.Now()))
			return
		}
	}
	c.Out.Error("ERR this connection is about to be closed") // by another client
}

// describe returns the line of a client. The last command of the calling one is the
// present.
func (f *Family) describe(c *command.Call, client Client, now time.Time) string {
	status := client.Status()
	if client.ID() == c.Session.ID() {
		status.Last = c.Row
	}
	return line(client, status, now) + "\n"
}

// runClientList serves CLIENT LIST [TYPE type | ID id …].
func (f *Family) runClientList(_ context.Context, c *command.Call) {
	var only []int64
	all := true
	switch {
	case len(c.Args) == 2:
	case resp.Is(c.Args[2], "TYPE") && len(c.Args) == 4:
		var refusal string
		if all, refusal = normalType(c.Args[3]); refusal != "" {
			c.Out.Error(refusal)
			return
		}
	case resp.Is(c.Args[2], "ID") && len(c.Args) > 3:
		all = false
		for _, arg := range c.Args[3:] {
			id, ok := number.ParseInt(arg)
			if !ok {
				c.Out.Error("ERR Invalid client ID")
				return
			}
			only = append(only, id)
		}
	default:
		c.Out.Error(command.TextSyntax)
		return
	}
	now := time.Now()
	var list strings.Builder
	for _, client := range f.Clients.Clients() {
		if all || slices.Contains(only, client.ID()) {
			list.WriteString(f.describe(c, client, now))
		}
	}
	c.Out.Verbatim(list.String())
}

// normalType reports whether a client type is the one that all clients here have.
func normalType(arg []byte) (bool, string) {
	switch {
	case resp.Is(arg, "NORMAL"):
		return true, ""
	case resp.Is(arg, "MASTER"), resp.Is(arg, "REPLICA"), resp.Is(arg, "SLAVE"), resp.Is(arg, "PUBSUB"):
		return false, ""
	}
	return false, "ERR Unknown client type '" + string(arg) + "'"
}

// line describes a connection as CLIENT LIST does. Libraries parse it, and some
// fail on fields that they do not know.
func line(client Client, status Status, now time.Time) string {
	i := status.Identity
	flags, last := "", "NULL"
	for _, flag := range []struct {
		set    bool
		letter string
	}{{i.Monitor, "O"}, {i.NoEvict, "e"}, {i.NoTouch, "T"}} {
		if flag.set {
			flags += flag.letter
		}
	}
	if status.Last != nil {
		last = status.Last.Full()
	}
	events, objects := "r", 0
	if status.OutputBytes > 0 {
		events, objects = "rw", 1
	}
	return fmt.Sprintf("id=%d addr=%s laddr=%s fd=%d name=%s age=%d idle=%d flags=%s db=0 sub=0 psub=0 ssub=0 multi=-1 "+
		"qbuf=%d qbuf-free=%d argv-mem=0 multi-mem=0 rbs=0 rbp=0 obl=0 oll=%d omem=%d tot-mem=%d events=%s cmd=%s user=%s "+
		"redir=-1 resp=%d lib-name=%s lib-ver=%s",
		client.ID(), client.Address(), client.LocalAddress(), status.Descriptor, i.Name,
		int(now.Sub(status.Since).Seconds()), int(now.Sub(status.LastActive).Seconds()), cmp.Or(flags, "N"),
		status.InputBytes, status.InputRoom-status.InputBytes, objects, status.OutputBytes, status.InputRoom+status.OutputBytes,
		events, last, auth.DefaultUser, protocol(i.RESP3), i.Library, i.LibraryVersion)
}

func runClientNoEvict(_ context.Context, c *command.Call) {
	toggle(c, c.Args[2], func(i *command.Identity, on bool) { i.NoEvict = on })
}

func runClientNoTouch(_ context.Context, c *command.Call) {
	toggle(c, c.Args[2], func(i *command.Identity, on bool) { i.NoTouch = on })
}

func toggle(c *command.Call, arg []byte, set func(*command.Identity, bool)) {
	on := resp.Is(arg, "ON")
	if !on && !resp.Is(arg, "OFF") {
		c.Out.Error(command.TextSyntax)
		return
	}
	c.Session.Describe(func(i *command.Identity) { set(i, on) })
	c.Out.OK()
}

func runClientReply(_ context.Context, c *command.Call) {
	switch {
	case resp.Is(c.Args[2], "ON"):
		c.Session.SetReplies(command.ReplyOn)
		c.Out.OK()
	case resp.Is(c.Args[2], "OFF"):
		c.Session.SetReplies(command.ReplyOff)
	case resp.Is(c.Args[2], "SKIP"):
		c.Session.SetReplies(command.ReplySkip)
	default:
		c.Out.Error(command.TextSyntax)
	}
}

// runClientQuorum serves CLIENT QUORUM [R n] [W n]: the quorum of this
// connection's requests. 0 goes back to the cluster's. The answer is what is in
// force.
func runClientQuorum(_ context.Context, c *command.Call) {
	r, w := c.Options.R, c.Options.W
	for i := 2; i < len(c.Args); i += 2 {
		if i+1 == len(c.Args) || !resp.Is(c.Args[i], "R") && !resp.Is(c.Args[i], "W") {
			c.Out.Error(command.TextSyntax)
			return
		}
		n := 0
		if string(c.Args[i+1]) != "0" {
			var refusal string
			if n, refusal = c.Quorum(c.Args[i][0]&^0x20, c.Args[i+1]); refusal != "" {
				c.Out.Error(refusal)
				return
			}
		}
		if resp.Is(c.Args[i], "R") {
			r = n
		} else {
			w = n
		}
	}
	c.Options.R, c.Options.W = r, w
	cluster := c.Node.Store.Ring().Quorums()
	c.Out.Map(2)
	c.Out.Text("r")
	c.Out.Int(int64(cmp.Or(r, cluster.R)))
	c.Out.Text("w")
	c.Out.Int(int64(cmp.Or(w, cluster.W)))
}

// runClientContexts serves CLIENT CONTEXTS ON|OFF.
func runClientContexts(_ context.Context, c *command.Call) {
	on := resp.Is(c.Args[2], "ON")
	switch {
	case !on && !resp.Is(c.Args[2], "OFF"):
		c.Out.Error(command.TextSyntax)
	case on && !c.Out.RESP3:
		c.Out.Error("ERR CLIENT CONTEXTS needs RESP3, see HELLO 3; in RESP2 use GET key CONTEXT")
	default:
		c.Options.Contexts = on
		c.Out.OK()
	}
}

func runClientGetRedir(_ context.Context, c *command.Call) { c.Out.Int(-1) }

func runClientTrackingInfo(_ context.Context, c *command.Call) {
	c.Out.Map(3)
	c.Out.Text("flags")
	c.Out.Set(1)
	c.Out.Text("off")
	c.Out.Text("redirect")
	c.Out.Int(-1)
	c.Out.Text("prefixes")
	c.Out.Array(0)
}

func runClientTracking(_ context.Context, c *command.Call) {
	if resp.Is(c.Args[2], "OFF") {
		c.Out.OK()
		return
	}
	c.Out.Error("ERR 'client|tracking' is not supported: there is no invalidation of client-side caches; disable the client's cache")
}

func runClientCaching(_ context.Context, c *command.Call) {
	c.Out.Error("ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled")
}

// runClientUnblock serves CLIENT UNBLOCK id [TIMEOUT|ERROR]. No command blocks.
func runClientUnblock(_ context.Context, c *command.Call) {
	switch _, ok := number.ParseInt(c.Args[2]); {
	case len(c.Args) > 4:
		c.Out.Error(command.WrongSubcommand(c.Row, c.Args[1]))
	case len(c.Args) == 4 && !resp.Is(c.Args[3], "TIMEOUT") && !resp.Is(c.Args[3], "ERROR"):
		c.Out.Error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")
	case !ok:
		c.Out.Error(command.TextNotInteger)
	default:
		c.Out.Int(0)
	}
}
