package server

import (
	"os"
	"strings"
	"testing"
)

// TestTable_IsSound checks what no compiler can: every row can be run, named
// and found.
func TestTable_IsSound(t *testing.T) {
	table := newTable()
	for _, c := range table.counted {
		if c.name != strings.ToLower(c.name) || len(c.name) > len(nameBuffer{}) {
			t.Errorf("%s: its name cannot be found", c.full)
		}
		if c.summary == "" || c.group == "" || c.since == "" || c.acl == "" || c.arity == 0 {
			t.Errorf("%s: incomplete", c.full)
		}
		if runs := c.plan != nil || c.run != nil; runs == (len(c.subcommands) > 0) && c.name != "command" {
			t.Errorf("%s: a command runs, a container has subcommands", c.full)
		}
		if (c.first == 0) != (c.access == "") || (c.first == 0) != (c.step == 0) {
			t.Errorf("%s: keys without access, or the reverse", c.full)
		}
		if got := table.findFull([]byte(strings.ToUpper(c.full))); got != c {
			t.Errorf("%s: found %v", c.full, got)
		}
		if c.summary != "" && strings.Contains(c.summary, "|") {
			t.Errorf("%s: its summary breaks the README's table", c.full)
		}
		if _, both := unsupported[c.full]; both {
			t.Errorf("%s: supported and not", c.full)
		}
	}
}

// TestREADME_TellsTheCommands holds the README to the table; -update writes it.
func TestREADME_TellsTheCommands(t *testing.T) {
	const path = "../README.md"
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for _, want := range []string{CommandTable(), RefusedTable()} {
		head, _, _ := strings.Cut(want, "\n")
		before, table, found := strings.Cut(text, head)
		if !found {
			t.Fatalf("%s has no table that begins with %s", path, head)
		}
		table, after, _ := strings.Cut(head+table, "\n\n")
		if table += "\n"; table != want && !*rewrite {
			t.Errorf("%s: the table of commands is not the server's; 'go test ./server -run README -update' writes it", path)
		}
		text = before + want + "\n" + after
	}
	if *rewrite {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
