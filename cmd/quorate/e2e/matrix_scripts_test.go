package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// scripts is where the libraries of other languages are tried from.
const scripts = "../../../server/testdata/clients"

// script is one library in another language, opened in one of its ways.
type script struct {
	Name     string   `json:"name"`
	Cluster  bool     `json:"cluster"`
	RESP     int      `json:"resp"`
	Nodes    []string `json:"nodes"`
	Endure   bool     `json:"endure"`
	Samples  []sample `json:"samples"`
	Many     int      `json:"many"`
	Large    int      `json:"large"`
	Pipeline int      `json:"pipelined"`

	file   string
	sticky bool // it asks for the slots again only after it lost a connection
}

func otherLibraries() []script {
	return []script{
		{Name: "redis-py", file: "redis_py.py"},
		{Name: "redis-py-cluster", file: "redis_py.py", Cluster: true},
		{Name: "ioredis", file: "ioredis.mjs"},
		{Name: "ioredis-cluster", file: "ioredis.mjs", Cluster: true},
		{Name: "node-redis-2", file: "node-redis.mjs", RESP: 2},
		{Name: "node-redis-3", file: "node-redis.mjs", RESP: 3},
		{Name: "node-redis-cluster-2", file: "node-redis.mjs", Cluster: true, RESP: 2, sticky: true},
		{Name: "node-redis-cluster-3", file: "node-redis.mjs", Cluster: true, RESP: 3, sticky: true},
	}
}

// interpreter returns the program that runs the script; without one the test is skipped.
func (s *script) interpreter(t testing.TB) string {
	t.Helper()
	if strings.HasSuffix(s.file, ".mjs") {
		path, err := exec.LookPath("node")
		if err != nil {
			t.Skip("node is not installed (Debian: nodejs npm)")
		}
		if _, err := os.Stat(filepath.Join(scripts, "node_modules")); err != nil {
			t.Skip("JavaScript's libraries are not installed ('npm ci' in server/testdata/clients)")
		}
		return path
	}
	for _, name := range []string{"/usr/bin/python3", "python3"} {
		if exec.Command(name, "-c", "import redis.cluster").Run() == nil {
			return name
		}
	}
	t.Skip("redis-py is not installed (Debian: python3-redis)")
	return ""
}

// start runs the script. Its output comes line by line, until it ends.
func (s script) start(t testing.TB, nodes []*node) (lines <-chan string, input io.WriteCloser) {
	t.Helper()
	for _, n := range nodes {
		s.Nodes = append(s.Nodes, n.client)
	}
	s.Many, s.Large, s.Pipeline = many, large, pipelined
	if !s.Endure {
		s.Samples = samples(t, s.Name)
	}
	task, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "task.json")
	if err := os.WriteFile(path, task, 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	cmd := exec.CommandContext(ctx, s.interpreter(t), filepath.Join(scripts, s.file), path)
	out, w := io.Pipe()
	cmd.Stdout, cmd.Stderr = w, w
	if input, err = cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := make(chan string, 1000)
	go func() { // ends with the output, and that with the process
		defer close(said)
		for in := bufio.NewScanner(out); in.Scan(); {
			select {
			case said <- in.Text():
			default: // more than a test looks at
			}
		}
	}()
	go func() { _ = w.CloseWithError(cmd.Wait()) }()
	t.Cleanup(func() {
		cancel()
		for range said {
		}
	})
	return said, input
}

// TestTools_Matrix tries the client libraries of other languages.
func TestTools_Matrix(t *testing.T) {
	withoutDetector(t)
	f := newFleet(t, 3, unhurried...)
	for _, s := range otherLibraries() {
		t.Run(s.Name, func(t *testing.T) {
			lines, input := s.start(t, f.nodes)
			_ = input.Close()
			last := ""
			for line := range lines {
				last = line
				t.Log(line)
			}
			if last != "PASSED" {
				t.Errorf("%s did not pass", s.Name)
			}
		})
	}
}

// TestTools_Matrix_Endures lets all of them go on while the node that they know
// first is killed and comes back, and another joins.
func TestTools_Matrix_Endures(t *testing.T) {
	withoutDetector(t)
	f := newFleet(t, 3, unhurried...)
	type running struct {
		script
		lines <-chan string
		input io.WriteCloser
	}
	var all []running
	for _, s := range otherLibraries() {
		s.Endure = true
		lines, input := s.start(t, f.nodes)
		all = append(all, running{s, lines, input})
	}
	tell := func(word string) {
		for _, r := range all {
			fmt.Fprintln(r.input, word)
		}
	}
	await := func(word string, of func(script) bool) {
		t.Helper()
		for _, r := range all {
			over := time.After(patience)
			for waiting := of(r.script); waiting; {
				select {
				case line, open := <-r.lines:
					if !open || strings.HasPrefix(line, "FAULT") {
						t.Fatalf("%s: %q, waiting for %q", r.Name, line, word)
					}
					t.Logf("%s: %s", r.Name, line)
					waiting = !strings.HasPrefix(line, word)
				case <-over:
					t.Fatalf("%s does not say %q within %v", r.Name, word, patience)
				}
			}
		}
	}
	await("ready", func(script) bool { return true })
	f.nodes[0].kill()
	tell("killed")
	await("recovered", func(s script) bool { return s.Cluster })
	f.nodes[0].restart()
	f.awaitPlaces()
	await("recovered", func(s script) bool { return !s.Cluster })

	fourth := f.add()
	fourth.restart()
	f.awaitPlaces()
	var aware []string
	for _, r := range all {
		if r.Cluster && !r.sticky {
			aware = append(aware, r.Name)
		}
	}
	tell("joined")
	fourth.awaitClients(aware)
	for _, r := range all {
		_ = r.input.Close()
		for line := range r.lines {
			t.Logf("%s: %s", r.Name, line)
			if strings.HasPrefix(line, "FAULT") {
				t.Errorf("%s: %s", r.Name, line)
			}
		}
	}
}
