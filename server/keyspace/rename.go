package keyspace

import (
	"bytes"
	"context"

	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/resp"
)

// Commands that need more than one request, each depending on the last. None of
// them is atomic: other clients, and failures, may come between the steps. The
// steps are ordered so that a failure leaves too much rather than too little, and
// never overwrites a value that the command may not overwrite.

// runRename serves RENAME, see [rename].
func runRename(ctx context.Context, c *command.Call) {
	if _, answered := rename(ctx, c, register.Always); !answered {
		c.Out.OK()
	}
}

// runRenameNX serves RENAMENX, see [rename].
func runRenameNX(ctx context.Context, c *command.Call) {
	if renamed, answered := rename(ctx, c, register.IfAbsent); !answered {
		c.Out.Flag(renamed)
	}
}

// rename writes the new key, if it meets the condition, before it deletes the old
// one. It deletes only what was read: a value that another client writes to the
// old key meanwhile stays. Answered means that an error was written.
func rename(ctx context.Context, c *command.Call, condition register.Condition) (renamed, answered bool) {
	from := c.ReadNow(ctx, c.Args[1])
	value, found, err := c.Value(from)
	seen := from.Object.Clock.Clone()
	switch {
	case err != nil:
		c.Fail(err)
		return false, true
	case !found:
		c.Out.Error(command.TextNoSuchKey)
		return false, true
	case string(c.Args[1]) == string(c.Args[2]):
		return false, false
	}
	put := copyOf(value)
	put.Condition = condition
	to := c.WriteNow(ctx, c.Args[2], put)
	if c.FailedWrite(to) {
		return false, true
	}
	if !to.Result.Applied {
		return false, false
	}
	gone := c.WriteNow(ctx, c.Args[1], register.Update{Kind: register.Delete, Context: seen, HasContext: true})
	return true, c.FailedWrite(gone)
}

// copyOf returns the update that writes a value with its expiry. It copies the
// value, whose memory belongs to a request that is about to be used again.
func copyOf(v object.Value) register.Update {
	return register.Update{Kind: register.Set, Data: bytes.Clone(v.Data), Expiry: v.Expiry}
}

// runCopy serves COPY source destination [DB n] [REPLACE].
func runCopy(ctx context.Context, c *command.Call) {
	put := register.Update{Condition: register.IfAbsent}
	for i := 3; i < len(c.Args); i++ {
		switch {
		case resp.Is(c.Args[i], "REPLACE"):
			put.Condition = register.Always
		case resp.Is(c.Args[i], "DB") && i+1 < len(c.Args):
			i++
			if refusal := command.CheckDatabase(c.Args[i]); refusal != "" {
				c.Out.Error(refusal)
				return
			}
		default:
			c.Out.Error(command.TextSyntax)
			return
		}
	}
	if string(c.Args[1]) == string(c.Args[2]) {
		c.Out.Error(command.TextSameObject)
		return
	}
	value, found, err := c.Value(c.ReadNow(ctx, c.Args[1]))
	switch {
	case err != nil:
		c.Fail(err)
		return
	case !found:
		c.Out.Int(0)
		return
	}
	condition := put.Condition
	put = copyOf(value)
	put.Condition = condition
	if to := c.WriteNow(ctx, c.Args[2], put); !c.FailedWrite(to) {
		c.Out.Flag(to.Result.Applied)
	}
}
