package main

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"github.com/quorate/quorate/engine"
)

// parse reads a command line as main does, without running the command.
func parse(t *testing.T, args ...string) (*commands, error) {
	t.Helper()
	var cli commands
	parser, err := newParser(&cli, console{out: new(bytes.Buffer), err: new(bytes.Buffer)}, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	_, err = parser.Parse(args)
	return &cli, err
}

func settingsPath(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "quorate.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSettings_NoFlagAtAll_IsOneWorkingNode(t *testing.T) {
	cli, err := parse(t, "server")
	if err != nil {
		t.Fatal(err)
	}
	if err := cli.Server.check(); err != nil {
		t.Fatal(err)
	}
	s := cli.Server.settings
	if n := s.node; n.Name != "A" || n.N != 3 || n.Store.Durability != engine.Always || n.TombstoneGrace != 240*time.Hour || n.GossipProfile != "lan" {
		t.Errorf("defaults of the node: %+v", n)
	}
	if c := s.client; c.Addr != "127.0.0.1:6379" || c.ProtoMaxBulkLen != 512<<20 {
		t.Errorf("defaults of the client port: %+v", c)
	}
}

func TestSettings_Demo_HasItsOwnDefaults(t *testing.T) {
	cli, err := parse(t, "demo")
	if err != nil {
		t.Fatal(err)
	}
	if err := cli.Demo.check(); err != nil {
		t.Fatal(err)
	}
	if d := cli.Demo.settings; d.node.Store.CacheBytes != 32<<20 || d.node.GossipProfile != "local" || d.log.level != slog.LevelWarn {
		t.Errorf("defaults: %+v", d)
	}
}

func TestSettings_Sources_FlagBeforeVariableBeforeFileBeforeDefault(t *testing.T) {
	file := settingsPath(t, "n: 5\nr: 3\nw: 4\njoin: [10.0.0.1:7946, 10.0.0.2:7946]\ncache-size: 1gb\nchaos: true\n")
	t.Setenv("QUORATE_N", "7")
	t.Setenv("QUORATE_R", "6")
	cli, err := parse(t, "server", "--config", file, "--n", "9")
	if err != nil {
		t.Fatal(err)
	}
	if err := cli.Server.check(); err != nil {
		t.Fatal(err)
	}
	n := cli.Server.settings.node
	if n.N != 9 || n.R != 6 || n.W != 4 || n.Partitions != 256 {
		t.Errorf("n=%d r=%d w=%d partitions=%d, want 9 by the flag, 6 by the variable, 4 by the file, 256 by default", n.N, n.R, n.W, n.Partitions)
	}
	if !slices.Equal(n.Join, []string{"10.0.0.1:7946", "10.0.0.2:7946"}) || n.Store.CacheBytes != 1<<30 || !cli.Server.chaos {
		t.Errorf("from the file: join %v, cache-size %v, chaos %v", n.Join, n.Store.CacheBytes, cli.Server.chaos)
	}
}

func TestSettings_FileNamedByVariable_IsRead(t *testing.T) {
	t.Setenv("QUORATE_CONFIG", settingsPath(t, "name: Z\n"))
	cli, err := parse(t, "server")
	if err != nil || cli.Server.settings.node.Name != "Z" {
		t.Errorf("name %q, %v", cli.Server.settings.node.Name, err)
	}
}

func TestSettings_BadFile_IsReportedInPlainWords(t *testing.T) {
	for _, test := range []struct{ file, want string }{
		{"client_addr: 127.0.0.1:1\n", `there is no setting "client_addr": do you mean "client-addr"?`},
		{"n: 3\ndurabilty: always\nzzzzzzzzzzzzzzz: 1\n", `there is no setting "zzzzzzzzzzzzzzz"`},
		{"n: 3\ndurabilty: always\n", `:2: there is no setting "durabilty"`},
		{"n: {a: b}\n", "n: write a plain value, or a list of them"},
		{"n: many\n", "--n"},
		{"n: [\n", "yaml"},
	} {
		_, err := parse(t, "server", "--config", settingsPath(t, test.file))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: %v, want %s", test.file, err, test.want)
		}
	}
	if _, err := parse(t, "server", "--config", "/does/not/exist.yaml"); err == nil || !strings.Contains(err.Error(), "exist.yaml") {
		t.Errorf("missing file: %v", err)
	}
}

