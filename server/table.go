package server

import (
	"github.com/quorate/quorate/server/auth"
	"github.com/quorate/quorate/server/bitmapcmd"
	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/connection"
	"github.com/quorate/quorate/server/geocmd"
	"github.com/quorate/quorate/server/hashcmd"
	"github.com/quorate/quorate/server/hyperloglogcmd"
	"github.com/quorate/quorate/server/introspect"
	"github.com/quorate/quorate/server/keyspace"
	"github.com/quorate/quorate/server/listcmd"
	"github.com/quorate/quorate/server/setcmd"
	"github.com/quorate/quorate/server/sortcmd"
	"github.com/quorate/quorate/server/streamcmd"
	"github.com/quorate/quorate/server/stringcmd"
	"github.com/quorate/quorate/server/topology"
	"github.com/quorate/quorate/server/zsetcmd"
)

// families are those whose commands need more than their [command.Call].
type families struct {
	users      *auth.Users
	connection *connection.Family
	introspect *introspect.Family
}

// table assembles the commands of all families. A new command is a row and a
// handler in its family's package; a new family is one more line here.
func (f *families) table() *command.Table {
	return command.NewTable(refusedCommands(),
		stringcmd.Rows(),
		bitmapcmd.Rows(),
		hyperloglogcmd.Rows(),
		hashcmd.Rows(),
		setcmd.Rows(),
		listcmd.Rows(),
		sortcmd.Rows(),
		zsetcmd.Rows(),
		geocmd.Rows(),
		streamcmd.Rows(),
		keyspace.Rows(),
		topology.Rows(),
		f.users.Rows(),
		f.connection.Rows(),
		f.introspect.Rows(),
	)
}

// documentedTable is the table without a server: for looking at, not for running.
func documentedTable() *command.Table { return new(families).table() }
