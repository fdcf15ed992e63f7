package main

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/quorate/quorate/"

// The running parts of a node, which the root package puts together.
var parts = []string{"peer", "operation", "membership", "gossip", "settings", "replica", "coverage", "antientropy", "handoff", "recovery", "logsummary"}

// Imports point one way. A package may import only the packages of the lines that its
// line names.
var layers = []struct {
	name     string
	packages []string // relative to the module; a trailing /* takes in everything below
	may      []string // names of layers
}{
	{"core", []string{"cluster/core/*"}, []string{"core"}},
	{"objectcache", []string{"engine/objectcache"}, []string{"core"}},
	{"failstop", []string{"engine/failstop"}, nil},
	{"engine", []string{"engine"}, []string{"core", "objectcache", "failstop"}},
	{"fault", []string{"cluster/peer/fault"}, nil},
	{"peer", []string{"cluster/peer"}, []string{"core", "fault"}},
	{"operation", []string{"cluster/operation"}, []string{"core"}},
	{"gossip", []string{"cluster/membership/gossip"}, []string{"core"}},
	{"membership", []string{"cluster/membership"}, []string{"core", "peer"}},
	{"settings", []string{"cluster/settings"}, []string{"core", "peer"}},
	{"replica", []string{"cluster/replica"}, []string{"core", "engine", "peer"}},
	{"coverage", []string{"cluster/coverage"}, []string{"core", "engine", "peer", "replica"}},
	{"antientropy", []string{"cluster/antientropy"}, []string{"core", "engine", "peer", "operation"}},
	{"handoff", []string{"cluster/handoff"}, []string{"core", "engine", "peer", "operation", "antientropy"}},
	{"recovery", []string{"cluster/recovery"}, []string{"core", "engine", "membership", "antientropy", "handoff"}},
	{"logsummary", []string{"cluster/logsummary"}, []string{"core", "engine"}},
	{"cluster", []string{"cluster"}, append([]string{"core", "engine", "fault"}, parts...)},
	{"poll", []string{"cluster/sim/poll"}, nil},
	{"testcluster", []string{"cluster/testcluster"}, []string{"core", "engine", "peer", "poll"}},
	{"testnodes", []string{"cluster/testnodes"}, append([]string{"core", "engine", "fault", "cluster", "poll"}, parts...)},
	{"sim", []string{"cluster/sim", "cluster/sim/*"}, append([]string{"core", "engine", "cluster", "sim"}, parts...)},
	{"dashboard", []string{"dashboard"}, nil},
	{"resp", []string{"server/resp"}, []string{"core"}},
	{"limits", []string{"server/limits"}, []string{"core", "resp"}},
	{"server parts", []string{"server/command", "server/auth", "server/push"}, []string{"core", "engine", "replica", "coverage", "resp", "limits", "server parts"}},
	{"families", []string{"server/stringcmd", "server/keyspace", "server/connection", "server/introspect", "server/topology"}, []string{"core", "replica", "coverage", "resp", "limits", "server parts"}},
	{"commandtest", []string{"server/commandtest"}, []string{"core", "replica", "coverage", "resp", "limits", "server parts"}},
	{"server", []string{"server"}, []string{"core", "replica", "coverage", "resp", "limits", "server parts", "families"}},
	{"api", []string{"admin/api"}, nil},
	{"fanout", []string{"admin/fanout"}, []string{"core", "api"}},
	{"admin", []string{"admin"}, append([]string{"core", "engine", "fault", "cluster", "dashboard", "api", "fanout"}, parts...)},
	{"bench", []string{"cmd/quorate-bench"}, nil},
	{"cmd", []string{"cmd/quorate", "cmd/quorate/*"}, []string{"core", "engine", "peer", "fault", "membership", "settings", "replica", "coverage", "cluster", "limits", "server", "api", "admin", "cmd"}},
}

// What a pure package may take from the standard library: nothing that reads a
// clock, a disk or a network, or starts a goroutine.
var impure = []string{"net", "os", "log", "log/slog", "context", "io/fs", "syscall", "math/rand", "math/rand/v2", "crypto/rand"}

type listed struct {
	ImportPath string
	Dir        string
	Imports    []string
}

func TestImports_EveryPackage_PointsOneWay(t *testing.T) {
	for _, p := range listPackages(t) {
		from := layerOf(p.ImportPath)
		if from < 0 {
			t.Errorf("%s belongs to no layer: name it in this test", p.ImportPath)
			continue
		}
		for _, imported := range p.Imports {
			rest, ours := strings.CutPrefix(imported, module)
			if !ours {
				if isPure(from) && slices.Contains(impure, imported) {
					t.Errorf("%s is pure, but imports %s", p.ImportPath, imported)
				}
				continue
			}
			to := layerOf(imported)
			if to < 0 || !slices.Contains(layers[from].may, layers[to].name) {
				t.Errorf("%s (%s) must not import %s", p.ImportPath, layers[from].name, rest)
			}
		}
	}
}

func TestPackages_Each_HasDocGo(t *testing.T) {
	for _, p := range listPackages(t) {
		if _, err := os.Stat(filepath.Join(p.Dir, "doc.go")); err != nil {
			t.Errorf("%s has no doc.go: what it is, Invariant, Owns, Not", p.ImportPath)
		}
	}
}

func isPure(layer int) bool { return layers[layer].name == "core" || layers[layer].name == "resp" }

func layerOf(path string) int {
	rest := strings.TrimPrefix(path, module)
	for i, l := range layers {
		for _, pattern := range l.packages {
			below, wild := strings.CutSuffix(pattern, "*")
			if rest == pattern || wild && strings.HasPrefix(rest, below) {
				return i
			}
		}
	}
	return -1
}

// listPackages asks the go tool for every package of the module.
func listPackages(t *testing.T) []listed {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Dir,Imports", module+"...")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("go list: %v", err)
		}
		// A folder with test files alone has nothing that others import.
		if len(p.Imports) > 0 || hasSource(p.Dir) {
			all = append(all, p)
		}
	}
	if len(all) < 5 {
		t.Fatalf("go list found %d packages", len(all))
	}
	return all
}

func hasSource(dir string) bool {
	files, _ := filepath.Glob(filepath.Join(dir, "*.go"))
	return slices.ContainsFunc(files, func(f string) bool { return !strings.HasSuffix(f, "_test.go") })
}

// The architecture page names every package, so that a new one is drawn too.
func TestArchitecture_EveryPackage_IsNamed(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "cluster", "ARCHITECTURE.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range listPackages(t) {
		name := filepath.Base(p.ImportPath)
		if strings.Contains(p.ImportPath, "/e2e") || strings.HasSuffix(p.ImportPath, "sim/poll") {
			continue // tests only
		}
		if !strings.Contains(string(page), name) {
			t.Errorf("%s is not on the page", p.ImportPath)
		}
	}
}
