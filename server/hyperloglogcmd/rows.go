package hyperloglogcmd

import "github.com/quorate/quorate/server/command"

// Rows returns the commands on HyperLogLogs.
func Rows() []command.Row {
	return []command.Row{
		{
			Name: "pfadd", Arity: -2, Flags: "write denyoom fast", Keys: command.Key("RW insert"), Categories: "@write @hyperloglog @fast",
			Group: "hyperloglog", Since: "2.8.9", Complexity: "O(N) where N is the number of elements",
			Summary: "Add elements to a HyperLogLog",
			Plan:    planAdd,
		},
		{
			Name: "pfcount", Arity: -2, Flags: "readonly", Keys: command.KeysToEnd("RO access"), Categories: "@read @hyperloglog @slow",
			Group: "hyperloglog", Since: "2.8.9", Complexity: "O(N) where N is the number of keys",
			Summary: "Estimate how many distinct elements were added to a HyperLogLog, or to any of several",
			Run:     runCount,
		},
		{
			Name: "pfmerge", Arity: -2, Flags: "write denyoom", Keys: command.Keys{First: 1, Last: -1, Step: 1, Access: "RW access insert;RO access"}, Categories: "@write @hyperloglog @slow",
			Group: "hyperloglog", Since: "2.8.9", Complexity: "O(N) where N is the number of keys",
			Summary: "Add to a HyperLogLog what was added to others. Not atomic",
			Run:     runMerge,
		},
	}
}
