package server

import (
	"github.com/quorate/quorate/server/command"
)

// RedisVersion is the version of Redis that the node presents itself as.
const RedisVersion = command.RedisVersion

// Store is the cluster as the client port sees it: this node, on behalf of all.
type Store = command.Store
