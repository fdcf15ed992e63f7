package introspect_test

import (
	"context"
	"github.com/quorate/quorate/cluster/core/number"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/quorate/quorate/server/auth"
	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/commandtest"
	"github.com/quorate/quorate/server/introspect"
	"github.com/quorate/quorate/server/limits"
	"github.com/quorate/quorate/server/stringcmd"
)

// client is the connection of the tests.
type client struct {
	commandtest.Session
	ended, watches bool
}

func (c *client) Identity() command.Identity { return command.Identity{Name: "tester"} }
func (c *client) EndAfterReplies()           { c.ended = true }
func (c *client) Watch()                     { c.watches = true }

func newConn(t *testing.T) (*commandtest.Conn, *introspect.Family, *client) {
	t.Helper()
	f := &introspect.Family{
		Counters: introspect.NewCounters(), Errors: introspect.NewErrorTally(),
		Slowlog: new(introspect.Slowlog), Latency: new(introspect.Latency),
		Born: time.UnixMilli(commandtest.Start), RunID: strings.Repeat("0", 40), Connected: func() int { return 1 },
	}
	f.Slowlog.Entries.Store(2)
	session := &client{Session: commandtest.Session{Addr: "127.0.0.1:9"}}
	c := commandtest.New(t, session, f.Rows(), stringcmd.Rows())
	n := c.Client.Node
	n.Limits.Input.Store(16 << 20)
	n.Limits.Buffered.Store(64 << 20)
	f.Counters.Size(n.Table)
	f.Settings = introspect.NewSettings(introspect.SettingsConfig{
		Store: c.Store, Users: auth.NewUsers(""), Numbers: []introspect.Number{
			{Name: "timeout", Value: &n.Limits.Idle, Within: number.Range[int64]{Most: int64(time.Hour)}, Unit: limits.Nanoseconds},
			{Name: "proto-max-bulk-len", Value: &n.Limits.Protocol.BulkBytes, Within: limits.BulkBytes, Unit: limits.Bytes},
			{Name: "client-buffer-limit", Value: &n.Limits.Input, Within: limits.BufferedBytes, Unit: limits.Bytes},
			{Name: "total-buffer-limit", Value: &n.Limits.Buffered, Within: limits.BufferedBytes, Unit: limits.Bytes},
			{Name: "slowlog-log-slower-than", Value: &f.Slowlog.Threshold, Within: number.Range[int64]{Least: -1, Most: 1 << 40}},
			{Name: "slowlog-max-len", Value: &f.Slowlog.Entries, Within: limits.SlowlogEntries},
			{Name: "latency-monitor-threshold", Value: &f.Latency.Threshold, Within: number.Range[int64]{Most: 1 << 40}},
		},
		Addr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 6379}, Fixed: map[string]string{"dir": "/data"},
	})
	return c, f, session
}

func TestConfigSet_ManySettings_AreAllChangedOrNone(t *testing.T) {
	c, f, _ := newConn(t)
	var rewritten map[string]string
	f.Rewrite = func(changed map[string]string) error { rewritten = changed; return nil }
	c.Play([]commandtest.Line{
		{"CONFIG GET timeout dir", "*4 $3 dir $5 /data $7 timeout $1 0"},
		{"CONFIG GET slowlog-*", "*4 $23 slowlog-log-slower-than $1 0 $15 slowlog-max-len $1 2"},
		{"CONFIG SET timeout 7 slowlog-max-len 9", "+OK"},
		{"CONFIG SET timeout 8 slowlog-max-len -1", "-ERR CONFIG SET failed (possibly related to argument 'slowlog-max-len') - argument must be between 0 and 10000 inclusive"},
		{"CONFIG SET timeout 8 dir /tmp", "-ERR CONFIG SET failed (possibly related to argument 'dir') - can't set immutable config"},
		{"CONFIG SET timeout 8 nosuch 1", "-ERR Unknown option or number of arguments for CONFIG SET - 'nosuch'"},
		{"CONFIG GET timeout slowlog-max-len", "*4 $15 slowlog-max-len $1 9 $7 timeout $1 7"},
		{"CONFIG SET requirepass secret", "+OK"},
		{"CONFIG GET requirepass", "*2 $11 requirepass $5 *****"},
		{"CONFIG REWRITE", "+OK"},
	})
	if len(rewritten) != 3 || rewritten["timeout"] != "7" || rewritten["requirepass"] != "secret" {
		t.Errorf("CONFIG REWRITE writes %v", rewritten)
	}
}

