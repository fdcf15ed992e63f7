package server

// clusterRows are the commands that cluster-aware clients find their way with.
func clusterRows() []command {
	return []command{
		{
			name: "cluster", arity: -2, flags: "", acl: "@slow",
			group: "cluster", since: "3.0.0", complexity: "Depends on subcommand.",
			summary: "A container for cluster commands",
			subcommands: []command{
				{
					name: "slots", arity: 2, flags: "stale", acl: "@slow", tips: "nondeterministic_output",
					group: "cluster", since: "3.0.0", complexity: "O(N) where N is the number of partitions",
					summary: "Tell which nodes serve which slots, the coordinator first",
					run:     inCluster(runClusterSlots),
				},
				{
					name: "shards", arity: 2, flags: "stale", acl: "@slow", tips: "nondeterministic_output",
					group: "cluster", since: "7.0.0", complexity: "O(N) where N is the number of partitions",
					summary: "Tell which slots each list of nodes serves, and which nodes are down",
					run:     inCluster(runClusterShards),
				},
				{
					name: "nodes", arity: 2, flags: "stale", acl: "@slow", tips: "nondeterministic_output",
					group: "cluster", since: "3.0.0", complexity: "O(N) where N is the number of partitions",
					summary: "List the members, whether they answer, and the slots that they coordinate",
					run:     inCluster(runClusterNodes),
				},
				{
					name: "info", arity: 2, flags: "stale", acl: "@slow", tips: "nondeterministic_output",
					group: "cluster", since: "3.0.0", complexity: "O(N) where N is the number of partitions",
					summary: "Tell whether all slots are served",
					run:     inCluster(runClusterInfo),
				},
				{
					name: "myid", arity: 2, flags: "stale", acl: "@slow",
					group: "cluster", since: "3.0.0", complexity: "O(1)",
					summary: "Tell this node's id",
					run:     inCluster(runClusterMyID),
				},
				{
					name: "keyslot", arity: 3, flags: "stale", acl: "@slow",
					group: "cluster", since: "3.0.0", complexity: "O(N) where N is the number of bytes in the key",
					summary: "Tell the hash slot of a key",
					run:     inCluster(runClusterKeySlot),
				},
				{
					name: "countkeysinslot", arity: 3, flags: "stale", acl: "@slow",
					group: "cluster", since: "3.0.0", complexity: "O(N) where N is the number of keys in the slot's partition",
					summary: "Count the keys of a slot, wherever they are",
					run:     inCluster(runClusterCountKeys),
				},
				{
					name: "getkeysinslot", arity: 4, flags: "stale", acl: "@slow", tips: "nondeterministic_output",
					group: "cluster", since: "3.0.0", complexity: "O(N) where N is the number of keys in the slot's partition",
					summary: "List keys of a slot, wherever they are",
					run:     inCluster(runClusterGetKeys),
				},
				{
					name: "links", arity: 2, flags: "stale", acl: "@slow", tips: "nondeterministic_output",
					group: "cluster", since: "7.0.0", complexity: "O(N) where N is the number of members",
					summary: "List the members that this node has a stream to",
					run:     inCluster(runClusterLinks),
				},
				{
					name: "replicas", arity: 3, flags: "admin stale", acl: "@admin @slow @dangerous", tips: "nondeterministic_output",
					group: "cluster", since: "5.0.0", complexity: "O(1)",
					summary: "List the members that follow a member: none",
					run:     inCluster(runClusterReplicas),
				},
				{
					name: "slaves", arity: 3, flags: "admin stale", acl: "@admin @slow @dangerous", tips: "nondeterministic_output",
					group: "cluster", since: "3.0.0", complexity: "O(1)",
					summary: "The older name of CLUSTER REPLICAS",
					run:     inCluster(runClusterReplicas),
				},
				{
					name: "count-failure-reports", arity: 3, flags: "admin stale", acl: "@admin @slow @dangerous", tips: "nondeterministic_output",
					group: "cluster", since: "3.0.0", complexity: "O(N) where N is the number of members",
					summary: "Tell whether a member is down as this node sees it: 0 or 1",
					run:     inCluster(runClusterFailureReports),
				},
				{
					name: "help", arity: 2, flags: "loading stale", acl: "@slow",
					group: "cluster", since: "5.0.0", complexity: "O(1)",
					summary: "Show helpful text about the different subcommands",
					run:     inCluster(runHelp),
				},
			},
		},
		{
			name: "readonly", arity: 1, flags: "loading stale fast", acl: "@fast @connection",
			group: "cluster", since: "3.0.0", complexity: "O(1)",
			summary: "Changes nothing: any node may be read from, and asks R replicas",
			run:     inCluster(replyOK),
		},
		{
			name: "readwrite", arity: 1, flags: "loading stale fast", acl: "@fast @connection",
			group: "cluster", since: "3.0.0", complexity: "O(1)",
			summary: "Changes nothing: see READONLY",
			run:     inCluster(replyOK),
		},
		{
			name: "asking", arity: 1, flags: "fast", acl: "@fast @connection",
			group: "cluster", since: "3.0.0", complexity: "O(1)",
			summary: "Changes nothing: no request is ever redirected",
			run:     inCluster(replyOK),
		},
	}
}
