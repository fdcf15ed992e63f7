package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// drill is a section of the page of operations, and what happens to the cluster before each of
// its commands.
type drill struct {
	heading string
	before  []func()
}

// TestOperations_Page_TellsWhatHappensAndWhatHelps runs the commands of the page on a cluster
// of three nodes. What a command prints contains the lines that the page shows, in their order.
func TestOperations_Page_TellsWhatHappensAndWhatHelps(t *testing.T) {
	withoutDetector(t)
	text, err := os.ReadFile(filepath.Join("..", "..", "..", ".github", "OPERATIONS.md"))
	if err != nil {
		t.Fatal(err)
	}
	f := newFleet(t, 3, "--chaos")
	a, c := f.nodes[0], f.nodes[2]
	client := a.dial(t)
	write := func() {
		for i := range 200 {
			if err := client.Do(t.Context(), "SET", fmt.Sprint("k", i), "v").Err(); err != nil {
				t.Fatal(err)
			}
		}
	}
	write()
	nothing := func() {}
	links := func(path string, body any) {
		if err := a.call("POST", path, body, nil); err != nil {
			t.Fatal(err)
		}
	}
	disk := func(n *node, full bool) {
		if err := a.call("POST", "/api/nodes/"+n.name+"/disk", map[string]any{"full": full}, nil); err != nil {
			t.Fatal(err)
		}
	}
	standby := f.add()
	drills := []drill{
		{"Is anything wrong?", []func(){nothing}},
		{"A node is lost", []func(){func() { c.kill(); write() }, c.restart}},
		{"The disk of a node is lost", []func(){func() { c.kill(); c.wipe() }, c.restart}},
		{"A disk is full", []func(){func() {
			disk(c, true)
			within(t, patience, "the readiness probe of C to fail", func() error {
				if err := c.get("/readyz", nil); err == nil || !strings.Contains(err.Error(), "disk nearly full") {
					return fmt.Errorf("it says: %v", err)
				}
				return nil
			})
			write()
			if got := c.dial(t).Get(t.Context(), "k1"); got.Err() != nil {
				t.Errorf("C does not answer reads: %v", got.Err())
			}
		}, nothing, func() { disk(c, false) }, nothing}},
		{"A link or a node is slow", []func(){func() {
			links("/api/nodes/A/slow", map[string]any{"with": []string{"B"}, "delay_ms": 120})
		}}},
		{"Comparing copies is in the way", []func(){func() { links("/api/heal", map[string]any{}) }, nothing, nothing, nothing, nothing}},
		{"Nodes are restarted or upgraded, one after the other", []func(){nothing, nothing}},
		{"The cluster grows", []func(){nothing, func() {
			at := len(standby.args) - 2 // --join and its value
			standby.args = append(standby.args[:at:at], "--standby")
			standby.start()
			within(t, patience, "the standby's port", func() error { return standby.get("/healthz", nil) })
		}, nothing, nothing, nothing, standby.goAway}},
		{"A node does not come back", []func(){func() { c.kill(); write() }, nothing}},
		{"Where does a request spend its time?", nil},
	}
	sections := strings.Split(string(text), "\n## ")[1:]
	if len(sections) != len(drills) {
		t.Fatalf("the page has %d sections, and %d are tried", len(sections), len(drills))
	}
	for _, d := range drills {
		found := false
		for _, section := range sections {
			heading, body, _ := strings.Cut(section, "\n")
			if heading != d.heading {
				continue
			}
			found = true
			steps := readSession(body)
			if len(steps) != len(d.before) {
				t.Fatalf("%s: %d commands, and %d are tried", heading, len(steps), len(d.before))
			}
			for i, step := range steps {
				d.before[i]()
				step.command = strings.ReplaceAll(step.command, "STANDBY", standby.admin)
				within(t, patience, heading+": "+step.command, func() error { return step.runAt(a) })
			}
		}
		if !found {
			t.Errorf("the page has no section %q", d.heading)
		}
	}
}

// runAt runs a command of quorate at a node's admin port, and looks for the lines that are
// shown. "…" stands for any text.
func (s sessionStep) runAt(n *node) error {
	args := strings.Fields(s.command)
	if len(args) == 0 || args[0] != "quorate" {
		return fmt.Errorf("%q is no command of quorate", s.command)
	}
	cmd := exec.CommandContext(n.t.Context(), binary, args[1:]...)
	cmd.Env = append(os.Environ(), "QUORATE_ADMIN_ADDR="+n.admin)
	out, _ := cmd.CombinedOutput() // the code of some is 1
	got := string(out)
	for _, line := range s.output {
		pattern := "(?m)^" + strings.ReplaceAll(regexp.QuoteMeta(line), "…", ".*") + "$"
		at := regexp.MustCompile(pattern).FindStringIndex(got)
		if at == nil {
			return fmt.Errorf("no line %q in:\n%s", line, out)
		}
		got = got[at[1]:]
	}
	return nil
}

// wipe loses the disk of a node that does not run.
func (n *node) wipe() {
	n.t.Helper()
	if err := os.RemoveAll(n.dir); err != nil {
		n.t.Fatal(err)
	}
}
