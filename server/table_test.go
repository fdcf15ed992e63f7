package server

import (
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
		if _, both := unsupported[c.full]; both {
			t.Errorf("%s: supported and not", c.full)
		}
	}
}

func TestCommandTable_HasARowForEachCommand(t *testing.T) {
	text := CommandTable()
	for _, want := range []string{"| `GET` | ", "| `CLIENT QUORUM` | ", "| `COMMAND` | ", "| `OBJECT ENCODING` | "} {
		if !strings.Contains(text, want) {
			t.Errorf("no row %q", want)
		}
	}
}
