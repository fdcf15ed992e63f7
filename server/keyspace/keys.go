package keyspace

import (
	"context"

	"github.com/quorate/quorate/server/command"
)

// planExists serves EXISTS and TOUCH; both count a key named twice as two.
func planExists(c *command.Call) {
	for _, key := range c.Args[1:] {
		c.Read(key)
	}
	c.Reply = command.ReplyCount
}

// runManyExists serves EXISTS and TOUCH of more keys than a batch should hold.
func runManyExists(ctx context.Context, c *command.Call) {
	m := c.InPieces(ctx, c.Args, planExists, (*command.Sum).AddCounts)
	m.ReplyCount(c)
}

func planType(c *command.Call) {
	c.Read(c.Args[1])
	c.Reply = replyType
}

// replyType answers for a key with conflicting values too: they are all
// strings.
func replyType(c *command.Call) {
	switch r := c.Requests[0]; {
	case r.Err != nil:
		c.Fail(r.Err)
	case c.Exists(r):
		c.Out.Status("string")
	default:
		c.Out.Status("none")
	}
}
