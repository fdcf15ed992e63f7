package connection

import "github.com/quorate/quorate/server/command"

// Rows returns the commands on the connection itself.
func (f *Family) Rows() []command.Row {
	return []command.Row{
		{
			Name: "ping", Arity: -1, Flags: "fast", Categories: "@fast @connection", Tips: "request_policy:all_shards,response_policy:all_succeeded",
			Group: "connection", Since: "1.0.0", Complexity: "O(1)",
			Summary: "Answer PONG, or with the argument",
			Plan:    planPing,
		},
		{
			Name: "echo", Arity: 2, Flags: "loading stale fast", Categories: "@fast @connection",
			Group: "connection", Since: "1.0.0", Complexity: "O(1)",
			Summary: "Answer with the argument",
			Plan:    planEcho,
		},
		{
			Name: "hello", Arity: -1, Flags: "noscript loading stale fast no_auth allow_busy", Categories: "@fast @connection",
			Group: "connection", Since: "6.0.0", Complexity: "O(1)",
			Summary: "Choose the protocol, and authenticate or name the connection on the way",
			Secret:  command.Always,
			Run:     f.runHello,
		},
		{
			Name: "quit", Arity: -1, Flags: "noscript loading stale fast no_auth allow_busy", Categories: "@fast @connection",
			Group: "connection", Since: "1.0.0", Complexity: "O(1)",
			Summary: "End the connection after the replies",
			Urgent:  true,
			Run:     runQuit,
		},
		{
			Name: "reset", Arity: 1, Flags: "noscript loading stale fast no_auth allow_busy", Categories: "@fast @connection",
			Group: "connection", Since: "6.2.0", Complexity: "O(1)",
			Summary: "Put the connection back into the state in which it began",
			Run:     f.runReset,
		},
		{
			Name: "select", Arity: 2, Flags: "loading stale fast", Categories: "@fast @connection",
			Group: "connection", Since: "1.0.0", Complexity: "O(1)",
			Summary: "Choose the database: 0 is the only one",
			Run:     runSelect,
		},
		{
			Name: "client", Arity: -2, Flags: "", Categories: "@slow",
			Group: "connection", Since: "2.4.0", Complexity: "That of the subcommand",
			Summary: "Commands about connections",
			Subcommands: []command.Row{
				{
					Name: "id", Arity: 2, Flags: "noscript loading stale", Categories: "@slow @connection",
					Group: "connection", Since: "5.0.0", Complexity: "O(1)",
					Summary: "Show this connection's number",
					Run:     runClientID,
				},
				{
					Name: "getname", Arity: 2, Flags: "noscript loading stale", Categories: "@slow @connection",
					Group: "connection", Since: "2.6.9", Complexity: "O(1)",
					Summary: "Show this connection's name",
					Run:     runClientGetName,
				},
				{
					Name: "setname", Arity: 3, Flags: "noscript loading stale", Categories: "@slow @connection",
					Group: "connection", Since: "2.6.9", Complexity: "O(1)",
					Summary: "Name this connection",
					Run:     runClientSetName,
				},
				{
					Name: "setinfo", Arity: 4, Flags: "noscript loading stale", Categories: "@slow @connection",
					Group: "connection", Since: "7.2.0", Complexity: "O(1)",
					Summary: "Tell the name and version of the client library",
					Run:     runClientSetInfo,
				},
				{
					Name: "info", Arity: 2, Flags: "noscript loading stale", Categories: "@slow @connection", Tips: "nondeterministic_output",
					Group: "connection", Since: "6.2.0", Complexity: "O(1)",
					Summary: "Describe this connection, as in CLIENT LIST",
					Run:     f.runClientInfo,
				},
				{
					Name: "list", Arity: -2, Flags: "admin noscript loading stale", Categories: "@admin @slow @dangerous @connection", Tips: "nondeterministic_output",
					Group: "connection", Since: "2.4.0", Complexity: "O(N) where N is the number of connections",
					Summary: "Describe the connections of this node",
					Run:     f.runClientList,
				},
				{
					Name: "kill", Arity: -3, Flags: "admin noscript loading stale", Categories: "@admin @slow @dangerous @connection",
					Group: "connection", Since: "2.4.0", Complexity: "O(N) where N is the number of connections",
					Summary: "Close connections",
					Urgent:  true,
					Run:     f.runClientKill,
				},
				{
					Name: "reply", Arity: 3, Flags: "noscript loading stale", Categories: "@slow @connection",
					Group: "connection", Since: "3.2.0", Complexity: "O(1)",
					Summary:        "Switch the replies of this connection off and on",
					DecidesSilence: true,
					Run:            runClientReply,
				},
				{
					Name: "pause", Arity: -3, Flags: "admin noscript loading stale", Categories: "@admin @slow @dangerous @connection",
					Group: "connection", Since: "2.9.50", Complexity: "O(1)",
					Summary: "Hold all commands, or all writes, of this node for a time",
					Urgent:  true,
					Run:     f.runClientPause,
				},
				{
					Name: "unpause", Arity: 2, Flags: "admin noscript loading stale", Categories: "@admin @slow @dangerous @connection",
					Group: "connection", Since: "6.2.0", Complexity: "O(N) where N is the number of connections that wait",
					Summary: "End CLIENT PAUSE",
					Urgent:  true,
					Run:     f.runClientUnpause,
				},
				{
					Name: "no-evict", Arity: 3, Flags: "admin noscript loading stale", Categories: "@admin @slow @dangerous @connection",
					Group: "connection", Since: "7.0.0", Complexity: "O(1)",
					Summary: "Change nothing but the flags of CLIENT LIST: no connection is evicted",
					Run:     runClientNoEvict,
				},
				{
					Name: "no-touch", Arity: 3, Flags: "noscript loading stale", Categories: "@slow @connection",
					Group: "connection", Since: "7.2.0", Complexity: "O(1)",
					Summary: "Change nothing but the flags of CLIENT LIST: reads are not recorded",
					Run:     runClientNoTouch,
				},
				{
					Name: "quorum", Arity: -2, Flags: "noscript loading stale", Categories: "@slow @connection",
					Group: "connection", Since: "7.2.0", Complexity: "O(1)",
					Summary: "CLIENT QUORUM [R n] [W n]: set R and W for the requests of this connection, and answer with those in force; 0 is the cluster's. Quorate only",
					Run:     runClientQuorum,
				},
				{
					Name: "contexts", Arity: 3, Flags: "noscript loading stale", Categories: "@slow @connection",
					Group: "connection", Since: "7.2.0", Complexity: "O(1)",
					Summary: "Send the causal context and the number of siblings with each reply of GET, as a RESP3 attribute. Quorate only",
					Run:     runClientContexts,
				},
				{
					Name: "getredir", Arity: 2, Flags: "noscript loading stale", Categories: "@slow @connection",
					Group: "connection", Since: "6.0.0", Complexity: "O(1)",
					Summary: "Answer -1: invalidation messages go nowhere",
					Run:     runClientGetRedir,
				},
				{
					Name: "tracking", Arity: -3, Flags: "noscript loading stale", Categories: "@slow @connection",
					Group: "connection", Since: "6.0.0", Complexity: "O(1)",
					Summary: "Refused unless OFF: caches of clients are not invalidated",
					Run:     runClientTracking,
				},
				{
					Name: "trackinginfo", Arity: 2, Flags: "noscript loading stale", Categories: "@slow @connection",
					Group: "connection", Since: "6.2.0", Complexity: "O(1)",
					Summary: "Show that caches of clients are not invalidated",
					Run:     runClientTrackingInfo,
				},
				{
					Name: "caching", Arity: 3, Flags: "noscript loading stale", Categories: "@slow @connection",
					Group: "connection", Since: "6.0.0", Complexity: "O(1)",
					Summary: "Refused: needs CLIENT TRACKING",
					Run:     runClientCaching,
				},
				{
					Name: "unblock", Arity: -3, Flags: "admin noscript loading stale", Categories: "@admin @slow @dangerous @connection",
					Group: "connection", Since: "5.0.0", Complexity: "O(1)",
					Summary: "Answer 0: no command blocks",
					Run:     runClientUnblock,
				},
				{
					Name: "help", Arity: 2, Flags: "loading stale", Categories: "@slow @connection",
					Group: "connection", Since: "5.0.0", Complexity: "O(1)",
					Summary: "List the subcommands",
					Run:     command.RunHelp,
				},
			},
		},
	}
}
