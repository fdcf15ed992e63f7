package gossip

import (
	"context"
	"log/slog"
	"strings"
)

// logWriter takes memberlist's lines into the node's log. What an operator must
// know is told by the node itself; memberlist's own words are for debugging.
type logWriter struct{ log *slog.Logger }

func (w logWriter) Write(line []byte) (int, error) {
	text := strings.TrimSpace(string(line))
	level := slog.LevelDebug
	if strings.Contains(text, "[ERR]") {
		level = slog.LevelInfo
	}
	w.log.Log(context.Background(), level, "memberlist", "line", text)
	return len(line), nil
}
