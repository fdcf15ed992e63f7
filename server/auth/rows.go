package auth

import "github.com/quorate/quorate/server/command"

// Rows returns the commands about users.
func (u *Users) Rows() []command.Row {
	return []command.Row{
		{
			Name: "auth", Arity: -2, Flags: "noscript loading stale fast no_auth allow_busy", Categories: "@fast @connection",
			Group: "connection", Since: "1.0.0", Complexity: "O(1)",
			Summary: "Authenticate this connection with the password",
			Secret:  command.Always,
			Run:     u.runAuth,
		},
		{
			Name: "acl", Arity: -2, Flags: "", Categories: "@slow",
			Group: "server", Since: "6.0.0", Complexity: "That of the subcommand",
			Summary: "Commands about users, of which there is one",
			Subcommands: []command.Row{
				{
					Name: "whoami", Arity: 2, Flags: "noscript loading stale", Categories: "@slow",
					Group: "server", Since: "6.0.0", Complexity: "O(1)",
					Summary: "Show the user of this connection: default",
					Run:     runWhoAmI,
				},
				{
					Name: "cat", Arity: -2, Flags: "noscript loading stale", Categories: "@slow",
					Group: "server", Since: "6.0.0", Complexity: "O(N) where N is the number of commands",
					Summary: "List the categories of commands, or the commands of one",
					Run:     runACLCat,
				},
				{
					Name: "list", Arity: 2, Flags: "admin noscript loading stale", Categories: "@admin @slow @dangerous",
					Group: "server", Since: "6.0.0", Complexity: "O(1)",
					Summary: "Show what the user may do: everything",
					Run:     u.runACLList,
				},
				{
					Name: "users", Arity: 2, Flags: "admin noscript loading stale", Categories: "@admin @slow @dangerous",
					Group: "server", Since: "6.0.0", Complexity: "O(1)",
					Summary: "List the users: default",
					Run:     runACLUsers,
				},
				{
					Name: "getuser", Arity: 3, Flags: "admin noscript loading stale", Categories: "@admin @slow @dangerous",
					Group: "server", Since: "6.0.0", Complexity: "O(1)",
					Summary: "Show what a user may do",
					Run:     u.runACLGetUser,
				},
				{
					Name: "genpass", Arity: -2, Flags: "noscript loading stale", Categories: "@slow",
					Group: "server", Since: "6.0.0", Complexity: "O(N) where N is the number of bits",
					Summary: "Make a random password",
					Run:     runACLGenPass,
				},
				{
					Name: "help", Arity: 2, Flags: "loading stale", Categories: "@slow",
					Group: "server", Since: "6.0.0", Complexity: "O(1)",
					Summary: "List the subcommands",
					Run:     command.RunHelp,
				},
			},
		},
	}
}
