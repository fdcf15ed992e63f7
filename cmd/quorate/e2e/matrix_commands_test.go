package e2e

import (
	"strings"
	"testing"

	"github.com/quorate/quorate/server"
)

// sample is how the client matrix calls one command of server/COMMANDS.md.
type sample struct {
	Args  []string `json:"args"`
	Key   string   `json:"key,omitempty"`   // it goes to this key's slot; empty: anywhere
	Error string   `json:"error,omitempty"` // how the refusal begins that is the right answer, without ERR
}

// calls are the samples' arguments, by name; a command that is not here is called
// by its name alone. K stands for a key, V for a value.
var calls = map[string]string{
	"ACL CAT": "string", "ACL GETUSER": "default", "APPEND": "K V",
	"BITCOUNT": "K", "BITFIELD": "{K}b INCRBY u8 0 1", "BITFIELD_RO": "{K}b GET u8 0", "BITOP": "OR {K}b2 {K}b K", "BITPOS": "K 1",
	"CLIENT SETNAME": "matrix", "CLIENT SETINFO": "lib-name matrix",
	"CLIENT KILL": "ID 999999999", "CLIENT NO-EVICT": "on", "CLIENT NO-TOUCH": "on", "CLIENT PAUSE": "0", "CLIENT TRACKING": "off",
	"CLIENT UNBLOCK": "999999999", "CLIENT QUORUM": "R 2 W 2", "CLIENT CONTEXTS": "off", "CLIENT CACHING": "yes",
	"CLUSTER KEYSLOT": "K", "CLUSTER COUNTKEYSINSLOT": "1", "CLUSTER GETKEYSINSLOT": "1 10",
	"CLUSTER REPLICAS": "x", "CLUSTER SLAVES": "x", "CLUSTER COUNT-FAILURE-REPORTS": "x",
	"COMMAND INFO": "get", "COMMAND DOCS": "get", "COMMAND GETKEYS": "GET K", "COMMAND GETKEYSANDFLAGS": "GET K",
	"CONFIG GET": "maxmemory*", "CONFIG SET": "timeout 0", "COPY": "K {K}2 REPLACE", "DECR": "{K}n", "DECRBY": "{K}n 2",
	"DEBUG": "SLEEP 0", "DEL": "{K}gone", "DYNAMO TRACE": "GET K", "DYNAMO PREFLIST": "K", "DYNAMO VERSIONS": "K", "DUMP": "K", "ECHO": "V",
	"EXISTS": "K", "EXPIRE": "K 100", "EXPIREAT": "K 4000000000", "EXPIRETIME": "K", "GET": "K", "GETDEL": "{K}gone", "GETEX": "K",
	"GETBIT": "K 1", "GETRANGE": "K 0 1", "GETSET": "K V", "INCR": "{K}n", "INCRBY": "{K}n 2", "INCRBYFLOAT": "{K}f 1.5", "INFO": "server",
	"KEYS": "nosuch*", "LATENCY HISTORY": "command", "LCS": "K {K}2", "LATENCY GRAPH": "command", "MEMORY USAGE": "K", "MGET": "K {K}2",
	"MSET": "K V {K}2 V", "MSETNX": "{K}3 V {K}4 V", "OBJECT ENCODING": "K", "OBJECT FREQ": "K", "OBJECT IDLETIME": "K",
	"OBJECT REFCOUNT": "K", "PERSIST": "K", "PEXPIRE": "K 100000", "PEXPIREAT": "K 4000000000000", "PEXPIRETIME": "K",
	"HDEL": "{K}hash gone", "HEXISTS": "{K}hash f", "HGET": "{K}hash f", "HGETALL": "{K}hash", "HINCRBY": "{K}hash n 1", "HINCRBYFLOAT": "{K}hash x 1.5",
	"HKEYS": "{K}hash", "HLEN": "{K}hash", "HMGET": "{K}hash f g", "HMSET": "{K}hash f V", "HRANDFIELD": "{K}hash 2", "HSCAN": "{K}hash 0",
	"HEXPIRE": "{K}hash 100 FIELDS 1 f", "HEXPIREAT": "{K}hash 4000000000 FIELDS 1 f", "HPEXPIRE": "{K}hash 100000 FIELDS 1 f",
	"HPEXPIREAT": "{K}hash 4000000000000 FIELDS 1 f", "HPERSIST": "{K}hash FIELDS 1 f", "HTTL": "{K}hash FIELDS 1 f", "HPTTL": "{K}hash FIELDS 1 f",
	"HEXPIRETIME": "{K}hash FIELDS 1 f", "HPEXPIRETIME": "{K}hash FIELDS 1 f",
	"HSET": "{K}hash f V", "HSETNX": "{K}hash f V", "HSTRLEN": "{K}hash f", "HVALS": "{K}hash",
	"SADD": "{K}set a b", "SCARD": "{K}set", "SDIFF": "{K}set {K}set2", "SDIFFSTORE": "{K}set3 {K}set {K}set2", "SINTER": "{K}set {K}set2",
	"SINTERCARD": "2 {K}set {K}set2", "SINTERSTORE": "{K}set3 {K}set {K}set2", "SISMEMBER": "{K}set a", "SMEMBERS": "{K}set", "SMISMEMBER": "{K}set a b",
	"SMOVE": "{K}set {K}set2 a", "SPOP": "{K}set3", "SRANDMEMBER": "{K}set", "SREM": "{K}set gone", "SSCAN": "{K}set 0", "SUNION": "{K}set {K}set2",
	"SUNIONSTORE": "{K}set3 {K}set {K}set2",
	"PFADD":       "{K}h V", "PFCOUNT": "{K}h", "PFMERGE": "{K}h2 {K}h", "PSETEX": "K 100000 V", "PTTL": "K", "RENAME": "{K}2 {K}5", "RENAMENX": "{K}5 {K}6", "RESTORE": "{K}2 0 V REPLACE", "SCAN": "0 COUNT 1", "SELECT": "0",
	"SET": "K V", "SETBIT": "{K}b 1 1", "SETEX": "K 100 V", "SETNX": "K V", "SETRANGE": "K 1 V", "STRLEN": "K", "SUBSTR": "K 0 1", "TOUCH": "K",
	"TTL": "K", "TYPE": "K", "UNLINK": "{K}gone", "WAIT": "0 10",
	"GEOADD": "{K}geo 13.4 52.5 V 2.35 48.86 Paris", "GEODIST": "{K}geo V Paris km", "GEOHASH": "{K}geo V", "GEOPOS": "{K}geo V", "GEORADIUS": "{K}geo 13 52 200 km",
	"GEORADIUS_RO": "{K}geo 13 52 200 km", "GEORADIUSBYMEMBER": "{K}geo V 10 m", "GEORADIUSBYMEMBER_RO": "{K}geo V 10 m",
	"GEOSEARCH": "{K}geo FROMLONLAT 13 52 BYRADIUS 200 km", "GEOSEARCHSTORE": "{K}geo2 {K}geo FROMLONLAT 13 52 BYRADIUS 200 km",
	"ZADD": "{K}z 1 V", "ZCARD": "{K}z", "ZCOUNT": "{K}z 0 1", "ZDIFF": "1 {K}z", "ZDIFFSTORE": "{K}z2 1 {K}z", "ZINCRBY": "{K}z 1 V", "ZINTER": "1 {K}z",
	"ZINTERCARD": "1 {K}z", "ZINTERSTORE": "{K}z2 1 {K}z", "ZLEXCOUNT": "{K}z - +", "ZMPOP": "1 {K}z2 MIN", "ZMSCORE": "{K}z V", "ZPOPMAX": "{K}z2", "ZPOPMIN": "{K}z2",
	"ZRANDMEMBER": "{K}z", "ZRANGE": "{K}z 0 1", "ZRANGEBYLEX": "{K}z - +", "ZRANGEBYSCORE": "{K}z 0 1", "ZRANGESTORE": "{K}z2 {K}z 0 1", "ZRANK": "{K}z V", "ZREM": "{K}z2 V",
	"ZREMRANGEBYLEX": "{K}z2 - +", "ZREMRANGEBYRANK": "{K}z2 0 1", "ZREMRANGEBYSCORE": "{K}z2 0 1", "ZREVRANGE": "{K}z 0 1", "ZREVRANGEBYLEX": "{K}z + -",
	"ZREVRANGEBYSCORE": "{K}z 1 0", "ZREVRANK": "{K}z V", "ZSCAN": "{K}z 0", "ZSCORE": "{K}z V", "ZUNION": "1 {K}z", "ZUNIONSTORE": "{K}z2 1 {K}z",
	"LINDEX": "{K}l 0", "LINSERT": "{K}l BEFORE V V", "LLEN": "{K}l", "LMOVE": "{K}l {K}l2 LEFT RIGHT", "LMPOP": "1 {K}l LEFT", "LPOP": "{K}l", "LPOS": "{K}l V",
	"LPUSH": "{K}l V", "LPUSHX": "{K}l V", "LRANGE": "{K}l 0 1", "LREM": "{K}l 1 V", "LSET": "{K}l 0 V", "LTRIM": "{K}l 0 9",
	"XADD": "{K}x * f V", "XDEL": "{K}x 1-1", "XINFO STREAM": "{K}x", "XINFO GROUPS": "{K}x", "XINFO CONSUMERS": "{K}x g", "XLEN": "{K}x", "XRANGE": "{K}x - +",
	"XREAD": "COUNT 1 STREAMS {K}x 0", "XREVRANGE": "{K}x + -", "XSETID": "{K}x 9999999999999-1", "XTRIM": "{K}x MAXLEN 100",
	"SORT": "{K}l ALPHA", "SORT_RO": "{K}l ALPHA", "RPOP": "{K}l", "RPOPLPUSH": "{K}l {K}l2", "RPUSH": "{K}l V V V", "RPUSHX": "{K}l V",
}

