package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The lines of curl in README.md and admin/REST.md are run as they stand, one after
// another, except for the ports.

func TestReadme_EveryLineOfCurl_DoesWhatItSays(t *testing.T) {
	withoutDetector(t)
	nodes, _ := startDemo(t)
	runCurlLines(t, nodes, "README.md")
}

func TestRestPage_EveryLineOfCurl_DoesWhatItSaysAndEveryRouteHasOne(t *testing.T) {
	withoutDetector(t)
	nodes, _ := startDemo(t)
	everyRoute(t, nodes[0], runCurlLines(t, nodes, "admin/REST.md"))
}

// runCurlLines runs the lines of curl of a page, and returns them.
func runCurlLines(t *testing.T, nodes []*node, page string) string {
	t.Helper()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("there is no curl")
	}
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, page))
	if err != nil {
		t.Fatal(err)
	}
	lines := regexp.MustCompile(`(?m)^ +\$ (curl .*)$`).FindAllStringSubmatch(string(text), -1)
	if len(lines) < 5 {
		t.Fatalf("%s has %d lines of curl", page, len(lines))
	}
	var used []string
	for _, line := range lines {
		command := line[1]
		for i, n := range nodes {
			command = strings.ReplaceAll(command, fmt.Sprint("localhost:", 8001+i), n.admin)
		}
		used = append(used, command)
		within(t, patience, line[1], func() error { return shell(t.Context(), root, command) })
	}
	return strings.Join(used, "\n")
}

// shell runs a line of curl; a live stream, which does not end, for two seconds.
func shell(ctx context.Context, dir, command string) error {
	stream := strings.Contains(command, "/api/stream")
	most := "20"
	if stream {
		most = "2"
	}
	cmd := exec.CommandContext(ctx, "sh", "-c", strings.Replace(command, "curl ", "curl -sS --fail-with-body --max-time "+most+" ", 1))
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if stream && bytes.Contains(out, []byte("event: cluster\n")) {
		return nil
	}
	if err == nil && len(out) == 0 {
		err = errors.New("nothing was answered")
	}
	if err != nil {
		return fmt.Errorf("%w: %.500s", err, out)
	}
	return nil
}

// everyRoute checks that every route but those between the nodes has an example.
func everyRoute(t *testing.T, n *node, commands string) {
	t.Helper()
	var d struct {
		Paths map[string]map[string]json.RawMessage
	}
	if err := n.get("/api/openapi.json", &d); err != nil {
		t.Fatal(err)
	}
	for path, methods := range d.Paths {
		if strings.HasPrefix(path, "/api/node/") {
			continue
		}
		pattern := regexp.MustCompile(`\\\{[a-z]+\\\}`).ReplaceAllString(regexp.QuoteMeta(path), `[^/?' ]+`) + `(\?[^ ]*)?'?( |$)`
		for method := range methods {
			found := false
			for _, command := range strings.Split(commands, "\n") {
				has := strings.Contains(command, "-X "+strings.ToUpper(method)) || method == "get" && !strings.Contains(command, "-X ")
				found = found || has && regexp.MustCompile(pattern).MatchString(command)
			}
			if !found {
				t.Errorf("admin/REST.md has no example of %s %s", strings.ToUpper(method), path)
			}
		}
	}
}
