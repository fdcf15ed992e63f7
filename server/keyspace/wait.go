package keyspace

import (
	"cmp"
	"context"

	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/server/command"
)

// runWait serves WAIT replicas timeout. A write is answered only when W replicas
// have it: the earlier writes of this connection have at least W-1 copies besides
// the first. There may be more by now, but WAIT does not wait for them.
func runWait(_ context.Context, c *command.Call) {
	if _, ok := number.ParseInt(c.Args[1]); !ok {
		c.Out.Error(command.TextNotInteger)
		return
	}
	switch timeout, ok := number.ParseInt(c.Args[2]); {
	case !ok:
		c.Out.Error("ERR timeout is not an integer or out of range")
	case timeout < 0:
		c.Out.Error("ERR timeout is negative")
	default:
		c.Out.Int(int64(cmp.Or(c.Options.W, c.Node.Store.Ring().Quorums().W) - 1))
	}
}