// refusals are the answers that are errors, and right, without the ERR that some
// libraries leave out.
var refusals = map[string]string{
	"CLIENT CACHING": "CLIENT CACHING can be called only", "CONFIG REWRITE": "The server is running without a config file",
	"DEBUG": "DEBUG command not allowed", "LATENCY GRAPH": "No samples available", "OBJECT FREQ": "An LFU maxmemory policy",
	"XINFO CONSUMERS":  "NOGROUP No such consumer group",
	"RESTORE":          "DUMP payload version",
	"CLUSTER REPLICAS": "Unknown node x", "CLUSTER SLAVES": "Unknown node x", "CLUSTER COUNT-FAILURE-REPORTS": "Unknown node x",
}

// elsewhere are the commands that libraries send by themselves, or that end what
// a library relies on: the connection, its protocol, the process.
var elsewhere = strings.Fields("AUTH HELLO QUIT RESET MONITOR SHUTDOWN CLIENT|REPLY FLUSHALL FLUSHDB")

// samples returns one call of every command of server/COMMANDS.md, with keys of the
// caller's own.
func samples(t testing.TB, caller string) (list []sample) {
	t.Helper()
	left := make(map[string]string, len(calls))
	for name, args := range calls {
		left[name] = args
	}
	list = append(list, sample{Args: []string{"SET", caller, "value"}, Key: caller})
	for line := range strings.Lines(server.CommandTable()) {
		_, rest, _ := strings.Cut(line, "| `")
		name, _, found := strings.Cut(rest, "` |")
		if !found || strings.Contains(" "+strings.Join(elsewhere, " ")+" ", " "+strings.ReplaceAll(name, " ", "|")+" ") {
			continue
		}
		args, key := strings.Fields(name), ""
		for _, arg := range strings.Fields(calls[name]) {
			switch {
			case arg == "V":
				arg = "value"
			case arg == "K" || strings.Contains(arg, "{K}"):
				arg, key = strings.ReplaceAll(arg, "K", caller), caller
			}
			args = append(args, arg)
		}
		delete(left, name)
		if about := args[0]; about == "CLUSTER" || about == "COMMAND" || about == "DYNAMO" {
			key = "" // they speak of a key; any node answers
		}
		list = append(list, sample{Args: args, Key: key, Error: refusals[name]})
	}
	for name := range left {
		t.Errorf("the README has no command %s", name)
	}
	return list
}
