package keyspace

import (
	"bytes"
	"context"
	"math/rand/v2"

	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/resp"
)

// Handlers of commands that need several requests, each of which depends on the one
// before. None of them is atomic: other clients, and failures, may come between the
// requests. They are ordered so that a failure leaves a value twice rather than not at
// all, and never overwrites a value that the command may not overwrite.

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
	shown, err := c.Shown(from)
	seen, puts := from.Object.Context().Clone(), copyOf(c, from, condition)
	switch {
	case err != nil:
		c.Fail(err)
		return false, true
	case !shown.Found:
		c.Out.Error(command.TextNoSuchKey)
		return false, true
	case string(c.Args[1]) == string(c.Args[2]):
		return false, false
	}
	if renamed, answered = write(ctx, c, c.Args[2], puts); !renamed || answered {
		return false, answered
	}
	gone := c.WriteNow(ctx, c.Args[1], register.Update{Kind: register.Delete, Context: seen, HasContext: true})
	return true, c.FailedWrite(gone)
}

// write writes a key with updates of register.UpdatesOf, if it meets their condition. Answered
// means that an error was written.
func write(ctx context.Context, c *command.Call, key []byte, puts []register.Update) (written, answered bool) {
	for _, put := range puts {
		to := c.WriteNow(ctx, key, put)
		if c.FailedWrite(to) {
			return false, true
		}
		if !to.Result.Applied {
			return false, false
		}
	}
	return true, false
}

// copyOf returns the updates that write what a key has that was read to another key, if that
// meets a condition. They share no memory with the request, which is about to be used again.
func copyOf(c *command.Call, r *command.Request, condition register.Condition) []register.Update {
	shown, err := c.Shown(r)
	if err != nil {
		return nil
	}
	copies := register.CopiesOf(&r.Object, shown, c.Now)
	for i := range copies {
		copies[i].Value.Data = bytes.Clone(copies[i].Value.Data)
	}
	return register.UpdatesOf(copies, condition, rand.Uint64())
}

// runCopy serves COPY source destination [DB n] [REPLACE].
func runCopy(ctx context.Context, c *command.Call) {
	condition := register.IfAbsent
	for i := 3; i < len(c.Args); i++ {
		switch {
		case resp.Is(c.Args[i], "REPLACE"):
			condition = register.Always
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
	from := c.ReadNow(ctx, c.Args[1])
	shown, err := c.Shown(from)
	switch {
	case err != nil:
		c.Fail(err)
		return
	case !shown.Found:
		c.Out.Int(0)
		return
	}
	if copied, answered := write(ctx, c, c.Args[2], copyOf(c, from, condition)); !answered {
		c.Out.Flag(copied)
	}
}
