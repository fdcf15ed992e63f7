package server

import (
	"context"
	"strings"
)

// What tools and libraries probe: answered as a Redis would that has nothing to
// tell.

func replyEmptyArray(_ context.Context, s *session, _ *command, _ [][]byte) { s.out.Array(0) }

func runLastSave(_ context.Context, s *session, _ *command, _ [][]byte) {
	s.out.Int(s.server.born.Unix())
}

// runRole answers as a lone master: every node takes writes, and none follows
// another.
func runRole(_ context.Context, s *session, _ *command, _ [][]byte) {
	s.out.Array(3)
	s.out.Text("master")
	s.out.Int(0)
	s.out.Array(0)
}

// runHelp serves the HELP of every container, from the table.
func runHelp(_ context.Context, s *session, c *command, _ [][]byte) {
	name, _, _ := strings.Cut(c.full, "|")
	container := s.server.table.byName[name]
	lines := []string{strings.ToUpper(name) + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"}
	for i := range container.subcommands {
		sub := &container.subcommands[i]
		lines = append(lines, strings.ToUpper(sub.name), "    "+sub.summary+".")
	}
	s.out.Lines(lines)
}