// Settings that do not agree are refused by the start of the process.
func TestConfigSet_SettingsThatDoNotAgree_AreRefused(t *testing.T) {
	c, _, _ := newConn(t)
	c.Play([]commandtest.Line{
		{"CONFIG SET proto-max-bulk-len 16mb", "+OK"}, // as much as a connection may buffer
		{"CONFIG SET proto-max-bulk-len 17mb", "-ERR CONFIG SET failed (possibly related to argument 'proto-max-bulk-len') - client-buffer-limit is 16mb, but must hold one value of proto-max-bulk-len 17mb"},
		{"CONFIG SET client-buffer-limit 15mb", "-ERR CONFIG SET failed (possibly related to argument 'client-buffer-limit') - client-buffer-limit is 15mb, but must hold one value of proto-max-bulk-len 16mb"},
		{"CONFIG SET client-buffer-limit 65mb", "-ERR CONFIG SET failed (possibly related to argument 'client-buffer-limit') - total-buffer-limit is 64mb, but must not be less than client-buffer-limit 65mb"},
		{"CONFIG SET total-buffer-limit 8mb timeout 5", "-ERR CONFIG SET failed (possibly related to argument 'total-buffer-limit') - total-buffer-limit is 8mb, but must not be less than client-buffer-limit 16mb"},
		{"CONFIG GET timeout total-buffer-limit", "*4 $7 timeout $1 0 $18 total-buffer-limit $8 67108864"},
		{"CONFIG SET total-buffer-limit 70mb client-buffer-limit 65mb proto-max-bulk-len 65mb", "+OK"}, // together they agree
	})
}

func TestInfo_Sections_AreThoseAskedFor(t *testing.T) {
	c, f, _ := newConn(t)
	f.Facts = func(context.Context) [][2]string { return [][2]string{{"fact", "value"}} }
	for _, test := range []struct {
		line       string
		has, hasnt []string
	}{
		{"INFO", []string{"# Server", "redis_version:" + command.RedisVersion, "# Quorate", "fact:value"}, []string{"# Commandstats", "db0:"}},
		{"INFO clients CLUSTER", []string{"connected_clients:1", "cluster_enabled:1"}, []string{"# Server"}},
		{"INFO everything", []string{"# Commandstats", "# Keyspace"}, nil},
		{"INFO nosuch", nil, []string{"#"}},
	} {
		got := c.Do(test.line)
		for _, text := range test.has {
			if !strings.Contains(got, text) {
				t.Errorf("%s lacks %q", test.line, text)
			}
		}
		for _, text := range test.hasnt {
			if strings.Contains(got, text) {
				t.Errorf("%s has %q", test.line, text)
			}
		}
	}
	c.Do("SET k v")
	c.Do("SET soon v EX 100")
	c.Do("SET later v EX 300")
	c.Pass(50 * time.Second)
	if got := c.Do("INFO keyspace"); !strings.Contains(got, "db0:keys=3,expires=2,avg_ttl=150000") {
		t.Error(got)
	}
}

func TestSlowlog_KeepsTheNewest_AndNoPassword(t *testing.T) {
	c, f, _ := newConn(t)
	for _, line := range []string{"GET first", "CONFIG SET requirepass secret", "MGET a b c"} {
		var args [][]byte
		for _, word := range strings.Fields(line) {
			args = append(args, []byte(word))
		}
		row, _ := c.Client.Node.Table.Choose(args, command.Rights{Authenticated: true})
		f.Slowlog.Add(introspect.SlowCall{
			Call: &command.Call{Client: c.Client, Row: row, Args: args}, At: time.UnixMilli(commandtest.Start), Took: 5 * time.Millisecond,
		})
	}
	c.Play([]commandtest.Line{
		{"SLOWLOG LEN", ":2"},
		{"SLOWLOG GET 1", "*1 *6 :2 :1700000000 :5000 *4 $4 MGET $1 a $1 b $1 c $11 127.0.0.1:9 $6 tester"},
		{"SLOWLOG GET -2", "-ERR count should be greater than or equal to -1"},
	})
	if got := c.Do("SLOWLOG GET -1"); strings.Contains(got, "secret") || !strings.Contains(got, "(redacted)") {
		t.Errorf("the log shows a password: %s", got)
	}
	c.Play([]commandtest.Line{{"SLOWLOG RESET", "+OK"}, {"SLOWLOG GET", "*0"}})
}

