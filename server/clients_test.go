package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// dialRedis makes a go-redis client in one of the two protocols.
func dialRedis(t testing.TB, addr string, protocol int, password string) *redis.Client {
	t.Helper()
	c := redis.NewClient(&redis.Options{Addr: addr, Protocol: protocol, Password: password, ClientName: "test", MaxRetries: -1})
	t.Cleanup(func() { c.Close() })
	return c
}

func TestGoRedis_BothProtocols(t *testing.T) {
	addr := serve(t, Config{Password: "secret"}, newFake(t)).Addr().String()
	for _, protocol := range []int{2, 3} {
		t.Run(fmt.Sprintf("RESP%d", protocol), func(t *testing.T) {
			c, ctx := dialRedis(t, addr, protocol, "secret"), t.Context()
			check := func(what string, got, want any, err error) {
				t.Helper()
				if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("%s: %v, %v, want %v", what, got, err, want)
				}
			}
			c.FlushAll(ctx)
			got, err := c.Set(ctx, "a", "1", time.Minute).Result()
			check("SET", got, "OK", err)
			got, err = c.Get(ctx, "a").Result()
			check("GET", got, "1", err)
			if _, err := c.Get(ctx, "missing").Result(); !errors.Is(err, redis.Nil) {
				t.Errorf("missing: %v", err)
			}
			set, err := c.SetNX(ctx, "a", "2", 0).Result()
			check("SET NX", set, false, err)
			ttl, err := c.TTL(ctx, "a").Result()
			check("TTL", ttl, time.Minute, err)
			n, err := c.IncrBy(ctx, "n", 5).Result()
			check("INCRBY", n, 5, err)
			f, err := c.IncrByFloat(ctx, "n", 0.5).Result()
			check("INCRBYFLOAT", f, 5.5, err)
			many, err := c.MGet(ctx, "a", "missing", "n").Result()
			check("MGET", many, []any{"1", nil, "5.5"}, err)
			deleted, err := c.Del(ctx, "a", "missing").Result()
			check("DEL", deleted, 1, err)
			name, err := c.ClientGetName(ctx).Result()
			check("CLIENT GETNAME", name, "test", err)
			config, err := c.ConfigGet(ctx, "maxmemory*").Result()
			check("CONFIG GET", config["maxmemory-policy"], "noeviction", err)
			info, err := c.InfoMap(ctx, "server").Result()
			check("INFO", info["Server"]["redis_version"], RedisVersion, err)
			about, err := c.ClientInfo(ctx).Result()
			if err != nil || about.Name != "test" || about.LibName == "" || about.Resp != protocol {
				t.Errorf("CLIENT INFO: %+v, %v", about, err)
			}
			commands, err := c.Command(ctx).Result()
			check("COMMAND", commands["get"].ReadOnly, true, err)
			check("COMMAND", commands["mset"].StepCount, 2, err)
			keys, err := c.CommandGetKeys(ctx, "MSET", "a", "1", "b", "2").Result()
			check("COMMAND GETKEYS", keys, []string{"a", "b"}, err)
			if err := c.Do(ctx, "SET", "a").Err(); err == nil || err.Error() != "ERR wrong number of arguments for 'set' command" {
				t.Errorf("arity: %v", err)
			}
			testContext(t, c)
			testPipeline(t, c)
			testScan(t, c)
		})
	}
}

// testContext makes a conflict and resolves it.
func testContext(t *testing.T, c *redis.Client) {
	ctx := t.Context()
	for _, value := range []string{"red", "blue"} {
		if err := c.Do(ctx, "SET", "colour", value, "CONTEXT", "").Err(); err != nil {
			t.Fatal(err)
		}
	}
	read, err := c.Do(ctx, "GET", "colour", "CONTEXT").Slice()
	if err != nil || len(read) != 2 || fmt.Sprint(read[1]) != "[red blue]" {
		t.Fatalf("%v, %v", read, err)
	}
	token, err := c.Do(ctx, "SET", "colour", "purple", "CONTEXT", read[0]).Text()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := c.Get(ctx, "colour").Result(); err != nil || got != "purple" {
		t.Fatalf("%q, %v", got, err)
	}
	if err := c.Do(ctx, "SET", "other", "x", "CONTEXT", token).Err(); err == nil || !strings.HasPrefix(err.Error(), "BADCONTEXT") {
		t.Fatalf("another key's context: %v", err)
	}
	if n, err := c.Do(ctx, "DEL", "colour", "CONTEXT", token).Int(); err != nil || n != 1 {
		t.Fatalf("%d, %v", n, err)
	}
}

