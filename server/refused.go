package server

import "strings"

// Texts that tell why a command of Redis is refused, or what to use instead.
const (
	adviceTransaction = "there are no transactions across keys; to change one key only if nobody else has, use GET key CONTEXT and SET key value CONTEXT ctx"
	adviceScript      = "there is no scripting; use SET with CONTEXT, INCR, APPEND or SETNX"
	adviceGroups      = "streams have no consumer groups here; read them with XREAD or XRANGE from the last id that was handled"
	adviceBlocking    = "no command waits for elements; ask again with LPOP, RPOP, LMOVE, LMPOP, ZPOPMIN, ZPOPMAX or ZMPOP"
	adviceSelfTest    = "it tests Redis itself; PFCOUNT and GET show a HyperLogLog"
	advicePubSub      = "there is no publish and subscribe"
	adviceSync        = "no dump of the data is given; copy it with SCAN, GET and SET, or add a node with --join"
	adviceMigrate     = "keys are moved with DUMP and RESTORE"
	adviceSave        = "there is nothing to save: every write is logged as --durability says"
	adviceReplication = "nodes replicate among themselves; add one with --join"
	adviceDatabase    = "there is one database, 0"
	adviceUser        = "there is one user, default, whose password is requirepass"
	adviceModule      = "there are no modules"
	adviceAllocator   = "memory is Go's; see MEMORY STATS and /metrics of the admin port"
	adviceRing        = "the ring changes by --join, 'quorate admin leave' and 'quorate admin remove'"
)

// refusedCommands returns the commands of Redis that are refused with a reason,
// rather than as unknown: advice by full name.
func refusedCommands() map[string]string {
	words := map[string]string{
		adviceTransaction: "multi exec discard watch unwatch",
		adviceScript:      "eval eval_ro evalsha evalsha_ro script function fcall fcall_ro",
		advicePubSub:      "subscribe unsubscribe psubscribe punsubscribe ssubscribe sunsubscribe publish spublish pubsub",
		adviceMigrate:     "restore-asking migrate",
		adviceSave:        "save bgsave bgrewriteaof",
		adviceReplication: "replicaof slaveof failover",
		adviceSync:        "sync psync replconf",
		adviceDatabase:    "move swapdb",
		adviceUser:        "acl|setuser acl|deluser acl|load acl|save acl|log acl|dryrun",
		adviceModule:      "module|load module|loadex module|unload",
		adviceAllocator:   "memory|malloc-stats",
		adviceRing: "cluster|addslots cluster|addslotsrange cluster|bumpepoch cluster|delslots cluster|delslotsrange " +
			"cluster|failover cluster|flushslots cluster|forget cluster|meet cluster|replicate cluster|reset " +
			"cluster|saveconfig cluster|set-config-epoch cluster|setslot",
		adviceGroups:   "xreadgroup xgroup xack xclaim xautoclaim xpending",
		adviceBlocking: "blpop brpop blmove brpoplpush blmpop bzpopmin bzpopmax bzmpop",
		adviceSelfTest: "pfdebug pfselftest",
	}
	advice := make(map[string]string)
	for text, names := range words {
		for name := range strings.FieldsSeq(names) {
			advice[name] = text
		}
	}
	return advice
}
