package keyspace

import (
	"context"
	"slices"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/resp"
)

// planDelete serves DEL key … and DEL key CONTEXT ctx [W n]. The word CONTEXT behind the
// first key is never a key: one argument too few or too many would turn the deletion of
// what was read into the deletion of everything.
func planDelete(c *command.Call) {
	switch {
	case withContext(c.Args):
		planDeleteContext(c)
	case slices.ContainsFunc(c.Args[2:], isContext):
		c.Refuse(refusedContext)
	default:
		planDeleteKeys(c)
	}
}

// refusedContext answers a DEL whose CONTEXT is out of place.
const refusedContext = "ERR syntax error: CONTEXT takes one key and one context; a key of that name has to be the first, or use UNLINK"

func isContext(arg []byte) bool { return resp.Is(arg, "CONTEXT") }

func planDeleteKeys(c *command.Call) {
	for _, key := range c.Args[1:] {
		c.Write(key, register.Delete)
	}
	c.Reply = command.ReplyCount
}

// runManyDelete serves DEL of more keys than a batch should hold.
func runManyDelete(ctx context.Context, c *command.Call) {
	if slices.ContainsFunc(c.Args[2:], isContext) {
		c.Out.Error(refusedContext)
		return
	}
	runManyUnlink(ctx, c)
}

// runManyUnlink serves UNLINK of more keys than a batch should hold.
func runManyUnlink(ctx context.Context, c *command.Call) {
	m := c.InPieces(ctx, c.Args, planDeleteKeys, (*command.Sum).AddCounts)
	m.ReplyCount(c)
}

func withContext(args [][]byte) bool {
	return len(args) == 4 && isContext(args[2]) ||
		len(args) == 6 && isContext(args[2]) && resp.Is(args[4], "W")
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
