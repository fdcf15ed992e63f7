package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// sessionStep is one command of the README and the output that the README shows
// behind it, line by line; none if it shows none.
type sessionStep struct {
	command string
	output  []string
}

// readSession returns the commands of a README in their order. A command begins
// with "$ ", and its output ends at the next command or at an empty line. What
// follows "  #" is a remark.
func readSession(text string) (steps []sessionStep) {
	remark := regexp.MustCompile(`\s{2,}#.*$`)
	inside := false
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		switch rest, indented := strings.CutPrefix(line, "    "); {
		case strings.HasPrefix(rest, "$ ") && indented:
			steps = append(steps, sessionStep{command: remark.ReplaceAllString(rest[2:], "")})
			inside = true
		case indented && inside:
			last := &steps[len(steps)-1]
			last.output = append(last.output, remark.ReplaceAllString(rest, ""))
		default:
			inside = false
		}
	}
	return steps
}

// matches compares a command's output with the README's. "…" in the README stands
// for any text without a space, and a number with a decimal point for any other.
// Positions in a list ("3) ") and the order of lines are left aside: the rows of a
// trace are in the order of time.
func (s sessionStep) matches(got string) error {
	decimal, index := regexp.MustCompile(`\s*\d+\.\d+`), regexp.MustCompile(`^\s*(\d+\)\s+)+`)
	plain := func(lines []string) []string {
		out := make([]string, 0, len(lines))
		for _, line := range lines {
			line = decimal.ReplaceAllString(index.ReplaceAllString(line, ""), " #.#")
			out = append(out, strings.TrimSpace(line))
		}
		slices.Sort(out)
		return out
	}
	want, have := plain(s.output), plain(strings.Split(strings.TrimRight(got, "\n"), "\n"))
	if len(want) != len(have) {
		return fmt.Errorf("%d lines, the README shows %d:\n%s", len(have), len(want), got)
	}
	for i := range want {
		pattern := "^" + strings.ReplaceAll(regexp.QuoteMeta(want[i]), "…", `\S*`) + "$"
		if !regexp.MustCompile(pattern).MatchString(have[i]) {
			return fmt.Errorf("%q, the README shows %q; in all:\n%s", have[i], want[i], got)
		}
	}
	return nil
}

// The commands of the README run one after another against a demo, each with the
// output that the README shows.
func TestReadme_Session_ShowsWhatADemoAnswers(t *testing.T) {
	withoutDetector(t)
	for _, tool := range []string{"redis-cli", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip("there is no " + tool)
		}
	}
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	nodes, _ := startDemo(t)
	token, context := "", regexp.MustCompile(`AQ[\w-]{10,}`)
	checked := 0
	for _, step := range readSession(string(text)) {
		command := step.command
		switch {
		case strings.HasPrefix(command, "redis-cli "):
			command = strings.Replace(command, "redis-cli ", "redis-cli --no-raw ", 1)
			if !strings.Contains(command, " -p ") {
				command = strings.Replace(command, "--no-raw ", "--no-raw -p 6379 ", 1)
			}
		case strings.HasPrefix(command, "curl "):
			command = strings.Replace(command, "curl ", "curl -sS --fail-with-body --max-time 20 ", 1)
		default:
			t.Errorf("the README runs %q: neither redis-cli nor curl", command)
			continue
		}
		for i, n := range nodes {
			command = strings.ReplaceAll(command, fmt.Sprint("-p ", 6379+i), "-p "+n.client[strings.LastIndex(n.client, ":")+1:])
			command = strings.ReplaceAll(command, fmt.Sprint("localhost:", 8001+i), n.admin)
		}
		command = regexp.MustCompile(`\w+…`).ReplaceAllString(command, token)
		var out string
		run := func() error {
			b, err := exec.CommandContext(t.Context(), "sh", "-c", command).CombinedOutput()
			if out = string(b); err != nil {
				return fmt.Errorf("%w: %s", err, out)
			}
			if len(step.output) == 0 {
				return nil
			}
			return step.matches(out)
		}
		if strings.Contains(command, " GET ") { // what a revived node missed comes a moment later
			within(t, patience, step.command, run)
		} else if err := run(); err != nil {
			t.Errorf("%s: %v", step.command, err)
		}
		if found := context.FindString(out); found != "" {
			token = found
		}
		if len(step.output) > 0 {
			checked++
		}
		awaitStates(t, nodes[0], step.command)
	}
	if checked < 8 {
		t.Errorf("only %d commands of the README show an output", checked)
	}
}

// awaitStates waits until a node that was killed or revived is seen to be so.
func awaitStates(t *testing.T, n *node, command string) {
	t.Helper()
	m := regexp.MustCompile(`/api/nodes/([A-E])/(kill|revive)$`).FindStringSubmatch(command)
	if m == nil {
		return
	}
	want := map[string]string{"kill": "killed", "revive": "up"}[m[2]]
	within(t, patience, m[1]+" is "+want, func() error {
		var c struct {
			Nodes []struct{ Name, Status string }
		}
		if err := n.get("/api/cluster", &c); err != nil {
			return err
		}
		for _, member := range c.Nodes {
			if member.Name == m[1] && member.Status == want {
				return nil
			}
		}
		return errors.New("not yet")
	})
}

func TestReadSession_AReadme_CommandsWithTheirOutput(t *testing.T) {
	steps := readSession("text\n\n    $ redis-cli GET k      # a remark\n    \"v\"   # another\n    $ curl localhost:8001/x\n\n    quorate server\n")
	if len(steps) != 2 {
		t.Fatalf("%d commands, want 2: %q", len(steps), steps)
	}
	if steps[0].command != "redis-cli GET k" || !slices.Equal(steps[0].output, []string{`"v"`}) {
		t.Errorf("the first command is %q", steps[0])
	}
	if steps[1].command != "curl localhost:8001/x" || len(steps[1].output) != 0 {
		t.Errorf("the second command is %q", steps[1])
	}
}

func TestSessionStep_OutputUnlikeTheReadme_IsAnError(t *testing.T) {
	step := sessionStep{output: []string{`1) "AQ…"`, `2) " 0.005 ms  A  took 1.500 ms"`}}
	for got, same := range map[string]bool{
		"1) \"AQET\"\n2) \" 12.250 ms  A  took 0.125 ms\"\n": true,
		"1) \"AQET\"\n2) \" 12.250 ms  B  took 0.125 ms\"\n": false,
		"1) \"AQET\"\n": false,
		"1) \"BQET\"\n2) \" 12.250 ms  A  took 0.125 ms\"\n": false,
	} {
		if err := step.matches(got); (err == nil) != same {
			t.Errorf("%q: %v", got, err)
		}
	}
}
