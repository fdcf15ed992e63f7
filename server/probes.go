package server

import (
	"context"
	"strings"
)

// What tools and libraries probe: answered as a Redis would that has nothing to
// tell.

func replyEmptyArray(_ context.Context, s *session, _ *command, _ [][]byte) { s.out.array(0) }

func replyZero(_ context.Context, s *session, _ *command, _ [][]byte) { s.out.integer(0) }

func replyOK(_ context.Context, s *session, _ *command, _ [][]byte) { s.out.ok() }

func replyNoCluster(_ context.Context, s *session, _ *command, _ [][]byte) {
	s.out.failure(textNoCluster)
}

// clusterSubcommands are those that a Redis outside of a cluster refuses as
// such; it does not know others.
const clusterSubcommands = " addslots addslotsrange bumpepoch count-failure-reports countkeysinslot delslots delslotsrange " +
	"failover flushslots forget getkeysinslot help info keyslot links meet myid nodes replicas replicate reset saveconfig " +
	"set-config-epoch setslot shards slaves slots "

func runCluster(_ context.Context, s *session, c *command, args [][]byte) {
	if !strings.Contains(clusterSubcommands, " "+strings.ToLower(cut(args[1]))+" ") {
		s.out.failure(unknownSubcommand(c, args[1]))
		return
	}
	s.out.failure(textNoCluster)
}

func runWhoAmI(_ context.Context, s *session, _ *command, _ [][]byte) { s.out.text(defaultUser) }

func runLastSave(_ context.Context, s *session, _ *command, _ [][]byte) {
	s.out.integer(s.server.born.Unix())
}

// runRole answers as a lone master: every node takes writes, and none follows
// another.
func runRole(_ context.Context, s *session, _ *command, _ [][]byte) {
	s.out.array(3)
	s.out.text("master")
	s.out.integer(0)
	s.out.array(0)
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
	s.out.lines(lines)
}
