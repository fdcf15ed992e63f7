package main

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

var update = flag.Bool("update", false, "write SETTINGS.md")

// TestSettings_Page_IsThatOfTheTable compares SETTINGS.md with the table of settings;
// -update writes it.
func TestSettings_Page_IsThatOfTheTable(t *testing.T) {
	const path = "SETTINGS.md"
	want := settingsPage(t)
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s differs from the table of settings; 'go test ./cmd/quorate -run Page -update' writes it", path)
	}
}

func settingsPage(t *testing.T) string {
	t.Helper()
	cli, err := parse(t, "server")
	if err != nil {
		t.Fatal(err)
	}
	server, demo := cli.Server.settings.table, cli.Demo.settings.table
	var b strings.Builder
	b.WriteString(`# Settings

Each setting is a flag of ` + "`quorate server`, a variable (`QUORATE_` and the name in capitals, `_` for `-`), and a line of the\n" +
		"`--config` file (YAML, `name: value`). A flag wins over a variable, a variable over the file, the file over the default.\n" +
		"`CONFIG SET` changes the settings marked *live* while the node runs, and `CONFIG REWRITE` writes what it changed into the file,\n" +
		"except for what the cluster keeps by itself: N, R, W and the conflict policy.\n\n" +
		"Sizes are bytes, or a number with a unit: `kb`, `mb`, `gb` (powers of 1024), `k`, `m`, `g` (powers of 1000). Times are a number with\n" +
		"a unit (`500ms`, `2s`, `1h30m`, `10d`), or seconds.\n\n" +
		"This page is generated from the table in config.go by `go test ./cmd/quorate -run Page -update`.\n" + `
## quorate server
`)
	writeTable(&b, server, nil)
	b.WriteString("\n## quorate demo\n\nThese differ from those of `quorate server`; the other settings are the same, without those of names and addresses.\n")
	writeTable(&b, demo, server)
	return b.String()
}

// writeTable writes the rows of a table by group; with base, only those that differ
// from the rows of base.
func writeTable(b *strings.Builder, table, base []setting) {
	known := make(map[string]string)
	for _, s := range base {
		known[s.name] = s.value.fallback + s.help
	}
	group := "-"
	for _, s := range table {
		if known[s.name] == s.value.fallback+s.help {
			continue
		}
		if s.group != group {
			group = s.group
			fmt.Fprintf(b, "\n### %s\n\n| setting | default | bounds | live | meaning |\n|---|---|---|---|---|\n", cmp.Or(group, "General"))
		}
		fallback, live := "", ""
		if s.value.fallback != "" {
			fallback = "`" + s.value.fallback + "`"
		}
		if s.live {
			live = "live"
		}
		fmt.Fprintf(b, "| `--%s` | %s | %s | %s | %s |\n", s.name, fallback, s.value.bounds, live, strings.ReplaceAll(s.help, "|", "\\|"))
	}
}

// TestSettings_Names_AreDistinct tells two rows of one name apart, which kong would
// take for one flag.
func TestSettings_Names_AreDistinct(t *testing.T) {
	cli, err := parse(t, "server")
	if err != nil {
		t.Fatal(err)
	}
	for command, table := range map[string][]setting{"server": cli.Server.settings.table, "demo": cli.Demo.settings.table} {
		seen := make(map[string]bool)
		for _, s := range table {
			if seen[s.name] {
				t.Errorf("%s: --%s stands twice in the table", command, s.name)
			}
			seen[s.name] = true
		}
	}
}

// sample returns a text that a setting takes, and that is not its default if it may be
// another one.
func (s *setting) sample() string {
	if _, most, ranged := strings.Cut(s.value.bounds, " to "); ranged {
		return most
	}
	words := strings.Split(s.value.bounds, ", ")
	switch last := words[len(words)-1]; {
	case s.value.target.Kind() == reflect.Bool:
		return "true"
	case last == "":
		return "127.0.0.1:1"
	case last == s.value.fallback:
		return words[0]
	default:
		return last
	}
}

