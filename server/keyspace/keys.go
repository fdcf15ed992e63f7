package keyspace

import (
	"context"

	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/server/command"
)

// planExists serves EXISTS and TOUCH; both count a key named twice as two.
func planExists(c *command.Call) {
	for _, key := range c.Args[1:] {
		c.ReadHead(key)
	}
	c.Reply = command.ReplyCount
}

// runManyExists serves EXISTS and TOUCH of more keys than a batch should hold.
func runManyExists(ctx context.Context, c *command.Call) {
	m := c.InPieces(ctx, c.Args, planExists, (*command.Sum).AddCounts)
	m.ReplyCount(c)
}

func planType(c *command.Call) {
	c.ReadHead(c.Args[1])
	c.Reply = replyType
}

// replyType answers with the type of a key. Conflicting values are all strings.
func replyType(c *command.Call) {
	r := c.Requests[0]
	if r.Err != nil {
		c.Fail(r.Err)
		return
	}
	c.Out.Status(typeOf(c, r))
}

// typeOf returns Redis's name of the type of a key that was read; none if it does not exist.
func typeOf(c *command.Call, r *command.Request) string {
	shown, err := c.Shown(r)
	switch {
	case shown.Kind != 0:
		return collection.TypeName(shown.Kind)
	case shown.Found || err != nil:
		return "string"
	}
	return "none"
}
