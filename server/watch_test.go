package server

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/quorate/quorate/server/push"
)

func TestMonitor_ShowsCommandsOfOthers(t *testing.T) {
	s := serve(t, Config{Password: "secret"}, newFake(t))
	addr := s.Addr().String()
	watcher, c := dial(t, addr), dial(t, addr)
	watcher.do("AUTH", "secret")
	watcher.send(encode("MONITOR"))
	watcher.expect("+OK\r\n")
	shows := func(want string) {
		t.Helper()
		got := watcher.reply()
		_, text, _ := strings.Cut(got, "] ")
		if text != want+"\r\n" || !strings.Contains(got, "[0 "+c.LocalAddr().String()+"]") {
			t.Fatalf("got %q, want %q", got, want)
		}
	}
	c.do("AUTH", "secret")
	c.do("HELLO", "3", "AUTH", "default", "secret")
	c.do("CONFIG", "GET", "*")
	c.do("SET", "key", "a\"b\\c\r\n\x00\xff")
	shows(`"SET" "key" "a\"b\\c\r\n\x00\xff"`)
	c.do("get", strings.Repeat("k", push.MonitorArgument+5))
	shows(`"get" "` + strings.Repeat("k", push.MonitorArgument) + `"... (5 more bytes)`)
	c.do("NOSUCH")
	c.send(encode("PING") + encode("DEL", "a", "b"))
	shows(`"PING"`)
	shows(`"DEL" "a" "b"`)

	// The watcher may go on with commands of its own, and stop watching.
	watcher.send(encode("CLIENT", "INFO"))
	if got := watcher.reply(); !strings.Contains(got, `"CLIENT" "INFO"`) && !strings.Contains(got, "flags=O") {
		t.Fatalf("%q", got)
	}
	_ = watcher.reply()
	watcher.send(encode("RESET"))
	for got := ""; got != "+RESET\r\n"; got = watcher.reply() {
		if got != "" && !strings.Contains(got, `"RESET"`) {
			t.Fatalf("%q", got)
		}
	}
	c.reply() // of PING
	c.reply()
	c.do("SET", "unseen", "1")
	watcher.do("AUTH", "secret")
	if got := watcher.do("PING"); got != "+PONG\r\n" {
		t.Fatalf("%q", got)
	}
	if s.hooks.armed.Load() {
		t.Error("sessions still look before each command")
	}
}

// answered tells whether a reply comes within a moment.
func (c *client) answered() bool {
	_ = c.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	_, err := c.in.Peek(1)
	_ = c.SetReadDeadline(time.Now().Add(20 * time.Second))
	return err == nil
}

func TestPause_Write_HoldsWritesOnly(t *testing.T) {
	addr := serve(t, Config{}, newFake(t)).Addr().String()
	admin, c := dial(t, addr), dial(t, addr)
	admin.do("CLIENT", "PAUSE", "100000", "WRITE")
	if got := c.do("GET", "a"); got != "$-1\r\n" {
		t.Fatalf("a read while writes are paused: %q", got)
	}
	c.send(encode("PING") + encode("SET", "a", "1") + encode("GET", "a"))
	c.expect("+PONG\r\n")
	if c.answered() {
		t.Fatalf("a write while writes are paused: %q", c.reply())
	}
	admin.do("CLIENT", "UNPAUSE")
	c.expect("+OK\r\n")
	c.expect("$1\r\n1\r\n")
}

func TestPause_All_EndsByItself(t *testing.T) {
	s := serve(t, Config{}, newFake(t))
	c := dial(t, s.Addr().String())
	began := time.Now()
	c.do("CLIENT", "PAUSE", "50")
	c.do("CLIENT", "PAUSE", "1") // does not shorten it
	if got := c.do("PING"); got != "+PONG\r\n" {
		t.Fatalf("%q", got)
	}
	if took := time.Since(began); took < 50*time.Millisecond {
		t.Errorf("answered after %v of a pause of 50 ms", took)
	}
	if s.hooks.armed.Load() {
		t.Error("sessions still look before each command")
	}
}

