package main

import (
	"os"
	slashpath "path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/quorate/quorate/"

// The running parts of a node, which the root package puts together.
var parts = []string{"peer", "operation", "membership", "gossip", "settings", "replica", "coverage", "antientropy", "handoff", "repair", "recovery", "logsummary", "clear", "agreement"}

// Imports point one way. A package may import only the packages of the lines that its
// line names.
var layers = []struct {
	name     string
	packages []string // relative to the module; a trailing /* takes in everything below
	may      []string // names of layers
}{
	{"core", []string{"cluster/core/*"}, []string{"core"}},
	{"objectcache", []string{"engine/objectcache"}, []string{"core"}},
	{"existence", []string{"engine/existence"}, []string{"core"}},
	{"failstop", []string{"engine/failstop"}, nil},
	{"largebuf", []string{"cluster/largebuf"}, nil},
	{"engine", []string{"engine"}, []string{"core", "largebuf", "objectcache", "existence", "failstop"}},
	{"fault", []string{"cluster/peer/fault"}, nil},
	{"socket", []string{"cluster/socket"}, nil},
	{"peer", []string{"cluster/peer"}, []string{"core", "largebuf", "fault", "socket"}},
	{"agreement", []string{"cluster/agreement"}, []string{"core"}},
	{"operation", []string{"cluster/operation"}, []string{"core"}},
	{"gossip", []string{"cluster/membership/gossip"}, []string{"core"}},
	{"membership", []string{"cluster/membership"}, []string{"core", "peer"}},
	{"settings", []string{"cluster/settings"}, []string{"core", "peer"}},
	{"replica", []string{"cluster/replica"}, []string{"core", "engine", "peer"}},
	{"coverage", []string{"cluster/coverage"}, []string{"core", "engine", "peer", "replica"}},
	{"clear", []string{"cluster/clear"}, []string{"core", "engine", "peer", "replica"}},
	{"antientropy", []string{"cluster/antientropy"}, []string{"core", "engine", "peer", "operation"}},
	{"handoff", []string{"cluster/handoff"}, []string{"core", "largebuf", "engine", "peer", "operation", "antientropy"}},
	{"repair", []string{"cluster/repair"}, []string{"core", "engine", "peer", "operation", "antientropy", "handoff"}},
	{"recovery", []string{"cluster/recovery"}, []string{"core", "engine", "membership", "antientropy", "handoff"}},
	{"logsummary", []string{"cluster/logsummary"}, []string{"core", "engine"}},
	{"cluster", []string{"cluster"}, append([]string{"core", "engine", "fault"}, parts...)},
	{"poll", []string{"cluster/sim/poll"}, nil},
	{"testcluster", []string{"cluster/testcluster"}, []string{"core", "engine", "peer", "poll"}},
	{"testnodes", []string{"cluster/testnodes"}, append([]string{"core", "engine", "fault", "cluster", "poll"}, parts...)},
	{"testproperties", []string{"cluster/testproperties"}, nil},
	{"sim", []string{"cluster/sim", "cluster/sim/*"}, append([]string{"core", "engine", "cluster", "sim"}, parts...)},
	{"dashboard", []string{"dashboard"}, nil},
	{"resp", []string{"server/resp"}, []string{"core"}},
	{"limits", []string{"server/limits"}, []string{"core", "resp"}},
	{"server parts", []string{"server/command", "server/auth", "server/push"}, []string{"core", "engine", "replica", "coverage", "resp", "limits", "server parts"}},
	{"families", []string{"server/stringcmd", "server/bitmapcmd", "server/hyperloglogcmd", "server/hashcmd", "server/setcmd", "server/zsetcmd", "server/geocmd", "server/listcmd", "server/sortcmd", "server/streamcmd", "server/keyspace", "server/connection", "server/introspect", "server/topology"}, []string{"core", "replica", "coverage", "resp", "limits", "server parts"}},
	{"commandtest", []string{"server/commandtest"}, []string{"core", "replica", "coverage", "resp", "limits", "server parts"}},
	{"server", []string{"server"}, []string{"core", "largebuf", "socket", "replica", "coverage", "resp", "limits", "server parts", "families"}},
	{"tracing", []string{"server/tracing"}, []string{"core", "replica", "server parts"}},
	{"api", []string{"admin/api"}, nil},
	{"fanout", []string{"admin/fanout"}, []string{"core", "api"}},
	{"problem", []string{"admin/problem"}, []string{"core", "api"}},
	{"observe", []string{"admin/observe"}, nil},
	{"admin", []string{"admin"}, append([]string{"core", "engine", "fault", "cluster", "dashboard", "api", "fanout", "problem", "observe"}, parts...)},
	{"bench", []string{"cmd/quorate-bench"}, nil},
	{"cmd", []string{"cmd/quorate", "cmd/quorate/*"}, []string{"core", "engine", "peer", "fault", "membership", "settings", "replica", "coverage", "clear", "cluster", "limits", "server", "tracing", "api", "problem", "admin", "cmd"}},
}

// TestImports_EveryPackage_PointsOneWay looks at every file, whatever system it is for.
func TestImports_EveryPackage_PointsOneWay(t *testing.T) {
	for _, f := range sourceFiles(t) {
		if f.isTest() {
			continue
		}
		from := layerOf(f.pkg())
		if from < 0 {
			t.Errorf("%s belongs to no layer: name its package in this test", f.path)
			continue
		}
		for _, imported := range f.imports {
			rest, ours := strings.CutPrefix(imported, module)
			if !ours {
				continue
			}
			to := layerOf(imported)
			if to < 0 || !slices.Contains(layers[from].may, layers[to].name) {
				t.Errorf("%s (%s) must not import %s", f.path, layers[from].name, rest)
			}
		}
	}
}

// TestPackages_Each_HasDocGo checks that the text of each package says what always holds,
// what it owns, and what it is not for.
func TestPackages_Each_HasDocGo(t *testing.T) {
	for _, dir := range packages(t) {
		text, err := os.ReadFile(filepath.Join("..", "..", dir, "doc.go"))
		if err != nil {
			t.Errorf("%s has no doc.go: what it is, Invariant, Owns, Not", dir)
			continue
		}
		for _, paragraph := range []string{"Invariant", "Owns", "Not"} {
			if !regexp.MustCompile(`(?m)^// ` + paragraph + `\b`).Match(text) {
				t.Errorf("the doc.go of %s has no paragraph %q", dir, paragraph)
			}
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

// packages lists the folders of the module that have source files.
func packages(t *testing.T) (dirs []string) {
	t.Helper()
	for _, f := range sourceFiles(t) {
		if dir := slashpath.Dir(f.path); !f.isTest() && !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

// The architecture page names every package in its drawing, so that a new one is drawn too.
func TestArchitecture_EveryPackage_IsNamed(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "cluster", "ARCHITECTURE.md"))
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(string(page), "```")
	if len(parts) < 3 {
		t.Fatal("the page has no drawing")
	}
	for _, dir := range packages(t) {
		if strings.Contains(dir, "/e2e") || dir == "cluster/sim/poll" {
			continue // tests only
		}
		if !regexp.MustCompile(`(^|[^\w-])` + regexp.QuoteMeta(slashpath.Base(dir)) + `($|[^\w-])`).MatchString(parts[1]) {
			t.Errorf("%s is not in the drawing", dir)
		}
	}
}
