package server

import (
	"strings"
	"testing"
)

// TestTable_EveryRow_IsSound checks what no compiler can: every row can be run,
// named and found.
func TestTable_EveryRow_IsSound(t *testing.T) {
	table := documentedTable()
	for _, r := range table.All() {
		if r.Name != strings.ToLower(r.Name) {
			t.Errorf("%s: its name cannot be found", r.Full())
		}
		if r.Summary == "" || r.Group == "" || r.Since == "" || r.Categories == "" || r.Arity == 0 || r.Complexity == "" {
			t.Errorf("%s: incomplete", r.Full())
		}
		if runs := r.Plan != nil || r.Run != nil; runs == (len(r.Subcommands) > 0) && r.Name != "command" {
			t.Errorf("%s: a command runs, a container has subcommands", r.Full())
		}
		if named := r.Keys.First > 0 || r.Keys.Counted > 0 || r.Keys.Named != nil; named != (r.Keys.Access != "") || (r.Keys.First == 0) != (r.Keys.Step == 0) {
			t.Errorf("%s: keys without access, or the reverse", r.Full())
		}
		if got := table.FindFull([]byte(strings.ToUpper(r.Full()))); got != r {
			t.Errorf("%s: found %v", r.Full(), got)
		}
		if strings.Contains(r.Summary, "|") {
			t.Errorf("%s: its summary breaks the table of COMMANDS.md", r.Full())
		}
		if r.Traceable && r.Plan == nil {
			t.Errorf("%s: DYNAMO TRACE can only plan it", r.Full())
		}
		if _, both := table.Refused()[r.Full()]; both {
			t.Errorf("%s: supported and refused", r.Full())
		}
	}
}

// TestTable_EveryCommand_StandsInAWireScript holds each command and subcommand to
// at least one exact reply, or to a test that says why it cannot have one.
func TestTable_EveryCommand_StandsInAWireScript(t *testing.T) {
	covered := map[string]bool{}
	for _, kind := range []string{"redis", "cluster", "quorate"} {
		for _, path := range scripts(t, kind) {
			for _, x := range parseScript(t, path) {
				name := strings.ToLower(x.args[0])
				covered[name] = true
				if len(x.args) > 1 {
					covered[name+"|"+strings.ToLower(x.args[1])] = true
				}
			}
		}
	}
	for name := range strings.FieldsSeq(elsewhere) {
		covered[name] = true
	}
	for _, r := range documentedTable().All() {
		if len(r.Subcommands) == 0 && r.Name != "help" && !covered[r.Full()] {
			t.Errorf("%s has no exact reply in testdata/wire", r.Full())
		}
	}
}

// elsewhere are the commands whose replies no script can hold, and which other
// tests of this package check.
const elsewhere = "quit dynamo|trace dynamo|preflist dynamo|versions"
