package server

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/quorate/quorate/server/resp"
)

var rewrite = flag.Bool("update", false, "rewrite the expected replies in testdata/wire with what the server answers")

// A script in testdata/wire is a conversation: a line starting with > is a
// command, the next line the exact reply, with each CR LF as one blank. A reply in
// slashes is a regular expression.
//
// The scripts in testdata/wire/redis hold for a Redis outside of a cluster as
// well, those in testdata/wire/cluster for one in a cluster, and are checked
// against a real one where it is installed; a reply marked "quorate:" is one that
// Redis would give otherwise. Those in testdata/wire/quorate are our own.
type exchange struct {
	line    int
	args    []string
	ours    bool
	want    string
	comment string
}

func parseScript(t testing.TB, path string) []exchange {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var script []exchange
	var comment []string
	for i, line := range strings.Split(strings.TrimSuffix(string(data), "\n"), "\n") {
		switch command, isCommand := strings.CutPrefix(line, "> "); {
		case isCommand:
			words, err := resp.SplitInline(nil, []byte(command))
			if err != nil {
				t.Fatalf("%s:%d: %v", path, i+1, err)
			}
			var args []string
			for _, w := range words {
				args = append(args, string(w))
			}
			script = append(script, exchange{line: i + 1, args: args, comment: strings.Join(append(comment, line), "\n")})
			comment = nil
		case line == "" || line[0] == '#':
			comment = append(comment, line)
		case len(script) == 0 || script[len(script)-1].want != "":
			t.Fatalf("%s:%d: a reply without a command", path, i+1)
		default:
			x := &script[len(script)-1]
			x.want, x.ours = strings.CutPrefix(line, "quorate: ")
		}
	}
	return script
}

// render makes a raw reply one readable line.
func render(raw string) string {
	raw = strings.TrimSuffix(raw, "\r\n")
	quoted := strconv.Quote(strings.ReplaceAll(raw, "\r\n", " "))
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}

func (x *exchange) accepts(got string) bool {
	if len(x.want) > 1 && x.want[0] == '/' && x.want[len(x.want)-1] == '/' {
		return regexp.MustCompile(`^(?:` + x.want[1:len(x.want)-1] + `)$`).MatchString(got)
	}
	return got == x.want
}

func scripts(t testing.TB, kind string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", "wire", kind, "*.txt"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no scripts of kind %s: %v", kind, err)
	}
	slices.Sort(paths)
	return paths
}

// TestServer_Wire_RepliesExactly plays every script.
func TestServer_Wire_RepliesExactly(t *testing.T) {
	count := 0
	for _, path := range slices.Concat(scripts(t, "redis"), scripts(t, "cluster"), scripts(t, "quorate")) {
		kind := filepath.Base(filepath.Dir(path))
		t.Run(kind+"/"+filepath.Base(path), func(t *testing.T) {
			s := serve(t, Config{Standalone: kind == "redis"}, newFake(t))
			c := dial(t, s.Addr().String())
			script := parseScript(t, path)
			var rewritten strings.Builder
			for i := range script {
				x := &script[i]
				got := render(c.do(x.args...))
				ok := x.accepts(got)
				if !ok && !*rewrite {
					t.Errorf("%s:%d: %s\n got %s\nwant %s", path, x.line, strings.Join(x.args, " "), got, x.want)
				}
				if !ok {
					x.want = got
				}
				mark := ""
				if x.ours {
					mark = "quorate: "
				}
				fmt.Fprintf(&rewritten, "%s\n%s%s\n", x.comment, mark, x.want)
			}
			count += len(script)
			if *rewrite {
				if err := os.WriteFile(path, []byte(rewritten.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
	t.Logf("%d replies compared", count)
}

// TestServer_Wire_AgreesWithRedis plays the scripts against a real Redis, so
// that the expectations are Redis's and not ours.
func TestServer_Wire_AgreesWithRedis(t *testing.T) {
	for kind, addr := range map[string]string{"redis": startRedis(t), "cluster": startRedisCluster(t)} {
		count := 0
		for _, path := range scripts(t, kind) {
			c := dial(t, addr)
			c.do("FLUSHALL")
			for _, x := range parseScript(t, path) {
				got := render(c.do(x.args...))
				if x.ours {
					continue
				}
				count++
				if !x.accepts(got) {
					t.Errorf("%s:%d: %s\nredis %s\n want %s", path, x.line, strings.Join(x.args, " "), got, x.want)
				}
			}
			c.Close()
		}
		t.Logf("%s: %d replies compared", kind, count)
	}
}

// startRedisCluster runs a real cluster of one node.
func startRedisCluster(t testing.TB) string {
	t.Helper()
	addr := startRedis(t, "--cluster-enabled", "yes")
	c := dial(t, addr)
	defer c.Close()
	c.do("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
	for range 500 {
		if strings.Contains(c.do("CLUSTER", "INFO"), "cluster_state:ok") {
			return addr
		}
		time.Sleep(20 * time.Millisecond) // another process: there is nothing to wait on
	}
	t.Fatal("redis-server does not form a cluster of one")
	return ""
}

// startRedis runs a real redis-server on a free port until the test ends.
func startRedis(t testing.TB, args ...string) string {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("redis-server is not installed: replies are not compared with the real ones")
	}
	addr := freeAddr(t)
	_, port, _ := net.SplitHostPort(addr)
	_, bus, _ := net.SplitHostPort(freeAddr(t))
	cmd := exec.Command(path, append([]string{"--port", port, "--cluster-port", bus, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
		"--databases", "1", "--dir", t.TempDir()}, args...)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for range 100 {
		conn, err := net.DialTimeout("tcp", addr, time.Second)
		if err == nil {
			conn.Close()
			return addr
		}
		time.Sleep(20 * time.Millisecond) // another process: there is nothing to wait on
	}
	t.Fatalf("redis-server does not answer on %s", addr)
	return ""
}

// freeAddr is a loopback address that nobody listens on. It lies below those of
// outgoing connections, one of which might take it before its server does.
func freeAddr(t testing.TB) string {
	t.Helper()
	const first, last = 32000, 32700
	for _, i := range rand.Perm(last - first) {
		if l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(first+i))); err == nil {
			_ = l.Close()
			return l.Addr().String()
		}
	}
	t.Fatalf("no port is free from %d to %d", first, last)
	return ""
}