func TestPause_WhenTheServerStops_Ends(t *testing.T) {
	store := newFake(t)
	s := newServer(t, Config{}, store)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	c := dial(t, s.Addr().String())
	c.do("CLIENT", "PAUSE", "1000000")
	c.send(encode("SET", "a", "1"))
	if c.answered() {
		t.Fatal("not paused")
	}
	stop()
	c.expect("+OK\r\n")
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestSlowlog_Get_ShowsSlowCommands(t *testing.T) {
	addr := serve(t, Config{}, newFake(t)).Addr().String()
	c := dialRedis(t, addr, 3, "")
	ctx := t.Context()
	c.ConfigSet(ctx, "slowlog-log-slower-than", "0")
	args := []any{"MGET", strings.Repeat("k", 200)}
	for i := range 40 {
		args = append(args, fmt.Sprint(i))
	}
	if err := c.Do(ctx, args...).Err(); err != nil {
		t.Fatal(err)
	}
	p := c.Pipeline()
	for range 5 {
		p.Get(ctx, "piped")
	}
	if _, err := p.Exec(ctx); err == nil {
		t.Fatal("a missing key was found")
	}
	c.ConfigSet(ctx, "requirepass", "sesame")
	c.ConfigSet(ctx, "slowlog-log-slower-than", "-1")
	log, err := c.SlowLogGet(ctx, 10).Result()
	if err != nil || len(log) < 3 {
		t.Fatalf("%+v, %v", log, err)
	}
	log = slices.DeleteFunc(log, func(e redis.SlowLog) bool { return e.Args[0] == "client" || e.Args[0] == "hello" }) // the library's own
	if got := strings.Join(log[0].Args, " "); got != "config (redacted)" {
		t.Errorf("a password: %q", got)
	}
	if got := strings.Join(log[1].Args, " "); got != "get piped ... (4 more commands of the pipeline)" {
		t.Errorf("a pipeline: %q", got)
	}
	many := log[2]
	if len(many.Args) != 32 || many.Args[1] != strings.Repeat("k", 128)+"... (72 more bytes)" || many.Args[31] != "... (11 more arguments)" {
		t.Errorf("a long command: %d arguments, %q", len(many.Args), many.Args)
	}
	if many.ClientAddr == "" || many.ID < log[len(log)-1].ID {
		t.Errorf("%+v", many)
	}
}

func TestLatency_SlowCommand_IsASample(t *testing.T) {
	c := dial(t, serve(t, Config{Chaos: true}, newFake(t)).Addr().String())
	c.do("CONFIG", "SET", "latency-monitor-threshold", "10")
	if got := c.do("DEBUG", "SLEEP", "0.02"); got != "+OK\r\n" {
		t.Fatalf("%q", got)
	}
	c.do("CONFIG", "SET", "latency-monitor-threshold", "0")
	if got := render(c.do("LATENCY", "LATEST")); !strings.HasPrefix(got, "*1 *4 $7 command :") {
		t.Errorf("%q", got)
	}
	if got := render(c.do("LATENCY", "HISTORY", "command")); !strings.HasPrefix(got, "*1 *2 :") {
		t.Errorf("%q", got)
	}
	for _, command := range []string{"GRAPH command", "DOCTOR"} {
		if got := c.do(append([]string{"LATENCY"}, strings.Fields(command)...)...); !strings.Contains(got, "command: 1") {
			t.Errorf("%s: %q", command, got)
		}
	}
	if got := c.do("LATENCY", "RESET"); got != ":1\r\n" {
		t.Errorf("%q", got)
	}
	if got := c.do("LATENCY", "LATEST"); got != "*0\r\n" {
		t.Errorf("%q", got)
	}
}

func TestDebug_WithoutChaos_IsRefused(t *testing.T) {
	c := dial(t, serve(t, Config{}, newFake(t)).Addr().String())
	if got := c.do("DEBUG", "SLEEP", "100"); !strings.HasPrefix(got, "-ERR DEBUG command not allowed.") {
		t.Errorf("%q", got)
	}
}

func TestDebug_Sleep_HoldsOthers(t *testing.T) {
	addr := serve(t, Config{Chaos: true}, newFake(t)).Addr().String()
	sleeper, c := dial(t, addr), dial(t, addr)
	sleeper.send(encode("DEBUG", "SLEEP", "1000"))
	for c.send(encode("PING")); c.answered(); c.send(encode("PING")) {
		c.expect("+PONG\r\n")
	}
	if got := dial(t, addr).do("CLIENT", "UNPAUSE"); got != "+OK\r\n" {
		t.Errorf("%q", got)
	}
	c.expect("+PONG\r\n")
}

func TestShutdown_AsksTheProcess(t *testing.T) {
	asked := make(chan struct{}, 1)
	addr := serve(t, Config{Shutdown: func() { asked <- struct{}{} }}, newFake(t)).Addr().String()
	c := dial(t, addr)
	if got := c.do("SHUTDOWN", "ABORT"); got != "-ERR No shutdown in progress.\r\n" || len(asked) > 0 {
		t.Fatalf("%q", got)
	}
	c.send(encode("SHUTDOWN", "NOSAVE", "NOW"))
	<-asked
	c.closed()
	if got := dial(t, serve(t, Config{}, newFake(t)).Addr().String()).do("SHUTDOWN"); got != "-ERR 'shutdown' is not supported: stop the process with SIGTERM\r\n" {
		t.Errorf("%q", got)
	}
}

func TestLolwut_DrawsEveryNode(t *testing.T) {
	c := dial(t, serve(t, Config{}, newFake(t)).Addr().String())
	got := c.do("LOLWUT", "VERSION", "5")
	for _, name := range []string{"A", "B", "C"} {
		if !strings.Contains(got, name+name) {
			t.Errorf("no %s in\n%s", name, got)
		}
	}
}

func TestACL_ShowsThePasswordsHashOnly(t *testing.T) {
	c := dial(t, serve(t, Config{Password: "secret"}, newFake(t)).Addr().String())
	c.do("AUTH", "secret")
	const hash = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"
	for _, command := range []string{"LIST", "GETUSER default"} {
		if got := c.do(append([]string{"ACL"}, strings.Fields(command)...)...); !strings.Contains(got, hash) || strings.Contains(got, "secret") || strings.Contains(got, "nopass") {
			t.Errorf("%s: %q", command, got)
		}
	}
}

func TestClientList_ShowsUnfinishedInput(t *testing.T) {
	addr := serve(t, Config{}, newFake(t)).Addr().String()
	behind, c := dial(t, addr), dial(t, addr)
	behind.do("CLIENT", "SETNAME", "behind")
	behind.send(encode("PING") + "*2\r\n$3\r\nGET\r\n$100\r\nunfinished")
	behind.expect("+PONG\r\n")
	deadline := time.Now().Add(10 * time.Second)
	for {
		list := c.do("CLIENT", "LIST")
		if strings.Contains(list, "name=behind") && strings.Contains(list, " qbuf=29 ") && !strings.Contains(list, " fd=0 ") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s", list)
		}
	}
}
