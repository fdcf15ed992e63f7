package introspect

import (
	"context"
	"math"
	"strconv"
	"time"

	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/resp"
)

// runShutdown serves SHUTDOWN [NOSAVE|SAVE] [NOW] [FORCE] [ABORT]. Every acknowledged
// write is logged already, so the options make no difference. As in Redis, the end of the
// connection is the answer.
func (f *Family) runShutdown(_ context.Context, c *command.Call) {
	var save, noSave, abort bool
	for _, arg := range c.Args[1:] {
		switch {
		case resp.Is(arg, "SAVE"):
			save = true
		case resp.Is(arg, "NOSAVE"):
			noSave = true
		case resp.Is(arg, "ABORT"):
			abort = true
		case !resp.Is(arg, "NOW") && !resp.Is(arg, "FORCE"):
			c.Out.Error(command.TextSyntax)
			return
		}
	}
	switch {
	case save && noSave, abort && len(c.Args) > 2:
		c.Out.Error(command.TextSyntax)
	case abort:
		c.Out.Error("ERR No shutdown in progress.")
	case f.Shutdown == nil:
		c.Out.Error("ERR 'shutdown' is not supported: stop the process with SIGTERM")
	default:
		c.Node.Logger.Info("a client asks the process to stop", "client", c.Session.Address())
		c.Session.EndAfterReplies()
		f.Shutdown()
	}
}

// longestSleep bounds DEBUG SLEEP.
const longestSleep = time.Hour

// runDebug serves DEBUG SLEEP seconds, if the operator allows chaos. Like a Redis that
// sleeps, the node begins no command of a client for that time.
func (f *Family) runDebug(ctx context.Context, c *command.Call) {
	switch {
	case !f.Chaos:
		c.Out.Error("ERR DEBUG command not allowed. Start the node with --chaos to allow DEBUG SLEEP.")
	case resp.Is(c.Args[1], "HELP") && len(c.Args) == 2:
		c.Out.Lines([]string{
			"DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
			"SLEEP <seconds>", "    Hold all commands for that time; fractions are allowed.",
			"HELP", "    Show this text.",
		})
	case resp.Is(c.Args[1], "SLEEP") && len(c.Args) == 3:
		seconds, err := strconv.ParseFloat(string(c.Args[2]), 64)
		if err != nil || math.IsNaN(seconds) {
			seconds = 0 // as Redis reads it
		}
		f.Sleep(ctx, time.Duration(min(max(seconds, 0), longestSleep.Seconds())*float64(time.Second)))
		c.Out.OK()
	default:
		c.Out.Error(command.WrongSubcommand(c.Row, c.Args[1]))
	}
}