func testPipeline(t *testing.T, c *redis.Client) {
	ctx := t.Context()
	p := c.Pipeline()
	var gets []*redis.StringCmd
	for i := range 5000 {
		p.Set(ctx, fmt.Sprintf("p%d", i), i, 0)
		gets = append(gets, p.Get(ctx, fmt.Sprintf("p%d", i)))
	}
	if _, err := p.Exec(ctx); err != nil {
		t.Fatal(err)
	}
	for i, get := range gets {
		if get.Val() != fmt.Sprint(i) {
			t.Fatalf("%d: %q", i, get.Val())
		}
	}
}

func testScan(t *testing.T, c *redis.Client) {
	ctx := t.Context()
	var found []string
	for it := c.Scan(ctx, 0, "p*", 100).Iterator(); it.Next(ctx); {
		found = append(found, it.Val())
	}
	slices.Sort(found)
	if found = slices.Compact(found); len(found) != 5000 {
		t.Fatalf("%d keys", len(found))
	}
}

// tool runs one of Redis's own programs against the server.
func tool(t *testing.T, stdin, name string, addr net.Addr, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed: not tried against it", name)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	host, port, _ := net.SplitHostPort(addr.String())
	cmd := exec.CommandContext(ctx, path, append([]string{"-h", host, "-p", port}, args...)...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return string(bytes.TrimSpace(out))
}

func TestRedisCLI(t *testing.T) {
	addr := serve(t, Config{}, newFake(t)).Addr()
	for _, x := range []struct {
		args []string
		want string
	}{
		{[]string{"set", "a", "1"}, "OK"},
		{[]string{"get", "a"}, "1"},
		{[]string{"-3", "get", "missing"}, ""},
		{[]string{"-3", "--json", "config", "get", "maxmemory"}, `{"maxmemory":"0"}`},
		{[]string{"-n", "0", "incr", "a"}, "2"},
		{[]string{"mget", "a", "b"}, "2"},
		{[]string{"--scan", "--pattern", "a*"}, "a"},
		{[]string{"dbsize"}, "1"},
		{[]string{"--no-raw", "get", "a"}, `"2"`},
		{[]string{"eval", "return 1", "0"}, "ERR 'eval' is not supported: there is no scripting; use SET with CONTEXT, INCR, APPEND or SETNX"},
	} {
		if got := tool(t, "", "redis-cli", addr, x.args...); got != x.want {
			t.Errorf("%q: %q, want %q", x.args, got, x.want)
		}
	}
	if got := tool(t, "set b 2\nget b\n\"unbalanced\nhelp get\n", "redis-cli", addr); !strings.HasPrefix(got, "OK\n2\n") {
		t.Errorf("interactive: %q", got)
	}
	for args, want := range map[string]string{
		"--bigkeys":       "Sampled 2 keys",
		"--stat -i 0.01":  "",
		"--latency --raw": "",
	} {
		if want == "" {
			continue // endless by nature
		}
		if got := tool(t, "", "redis-cli", addr, strings.Fields(args)...); !strings.Contains(got, want) {
			t.Errorf("%s: %s", args, got)
		}
	}
	pipe := strings.Repeat(encode("SET", "x", "1"), 1000)
	if got := tool(t, pipe, "redis-cli", addr, "--pipe"); !strings.Contains(got, "errors: 0, replies: 1000") {
		t.Errorf("--pipe: %s", got)
	}
}

func TestRedisBenchmark(t *testing.T) {
	addr := serve(t, Config{}, newFake(t)).Addr()
	got := tool(t, "", "redis-benchmark", addr, "-t", "ping,set,get,incr,mset", "-P", "16", "-c", "50", "-n", "20000", "-q", "-r", "1000")
	for _, want := range []string{"PING_INLINE:", "PING_MBULK:", "SET:", "GET:", "INCR:", "MSET (10 keys):"} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is missing in\n%s", want, got)
		}
	}
	if strings.Contains(strings.ToLower(got), "err") || strings.Contains(got, "WARN") {
		t.Errorf("%s", got)
	}
	t.Log(strings.ReplaceAll(got, "\r", "\n"))
}
