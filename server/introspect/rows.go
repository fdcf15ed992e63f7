package introspect

import (
	"slices"

	"github.com/quorate/quorate/server/command"
)

// Rows returns the commands that show a node and change its settings.
func (f *Family) Rows() []command.Row { return slices.Concat(f.serverRows(), f.watchRows()) }

// serverRows are the commands on the node.
func (f *Family) serverRows() []command.Row {
	return []command.Row{
		{
			Name: "command", Arity: -1, Flags: "loading stale", Categories: "@slow @connection", Tips: "nondeterministic_output_order",
			Group: "server", Since: "2.8.13", Complexity: "O(N) where N is the number of commands",
			Summary: "Describe all commands",
			Run:     runCommand,
			Subcommands: []command.Row{
				{
					Name: "count", Arity: 2, Flags: "loading stale", Categories: "@slow @connection",
					Group: "server", Since: "2.8.13", Complexity: "O(1)",
					Summary: "Count the commands",
					Run:     runCommandCount,
				},
				{
					Name: "info", Arity: -2, Flags: "loading stale", Categories: "@slow @connection", Tips: "nondeterministic_output_order",
					Group: "server", Since: "2.8.13", Complexity: "O(N) where N is the number of commands named",
					Summary: "Describe the named commands, or all",
					Run:     runCommandInfo,
				},
				{
					Name: "docs", Arity: -2, Flags: "loading stale", Categories: "@slow @connection", Tips: "nondeterministic_output_order",
					Group: "server", Since: "7.0.0", Complexity: "O(N) where N is the number of commands named",
					Summary: "Document the named commands, or all",
					Run:     runCommandDocs,
				},
				{
					Name: "list", Arity: -2, Flags: "loading stale", Categories: "@slow @connection", Tips: "nondeterministic_output_order",
					Group: "server", Since: "7.0.0", Complexity: "O(N) where N is the number of commands",
					Summary: "List the names of the commands, all or by a filter",
					Run:     runCommandList,
				},
				{
					Name: "getkeys", Arity: -4, Flags: "loading stale", Categories: "@slow @connection",
					Group: "server", Since: "2.8.13", Complexity: "O(N) where N is the number of arguments",
					Summary: "Find the keys among a command's arguments",
					Run:     runCommandGetKeys,
				},
				{
					Name: "getkeysandflags", Arity: -4, Flags: "loading stale", Categories: "@slow @connection",
					Group: "server", Since: "7.0.0", Complexity: "O(N) where N is the number of arguments",
					Summary: "Find the keys among a command's arguments, and what is done to each",
					Run:     runCommandGetKeysAndFlags,
				},
				{
					Name: "help", Arity: 2, Flags: "loading stale", Categories: "@slow @connection",
					Group: "server", Since: "5.0.0", Complexity: "O(1)",
					Summary: "List the subcommands",
					Run:     command.RunHelp,
				},
			},
		},
		{
			Name: "config", Arity: -2, Flags: "", Categories: "@slow",
			Group: "server", Since: "2.0.0", Complexity: "That of the subcommand",
			Summary: "Commands about settings",
			Subcommands: []command.Row{
				{
					Name: "get", Arity: -3, Flags: "admin noscript loading stale", Categories: "@admin @slow @dangerous",
					Group: "server", Since: "2.0.0", Complexity: "O(N) where N is the number of settings",
					Summary: "Show settings",
					Run:     f.runConfigGet,
				},
				{
					Name: "set", Arity: -4, Flags: "admin noscript loading stale", Categories: "@admin @slow @dangerous", Tips: "request_policy:all_nodes,response_policy:all_succeeded",
					Group: "server", Since: "2.0.0", Complexity: "O(N) where N is the number of settings given",
					Summary: "Change settings: all of the given ones, or none",
					Secret:  namesPassword,
					Run:     f.runConfigSet,
				},
				{
					Name: "resetstat", Arity: 2, Flags: "admin noscript loading stale", Categories: "@admin @slow @dangerous",
					Group: "server", Since: "2.0.0", Complexity: "O(N) where N is the number of commands",
					Summary: "Set the counters of INFO to zero",
					Run:     f.runConfigResetStat,
				},
				{
					Name: "rewrite", Arity: 2, Flags: "admin noscript loading stale", Categories: "@admin @slow @dangerous",
					Group: "server", Since: "2.8.0", Complexity: "O(N) where N is the number of settings",
					Summary: "Write the settings that CONFIG SET changed to the file of --config",
					Run:     f.runConfigRewrite,
				},
				{
					Name: "help", Arity: 2, Flags: "loading stale", Categories: "@slow",
					Group: "server", Since: "5.0.0", Complexity: "O(1)",
					Summary: "List the subcommands",
					Run:     command.RunHelp,
				},
			},
		},
		{
			Name: "info", Arity: -1, Flags: "loading stale", Categories: "@slow @dangerous", Tips: "nondeterministic_output,request_policy:all_shards,response_policy:special",
			Group: "server", Since: "1.0.0", Complexity: "O(N) where N is the number of commands",
			Summary: "Show figures of this node, by section",
			Run:     f.runInfo,
		},
		{
			Name: "time", Arity: 1, Flags: "loading stale fast", Categories: "@fast", Tips: "nondeterministic_output",
			Group: "server", Since: "2.6.0", Complexity: "O(1)",
			Summary: "Show this node's clock: seconds and microseconds",
			Plan:    planTime,
		},
		{
			Name: "lastsave", Arity: 1, Flags: "loading stale fast", Categories: "@admin @fast @dangerous", Tips: "nondeterministic_output",
			Group: "server", Since: "1.0.0", Complexity: "O(1)",
			Summary: "Show when this node started",
			Run:     f.runLastSave,
		},
		{
			Name: "shutdown", Arity: -1, Flags: "admin noscript loading stale no_multi allow_busy", Categories: "@admin @slow @dangerous",
			Group: "server", Since: "1.0.0", Complexity: "O(1)",
			Summary: "Ask the process to stop",
			Run:     f.runShutdown,
		},
		{
			Name: "role", Arity: 1, Flags: "noscript loading stale fast", Categories: "@admin @fast @dangerous",
			Group: "server", Since: "2.8.12", Complexity: "O(1)",
			Summary: "Answer master: every node takes writes",
			Run:     runRole,
		},
		{
			Name: "module", Arity: -2, Flags: "", Categories: "@slow",
			Group: "server", Since: "4.0.0", Complexity: "That of the subcommand",
			Summary: "Commands about modules, of which there are none",
			Subcommands: []command.Row{
				{
					Name: "list", Arity: 2, Flags: "admin noscript", Categories: "@admin @slow @dangerous", Tips: "nondeterministic_output_order",
					Group: "server", Since: "4.0.0", Complexity: "O(1)",
					Summary: "List the modules: none",
					Run:     replyEmptyArray,
				},
				{
					Name: "help", Arity: 2, Flags: "loading stale", Categories: "@slow",
					Group: "server", Since: "5.0.0", Complexity: "O(1)",
					Summary: "List the subcommands",
					Run:     command.RunHelp,
				},
			},
		},
	}
}
