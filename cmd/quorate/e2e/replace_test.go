package e2e

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// An orchestrator starts a node whose disk is gone with the arguments that it always has:
// the operator permits the replacement at another node.
func TestReplace_DeadNodeWithALostDisk_FreshOneOfItsNameHasEverything(t *testing.T) {
	f := newFleet(t, 3)
	a, c := f.nodes[0], f.nodes[2]
	admin := func(args ...string) (string, int) {
		return quorate(t, append([]string{"admin", "--admin-addr", a.admin}, args...)...)
	}
	const keys = 300
	client := a.dial(t)
	write := func(from, to int) {
		t.Helper()
		for i := from; i < to; i++ {
			if err := client.Set(t.Context(), fmt.Sprint("k", i), i, 0).Err(); err != nil {
				t.Fatal(err)
			}
		}
	}
	write(0, keys/2)
	tokens := a.tokens()
	c.kill()
	if err := os.RemoveAll(c.dir); err != nil {
		t.Fatal(err)
	}
	write(keys/2, keys)
	if output, code := quorate(t, c.args...); code != 1 || !strings.Contains(output, "start it with --replace") {
		t.Errorf("an empty disk takes the place that nobody gave it: exit code %d\n%s", code, output)
	}
	within(t, patience, "C known to be dead", func() error {
		if output, code := admin("replace", "C"); code != 0 {
			return fmt.Errorf("exit code %d: %s", code, output)
		}
		return nil
	})
	if output, _ := admin("status"); !strings.Contains(output, ", vacant") {
		t.Errorf("the status does not show the vacant place:\n%s", output)
	}
	var out bytes.Buffer
	waiting := exec.CommandContext(t.Context(), binary, "admin", "--admin-addr", a.admin, "replace", "--wait", "C")
	waiting.Stdout, waiting.Stderr = &out, &out
	waiting.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := waiting.Start(); err != nil {
		t.Fatal(err)
	}
	c.restart()
	if err := waiting.Wait(); err != nil || !strings.Contains(out.String(), "C has its share of the data") {
		t.Errorf("replace --wait ended with %v:\n%s", err, &out)
	}
	f.awaitPlaces()
	f.awaitIdentical(3)
	if n := strings.Count(c.log.String(), "this node may lack what"); n != 1 {
		t.Errorf("C was filled %d times", n)
	}
	if got := a.tokens(); got != tokens {
		t.Errorf("other data moved: tokens %s, before %s", got, tokens)
	}
	own := c.dial(t)
	for i := range keys {
		if got, err := own.Do(t.Context(), "GET", fmt.Sprint("k", i), "R", 1).Text(); err != nil || got != fmt.Sprint(i) {
			t.Fatalf("k%d through C: %q, %v", i, got, err)
		}
	}
}

// tokens says how many tokens each member has.
func (n *node) tokens() string {
	n.t.Helper()
	var v struct {
		Nodes []struct {
			Name   string
			Tokens int
		}
	}
	if err := n.get("/api/cluster", &v); err != nil {
		n.t.Fatal(err)
	}
	return fmt.Sprint(v.Nodes)
}