// TestSettings_EveryRow_IsReachedByFlagVariableAndFile sets each row of the table, alone, in
// each of the three ways.
func TestSettings_EveryRow_IsReachedByFlagVariableAndFile(t *testing.T) {
	tables := map[string]func(*commands) []setting{
		"server": func(c *commands) []setting { return c.Server.settings.table },
		"demo":   func(c *commands) []setting { return c.Demo.settings.table },
	}
	for command, tableOf := range tables {
		defaults, err := parse(t, command)
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range tableOf(defaults) {
			if row.name == "config" { // names the file
				continue
			}
			sample := row.sample()
			value := func(t *testing.T, args ...string) any {
				cli, err := parse(t, append([]string{command}, args...)...)
				if err != nil {
					t.Fatal(err)
				}
				return tableOf(cli)[i].value.target.Interface()
			}
			flag := value(t, "--"+row.name+"="+sample)
			if reflect.DeepEqual(flag, row.value.target.Interface()) && sample != row.value.fallback {
				t.Errorf("%s --%s=%s changes nothing", command, row.name, sample)
			}
			if file := value(t, "--config", settingsPath(t, row.name+": "+sample+"\n")); !reflect.DeepEqual(file, flag) {
				t.Errorf("%s: the file sets %s to %v, the flag to %v", command, row.name, file, flag)
			}
			t.Run(command+"/"+row.name, func(t *testing.T) {
				t.Setenv("QUORATE_"+strings.ToUpper(strings.ReplaceAll(row.name, "-", "_")), sample)
				if variable := value(t); !reflect.DeepEqual(variable, flag) {
					t.Errorf("the variable sets it to %v, the flag to %v", variable, flag)
				}
			})
		}
	}
}

// TestSettings_Live_AreThoseOfConfigSet sets every setting that CONFIG shows to the
// value that it has: a row of the table is marked live if and only if that is allowed.
func TestSettings_Live_AreThoseOfConfigSet(t *testing.T) {
	d, _ := startDemo(t, "--nodes", "1")
	client := redis.NewClient(&redis.Options{Addr: d.nodes[0].member.ClientAddr})
	t.Cleanup(func() { _ = client.Close() })
	shown, err := client.ConfigGet(t.Context(), "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range d.settings.table {
		value, known := shown[s.name]
		if s.live && !known {
			t.Errorf("--%s is live, but CONFIG GET does not show it", s.name)
		}
		if !known {
			continue
		}
		delete(shown, s.name)
		if err := client.ConfigSet(t.Context(), s.name, value).Err(); (err == nil) != s.live {
			t.Errorf("--%s is live: %v, but CONFIG SET answers %v", s.name, s.live, err)
		}
	}
	for name, value := range shown {
		if err := client.ConfigSet(t.Context(), name, value).Err(); err == nil {
			t.Errorf("CONFIG SET takes %s, which is not in the table", name)
		}
	}
}

func TestSettings_PasswordOfAReachableNode_CannotBeTakenAway(t *testing.T) {
	for _, test := range []struct {
		args string
		want bool
	}{
		{"", true},
		{"--requirepass p", true},
		{"--requirepass p --client-addr :6379", false},
		{"--requirepass p --admin-addr 0.0.0.0:8001", false},
		{"--requirepass p --admin-addr 0.0.0.0:8001 --admin-token t", true},
		{"--requirepass p --admin-addr 0.0.0.0:8001 --admin-token t --client-addr 10.0.0.1:6379", false},
		{"--client-addr :6379 --insecure", true},
	} {
		cli, err := parse(t, append([]string{"server"}, strings.Fields(test.args)...)...)
		if err != nil {
			t.Fatal(err)
		}
		if got := cli.Server.mayHaveNoPassword(); got != test.want {
			t.Errorf("%s: %v, want %v", test.args, got, test.want)
		}
	}
}

func TestSettings_PortGivenTwice_IsReportedBeforeAnythingStarts(t *testing.T) {
	for args, want := range map[string]string{
		"--client-addr 127.0.0.1:7946":                                     "--client-addr and --peer-addr are both on port 7946",
		"--peer-addr 127.0.0.1:8001":                                       "--peer-addr and --admin-addr are both on port 8001",
		"--client-addr :8001 --requirepass p":                              "--client-addr and --admin-addr are both on port 8001",
		"--client-addr 127.0.0.1:7 --peer-addr 10.0.0.1:7 --peer-secret s": "",
	} {
		cli, err := parse(t, append([]string{"server"}, strings.Fields(args)...)...)
		if err != nil {
			t.Fatal(err)
		}
		err = cli.Server.check()
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", args, err, want)
		}
	}
}