func TestLatency_SlowCommands_AreShown(t *testing.T) {
	c, f, _ := newConn(t)
	if got := c.Do("LATENCY DOCTOR"); !strings.Contains(got, "Nothing is watched") {
		t.Error(got)
	}
	f.Latency.Threshold.Store(10)
	if f.Latency.Slow(9*time.Millisecond) || !f.Latency.Slow(10*time.Millisecond) {
		t.Error("10 ms and longer is slow")
	}
	f.Latency.Add(nil, time.UnixMilli(commandtest.Start), 30*time.Millisecond)
	f.Latency.Add(nil, time.UnixMilli(commandtest.Start+1000), 20*time.Millisecond)
	c.Play([]commandtest.Line{
		{"LATENCY LATEST", "*1 *4 $7 command :1700000001 :20 :30"},
		{"LATENCY HISTORY command", "*2 *2 :1700000000 :30 *2 :1700000001 :20"},
		{"LATENCY GRAPH nosuch", "-ERR No samples available for event 'nosuch'"},
		{"LATENCY RESET nosuch", ":0"},
		{"LATENCY RESET", ":1"},
		{"LATENCY LATEST", "*0"},
	})
}

func TestCommand_ShowsTheTable(t *testing.T) {
	c, _, _ := newConn(t)
	c.Play([]commandtest.Line{
		{"COMMAND GETKEYS MSET a 1 b 2", "*2 $1 a $1 b"},
		{"COMMAND GETKEYSANDFLAGS GET k", "*1 *2 $1 k *2 +RO +access"},
		{"COMMAND GETKEYS nosuch a", "-ERR Invalid command specified"},
		{"COMMAND LIST FILTERBY PATTERN getr*", "*1 $8 getrange"},
		{"COMMAND INFO nosuch", "*1 $-1"},
	})
}

func TestShutdown_AndMonitor_AskTheSession(t *testing.T) {
	c, f, session := newConn(t)
	c.Play([]commandtest.Line{
		{"SHUTDOWN", "-ERR 'shutdown' is not supported: stop the process with SIGTERM"},
		{"SHUTDOWN SAVE NOSAVE", "-ERR syntax error"},
		{"SHUTDOWN ABORT", "-ERR No shutdown in progress."},
		{"MONITOR", "+OK"},
		{"DEBUG SLEEP 1", "-ERR DEBUG command not allowed. Start the node with --chaos to allow DEBUG SLEEP."},
	})
	if !session.watches || session.ended {
		t.Errorf("watches %v, ended %v", session.watches, session.ended)
	}
	asked, slept := false, time.Duration(0)
	f.Shutdown = func() { asked = true }
	f.Chaos, f.Sleep = true, func(_ context.Context, d time.Duration) { slept = d }
	c.Play([]commandtest.Line{{"DEBUG SLEEP 0.5", "+OK"}, {"SHUTDOWN NOSAVE", ""}})
	if !asked || !session.ended || slept != 500*time.Millisecond {
		t.Errorf("asked %v, ended %v, slept %v", asked, session.ended, slept)
	}
}

func TestMemoryUsage_CountsTheSiblings(t *testing.T) {
	c, _, _ := newConn(t)
	c.Do("SET k value")
	one := c.Do("MEMORY USAGE k")
	c.DoArgs("SET", "k", "value", "CONTEXT", "")
	if two := c.Do("MEMORY USAGE k SAMPLES 5"); len(two) < len(one) || two == one {
		t.Errorf("one value: %s, two siblings: %s", one, two)
	}
	c.Play([]commandtest.Line{
		{"MEMORY USAGE nosuch", "$-1"}, {"MEMORY USAGE k SAMPLES -1", "-ERR syntax error"}, {"MEMORY USAGE k SAMPLES x", "-ERR value is not an integer or out of range"},
	})
}
