package listcmd

import (
	"math/rand/v2"

	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/resp"
)

// change plans a change of the list of a call's first key. Its seed names the items that it
// makes: wherever the update is carried out, and however often it is sent, they have the same
// one.
func change(c *command.Call, what collection.Command) {
	what.Seed = rand.Uint64()
	c.Change(c.Args[1], what)
	c.Reply = command.ReplyChanged
}

// planPush returns a Plan that serves LPUSH key item [item …] and its like.
func planPush(flags collection.Flags) func(*command.Call) {
	return func(c *command.Call) {
		change(c, collection.Command{Op: collection.ListPush, Flags: flags, Args: c.Args[2:]})
	}
}

// planInsert serves LINSERT key BEFORE|AFTER pivot item.
func planInsert(c *command.Call) {
	var flags collection.Flags
	switch {
	case resp.Is(c.Args[2], "AFTER"):
		flags = collection.AtTail
	case !resp.Is(c.Args[2], "BEFORE"):
		c.Refuse(command.TextSyntax)
		return
	}
	change(c, collection.Command{Op: collection.ListInsert, Flags: flags, Args: c.Args[3:]})
}

// planSet serves LSET key index item. A wrong index of a key that does not exist is not told:
// the key is.
func planSet(c *command.Call) {
	index, ok := number.ParseInt(c.Args[2])
	if !ok {
		planRead(func(c *command.Call, v collection.View) {
			if len(v) == 0 {
				c.Out.Error(command.TextNoSuchKey)
				return
			}
			c.Out.Error(command.TextNotInteger)
		})(c)
		return
	}
	change(c, collection.Command{Op: collection.ListSet, Number: index, Args: c.Args[3:]})
	c.Reply = replyOK
}

func replyOK(c *command.Call) {
	if _, ok := c.Changed(c.Requests[0], nil); ok {
		c.Out.OK()
	}
}
