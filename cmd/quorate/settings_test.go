package main

import (
	"flag"
	"fmt"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/quorate/quorate/cluster/core/ring"
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
	var cli commands
	parser, err := newParser(&cli, console{}, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	var server, demo *kong.Node
	for _, command := range parser.Model.Children {
		switch command.Name {
		case "server":
			server = command
		case "demo":
			demo = command
		}
	}
	var b strings.Builder
	b.WriteString(`# Settings

Each setting is a flag of ` + "`quorate server`, a variable (`QUORATE_` and the name in capitals, `_` for `-`), and a line of the\n" +
		"`--config` file (YAML, `name: value`). A flag wins over a variable, a variable over the file, the file over the default.\n" +
		"`CONFIG SET` changes many settings while the node runs, and `CONFIG REWRITE` writes what it changed into the file.\n\n" +
		"Sizes are bytes, or a number with a unit: `kb`, `mb`, `gb` (powers of 1024), `k`, `m`, `g` (powers of 1000). Times are a number with\n" +
		"a unit (`500ms`, `2s`, `1h30m`, `10d`), or seconds.\n\n" +
		"This page is generated from the table in config.go by `go test ./cmd/quorate -run Page -update`.\n" + `
## quorate server
`)
	table(&b, server, nil)
	b.WriteString("\n## quorate demo\n\nThese differ from those of `quorate server`; the other settings are the same, without those of names and addresses.\n")
	table(&b, demo, server)
	return b.String()
}

// table writes the flags of a command by group; with base, only those that differ
// from the flags of base.
func table(b *strings.Builder, command, base *kong.Node) {
	known := make(map[string]string)
	if base != nil {
		for _, f := range base.Flags {
			known[f.Name] = f.Default + f.Help
		}
	}
	group := "-"
	for _, f := range command.Flags {
		if f.Name == "help" || f.Name == "version" || known[f.Name] == f.Default+f.Help {
			continue
		}
		title := "General"
		if f.Group != nil {
			title = f.Group.Title
		}
		if title != group {
			group = title
			fmt.Fprintf(b, "\n### %s\n\n| setting | default | bounds | meaning |\n|---|---|---|---|\n", title)
		}
		fallback := ""
		if f.Default != "" {
			fallback = "`" + f.Default + "`"
		}
		fmt.Fprintf(b, "| `--%s` | %s | %s | %s |\n", f.Name, fallback, bounds(f), strings.ReplaceAll(f.Help, "|", "\\|"))
	}
}

// bounds formats the bounds of a setting, as boundsFaults checks them.
func bounds(f *kong.Flag) string {
	if words := f.Tag.Get("oneof"); words != "" {
		return strings.ReplaceAll(words, ",", ", ")
	}
	highest := f.Tag.Get("max")
	if highest == "" {
		return ""
	}
	lowest := f.Tag.Get("min")
	if lowest == "" {
		lowest = "0"
	}
	return lowest + " to " + highest
}

// TestSettings_BoundsOfQuorums_AreThoseOfTheRing holds the bounds in the table, which
// are text in struct tags, to the constants that the ring checks by.
func TestSettings_BoundsOfQuorums_AreThoseOfTheRing(t *testing.T) {
	table := reflect.TypeFor[quorumSettings]()
	for name, want := range map[string]int{"N": ring.MaxReplicas, "R": ring.MaxReplicas, "W": ring.MaxReplicas, "Partitions": ring.Slots} {
		field, _ := table.FieldByName(name)
		if got := field.Tag.Get("max"); got != strconv.Itoa(want) {
			t.Errorf("--%s may be up to %s, want %d", flagName(field), got, want)
		}
	}
}