func TestCheck_ManyFaults_AreAllReported(t *testing.T) {
	cli, err := parse(t, "server", "--name", "a b", "--n", "0", "--r", "2", "--partitions", "100", "--durability", "never",
		"--client-addr", "0.0.0.0:6379", "--peer-addr", "nonsense", "--join", "host", "--timeout", "30000d", "--hint-age", "9d", "--tombstone-grace", "1h")
	if err != nil {
		t.Fatal(err)
	}
	err = cli.Server.check()
	if err == nil {
		t.Fatal("no fault found")
	}
	for _, want := range []string{
		"--name", "--n is 0, but must be from 1 to 16", "--partitions is 100", `--durability is "never", but must be one of always, interval`,
		"--client-addr \"0.0.0.0:6379\" can be reached from other machines: set --requirepass", "--peer-addr \"nonsense\"", "--join \"host\"",
		"--timeout is 30000d", "--tombstone-grace is 1h,",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not in:\n%v", want, err)
		}
	}
}

func TestCheck_BeyondLoopback_NeedsASecretOrInsecure(t *testing.T) {
	for _, test := range []struct {
		args []string
		ok   bool
	}{
		{[]string{"--client-addr", ":6379"}, false},
		{[]string{"--client-addr", ":6379", "--requirepass", "x"}, true},
		{[]string{"--admin-addr", "10.1.2.3:8001"}, false},
		{[]string{"--peer-addr", "[::]:7946", "--requirepass", "x"}, false},
		{[]string{"--peer-addr", "[::]:7946", "--peer-secret", "x"}, true},
		{[]string{"--peer-addr", "[::]:7946", "--client-addr", ":1", "--insecure"}, true},
		{[]string{"--client-addr", "[::1]:6379", "--peer-addr", "localhost:7946"}, true},
	} {
		cli, err := parse(t, append([]string{"server"}, test.args...)...)
		if err != nil {
			t.Fatal(err)
		}
		if err := cli.Server.check(); (err == nil) != test.ok {
			t.Errorf("%v: %v", test.args, err)
		}
	}
}

func TestTable_EverySetting_HasHelpAndBoundsThatHoldItsDefault(t *testing.T) {
	for _, command := range []string{"server", "demo"} {
		cli, err := parse(t, command)
		if err != nil {
			t.Fatal(err)
		}
		faults := accept(cli.Server.settings.table)
		if command == "demo" {
			faults = accept(cli.Demo.settings.table)
		}
		if len(faults) > 0 {
			t.Errorf("%s: defaults out of bounds: %v", command, faults)
		}
	}
	var cli commands
	parser, err := newParser(&cli, console{}, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	_ = kong.Visit(parser.Model.Node, func(n kong.Visitable, next kong.Next) error {
		if flag, ok := n.(*kong.Flag); ok && flag.Help == "" {
			t.Errorf("--%s has no help", flag.Name)
		}
		return next(nil)
	})
}

func TestRun_BadCommandLine_ExitsWithTwoAndOneMessage(t *testing.T) {
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"server", "--n", "many"}, "--n"},
		{[]string{"server", "--frobnicate"}, "unknown flag --frobnicate"},
		{[]string{"server", "--r", "9"}, "--r is 9, but a key has only --n 3 replicas"},
		{[]string{"admin", "config", "q=1"}, `"q=1": write n=3, r=2, w=2 or conflict-resolution=merge`},
	} {
		var out, errs bytes.Buffer
		if code := run(context.Background(), test.args, console{out: &out, err: &errs}); code != exitUsage {
			t.Errorf("%v: exit code %d, want %d", test.args, code, exitUsage)
		}
		if !strings.Contains(errs.String(), test.want) {
			t.Errorf("%v: %q, want %s", test.args, errs.String(), test.want)
		}
	}
}
