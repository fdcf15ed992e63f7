package topology

import "github.com/quorate/quorate/server/command"

// Rows returns the commands that show the cluster.
func Rows() []command.Row {
	return []command.Row{
		{
			Name: "cluster", Arity: -2, Flags: "", Categories: "@slow",
			Group: "cluster", Since: "3.0.0", Complexity: "That of the subcommand",
			Summary:     "Commands about the cluster, for clients that route by slot",
			ClusterOnly: true,
			Subcommands: []command.Row{
				{
					Name: "slots", Arity: 2, Flags: "stale", Categories: "@slow", Tips: "nondeterministic_output",
					Group: "cluster", Since: "3.0.0", Complexity: "O(N) where N is the number of partitions",
					Summary:     "Show which nodes serve which slots, the coordinator first",
					ClusterOnly: true,
					Run:         runClusterSlots,
				},
				{
					Name: "shards", Arity: 2, Flags: "stale", Categories: "@slow", Tips: "nondeterministic_output",
					Group: "cluster", Since: "7.0.0", Complexity: "O(N) where N is the number of partitions",
					Summary:     "Show which slots each list of nodes serves, and which nodes are down",
					ClusterOnly: true,
					Run:         runClusterShards,
				},
				{
					Name: "nodes", Arity: 2, Flags: "stale", Categories: "@slow", Tips: "nondeterministic_output",
					Group: "cluster", Since: "3.0.0", Complexity: "O(N) where N is the number of partitions",
					Summary:     "List the members, whether they answer, and the slots that they coordinate",
					ClusterOnly: true,
					Run:         runClusterNodes,
				},
				{
					Name: "info", Arity: 2, Flags: "stale", Categories: "@slow", Tips: "nondeterministic_output",
					Group: "cluster", Since: "3.0.0", Complexity: "O(N) where N is the number of partitions",
					Summary:     "Show whether all slots are served",
					ClusterOnly: true,
					Run:         runClusterInfo,
				},
				{
					Name: "myid", Arity: 2, Flags: "stale", Categories: "@slow",
					Group: "cluster", Since: "3.0.0", Complexity: "O(1)",
					Summary:     "Show this node's id",
					ClusterOnly: true,
					Run:         runClusterMyID,
				},
				{
					Name: "keyslot", Arity: 3, Flags: "stale", Categories: "@slow",
					Group: "cluster", Since: "3.0.0", Complexity: "O(N) where N is the number of bytes in the key",
					Summary:     "Show the hash slot of a key",
					ClusterOnly: true,
					Run:         runClusterKeySlot,
				},
				{
					Name: "countkeysinslot", Arity: 3, Flags: "stale", Categories: "@slow",
					Group: "cluster", Since: "3.0.0", Complexity: "O(N) where N is the number of keys in the slot's partition",
					Summary:     "Count the keys of a slot, wherever they are",
					ClusterOnly: true,
					Run:         runClusterCountKeys,
				},
				{
					Name: "getkeysinslot", Arity: 4, Flags: "stale", Categories: "@slow", Tips: "nondeterministic_output",
					Group: "cluster", Since: "3.0.0", Complexity: "O(N) where N is the number of keys in the slot's partition",
					Summary:     "List keys of a slot, wherever they are",
					ClusterOnly: true,
					Run:         runClusterGetKeys,
				},
				{
					Name: "links", Arity: 2, Flags: "stale", Categories: "@slow", Tips: "nondeterministic_output",
					Group: "cluster", Since: "7.0.0", Complexity: "O(N) where N is the number of members",
					Summary:     "List the members that this node has a stream to",
					ClusterOnly: true,
					Run:         runClusterLinks,
				},
				{
					Name: "replicas", Arity: 3, Flags: "admin stale", Categories: "@admin @slow @dangerous", Tips: "nondeterministic_output",
					Group: "cluster", Since: "5.0.0", Complexity: "O(1)",
					Summary:     "List the members that follow a member: none",
					ClusterOnly: true,
					Run:         runClusterReplicas,
				},
				{
					Name: "slaves", Arity: 3, Flags: "admin stale", Categories: "@admin @slow @dangerous", Tips: "nondeterministic_output",
					Group: "cluster", Since: "3.0.0", Complexity: "O(1)",
					Summary:     "The older name of CLUSTER REPLICAS",
					ClusterOnly: true,
					Run:         runClusterReplicas,
				},
				{
					Name: "count-failure-reports", Arity: 3, Flags: "admin stale", Categories: "@admin @slow @dangerous", Tips: "nondeterministic_output",
					Group: "cluster", Since: "3.0.0", Complexity: "O(N) where N is the number of members",
					Summary:     "Show whether a member is down as this node sees it: 0 or 1",
					ClusterOnly: true,
					Run:         runClusterFailureReports,
				},
				{
					Name: "help", Arity: 2, Flags: "loading stale", Categories: "@slow",
					Group: "cluster", Since: "5.0.0", Complexity: "O(1)",
					Summary:     "List the subcommands",
					ClusterOnly: true,
					Run:         command.RunHelp,
				},
			},
		},
		{
			Name: "readonly", Arity: 1, Flags: "loading stale fast", Categories: "@fast @connection",
			Group: "cluster", Since: "3.0.0", Complexity: "O(1)",
			Summary:     "Changes nothing: any node may be read from, and asks R replicas",
			ClusterOnly: true,
			Run:         runOK,
		},
		{
			Name: "readwrite", Arity: 1, Flags: "loading stale fast", Categories: "@fast @connection",
			Group: "cluster", Since: "3.0.0", Complexity: "O(1)",
			Summary:     "Changes nothing: see READONLY",
			ClusterOnly: true,
			Run:         runOK,
		},
		{
			Name: "asking", Arity: 1, Flags: "fast", Categories: "@fast @connection",
			Group: "cluster", Since: "3.0.0", Complexity: "O(1)",
			Summary:     "Changes nothing: no request is ever redirected",
			ClusterOnly: true,
			Run:         runOK,
		},
		{
			Name: "dynamo", Arity: -2, Flags: "", Categories: "@slow",
			Group: "server", Since: "7.2.0", Complexity: "That of the subcommand",
			Summary: "Commands that show how the cluster works. Quorate only",
			Subcommands: []command.Row{
				{
					Name: "trace", Arity: -4, Flags: "write", Keys: command.KeyAt(3, "RW access update"), Categories: "@write @slow",
					Group: "server", Since: "7.2.0", Complexity: "That of the command",
					Summary: "Execute GET, SET or DEL, given with its arguments as in DYNAMO TRACE SET key value, and show, behind its reply, which nodes the coordinator asked and what they answered. Quorate only",
					Plan:    planTrace,
				},
				{
					Name: "preflist", Arity: 3, Flags: "readonly", Keys: command.KeyAt(2, "RO"), Categories: "@read @slow",
					Group: "server", Since: "7.2.0", Complexity: "O(N) where N is the number of nodes",
					Summary: "DYNAMO PREFLIST key: show the key's slot, partition and preference list. Quorate only",
					Run:     runPreflist,
				},
				{
					Name: "versions", Arity: 3, Flags: "readonly", Keys: command.KeyAt(2, "RO"), Categories: "@read @slow", Tips: "nondeterministic_output",
					Group: "server", Since: "7.2.0", Complexity: "O(N) where N is the number of nodes",
					Summary: "DYNAMO VERSIONS key: show the newest versions of the key's value, what each had seen and which it follows. Quorate only",
					Run:     runVersions,
				},
				{
					Name: "help", Arity: 2, Flags: "loading stale", Categories: "@slow",
					Group: "server", Since: "7.2.0", Complexity: "O(1)",
					Summary: "List the subcommands",
					Run:     command.RunHelp,
				},
			},
		},
		{
			Name: "lolwut", Arity: -1, Flags: "readonly fast", Categories: "@read @fast",
			Group: "server", Since: "5.0.0", Complexity: "O(1)",
			Summary: "Draw the ring",
			Run:     runLolwut,
		},
	}
}
