package keyspace

import (
	"context"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/resp"
)

// planDelete serves DEL key … and DEL key CONTEXT ctx [W n]. The word CONTEXT in the
// second place tells the two apart, if there are three or five arguments. So a key of
// that name has to be the first or the last of several.
func planDelete(c *command.Call) {
	if withContext(c.Args) {
		planDeleteContext(c)
		return
	}
	planDeleteKeys(c)
}

func planDeleteKeys(c *command.Call) {
	for _, key := range c.Args[1:] {
		c.Write(key, register.Delete)
	}
	c.Reply = command.ReplyCount
}

// runManyDelete serves DEL and UNLINK of more keys than a batch should hold.
func runManyDelete(ctx context.Context, c *command.Call) {
	m := c.InPieces(ctx, c.Args, planDeleteKeys, (*command.Sum).AddCounts)
	m.ReplyCount(c)
}

func withContext(args [][]byte) bool {
	return len(args) == 4 && resp.Is(args[2], "CONTEXT") ||
		len(args) == 6 && resp.Is(args[2], "CONTEXT") && resp.Is(args[4], "W")
}

func planDeleteContext(c *command.Call) {
	context, err := causal.ContextTokensOf(c.Args[1]).Parse(c.Args[3])
	if err != nil {
		c.Refuse(command.ErrorText(err))
		return
	}
	w := c.Options.W
	if len(c.Args) == 6 {
		n, refusal := c.Quorum('W', c.Args[5])
		if refusal != "" {
			c.Refuse(refusal)
			return
		}
		w = n
	}
	r, u := c.Write(c.Args[1], register.Delete)
	u.Context, u.HasContext = context, true
	r.W = w
	c.Reply = command.ReplyCount
}
