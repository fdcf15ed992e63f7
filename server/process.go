package server

import (
	"context"
	"math"
	"strconv"
	"time"

	"github.com/quorate/quorate/server/resp"
)

// runShutdown serves SHUTDOWN [NOSAVE|SAVE] [NOW] [FORCE] [ABORT]. Every
// acknowledged write is logged already, so that the options make no difference. As
// in Redis the answer is the end of the connection.
func runShutdown(_ context.Context, s *session, _ *command, args [][]byte) {
	var save, noSave, abort bool
	for _, arg := range args[1:] {
		switch {
		case resp.Is(arg, "SAVE"):
			save = true
		case resp.Is(arg, "NOSAVE"):
			noSave = true
		case resp.Is(arg, "ABORT"):
			abort = true
		case !resp.Is(arg, "NOW") && !resp.Is(arg, "FORCE"):
			s.out.Error(textSyntax)
			return
		}
	}
	switch {
	case save && noSave, abort && len(args) > 2:
		s.out.Error(textSyntax)
	case abort:
		s.out.Error("ERR No shutdown in progress.")
	case s.server.cfg.Shutdown == nil:
		s.out.Error("ERR 'shutdown' is not supported: stop the process with SIGTERM")
	default:
		s.server.cfg.Logger.Info("a client asks the process to stop", "client", s.conn.RemoteAddr().String())
		s.ending = true
		s.server.cfg.Shutdown()
	}
}

// longestSleep bounds DEBUG SLEEP.
const longestSleep = time.Hour

// runDebug serves DEBUG SLEEP seconds, where the operator allows chaos: like a
// Redis that sleeps, the node's client port begins no command meanwhile.
func runDebug(ctx context.Context, s *session, _ *command, args [][]byte) {
	switch {
	case !s.server.cfg.Chaos:
		s.out.Error("ERR DEBUG command not allowed. Start the node with --chaos to allow DEBUG SLEEP.")
	case resp.Is(args[1], "HELP") && len(args) == 2:
		s.out.Lines([]string{
			"DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
			"SLEEP <seconds>", "    Begin no command for so long; fractions are allowed.",
			"HELP", "    Show this text.",
		})
	case resp.Is(args[1], "SLEEP") && len(args) == 3:
		seconds, err := strconv.ParseFloat(string(args[2]), 64)
		if err != nil || math.IsNaN(seconds) {
			seconds = 0 // as Redis reads it
		}
		s.sleep(ctx, time.Duration(min(max(seconds, 0), longestSleep.Seconds())*float64(time.Second)))
		s.out.OK()
	default:
		s.out.Error("ERR unknown subcommand or wrong number of arguments for '" + cut(args[1]) + "'. Try DEBUG HELP.")
	}
}

func (s *session) sleep(ctx context.Context, d time.Duration) {
	s.server.pause.set(time.Now().Add(d), false)
	s.server.lookAround()
	over := time.NewTimer(d)
	defer over.Stop()
	select {
	case <-over.C:
	case <-s.server.stopping:
	case <-ctx.Done():
	}
	s.server.lookAround()
}
