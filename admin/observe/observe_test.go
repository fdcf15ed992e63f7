package observe

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/quorate/quorate/admin/problem"
)

// served returns the metrics that nodes serve, with their types, as METRICS.md lists them.
func served(t *testing.T) map[string]string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "METRICS.md"))
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]string)
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| ([a-z]+) \\|").FindAllStringSubmatch(string(page), -1) {
		all[m[1]] = m[2]
	}
	if len(all) < 100 {
		t.Fatalf("only %d metrics on the page", len(all))
	}
	return all
}

// checkExpression checks that an expression names only metrics that are served, and takes the
// rate of counters and of nothing else.
func checkExpression(t *testing.T, all map[string]string, what, expression string) {
	t.Helper()
	names := regexp.MustCompile(`\b(?:quorate|process|go)_[a-z_]+`).FindAllString(expression, -1)
	if len(names) == 0 {
		t.Errorf("%s names no metric: %s", what, expression)
	}
	for _, name := range names {
		kind := all[name]
		for _, suffix := range []string{"_bucket", "_count", "_sum"} {
			if base, ok := strings.CutSuffix(name, suffix); ok && all[base] == "histogram" {
				kind = "counter"
			}
		}
		rated := regexp.MustCompile(`\b(?:rate|increase)\(` + name + `\b`).MatchString(expression)
		switch {
		case kind == "":
			t.Errorf("%s: no node serves %s", what, name)
		case rated != (kind == "counter"):
			t.Errorf("%s: %s is a %s: %s", what, name, kind, expression)
		}
	}
}

func TestAlerts_EachRule_NamesServedMetricsAndWhatToDo(t *testing.T) {
	var file struct {
		Groups []struct {
			Name  string
			Rules []struct {
				Alert, Expr, For    string
				Labels, Annotations map[string]string
			}
		}
	}
	if err := yaml.Unmarshal(Alerts, &file); err != nil {
		t.Fatal(err)
	}
	all, text, seen := served(t), string(Alerts), make(map[string]bool)
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			checkExpression(t, all, r.Alert, r.Expr)
			if seen[r.Alert] || r.For == "" || r.Annotations["summary"] == "" || r.Annotations["runbook"] == "" {
				t.Errorf("%s is not whole, or there twice: %+v", r.Alert, r)
			}
			if s := r.Labels["severity"]; s != "warning" && s != "critical" {
				t.Errorf("%s has severity %q", r.Alert, s)
			}
			seen[r.Alert] = true
		}
	}
	for _, kind := range problem.Kinds {
		if strings.Count(text, `kind="`+kind+`"`) != 1 {
			t.Errorf("problems of kind %s have not one rule", kind)
		}
	}
	if promtool, err := exec.LookPath("promtool"); err == nil {
		if output, err := exec.Command(promtool, "check", "rules", "alerts.yml").CombinedOutput(); err != nil {
			t.Errorf("promtool: %v\n%s", err, output)
		}
	}
}

func TestGrafana_EachPanel_ShowsServedMetricsInAPlaceOfItsOwn(t *testing.T) {
	var board struct {
		Title  string
		Panels []struct {
			ID          int
			Type, Title string
			GridPos     struct{ X, Y, W, H int }
			Targets     []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(Grafana, &board); err != nil {
		t.Fatal(err)
	}
	all, ids, cells := served(t), make(map[int]bool), make(map[[2]int]string)
	for _, p := range board.Panels {
		if ids[p.ID] || p.Title == "" || (len(p.Targets) == 0) != (p.Type == "row") {
			t.Errorf("panel %d is not whole, or there twice: %+v", p.ID, p)
		}
		ids[p.ID] = true
		for _, target := range p.Targets {
			checkExpression(t, all, p.Title, target.Expr)
		}
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other := cells[[2]int{x, y}]; other != "" || x >= 24 {
					t.Fatalf("%s overlaps %q or the edge", p.Title, other)
				}
				cells[[2]int{x, y}] = p.Title
			}
		}
	}
	for _, name := range []string{ // what an operator looks for first
		"quorate_build_info", "quorate_store_read_only", "quorate_disk_free_bytes", "quorate_peer_clock_offset_seconds", "quorate_peer_round_trip_seconds",
		"quorate_clients", "quorate_keys", "quorate_dead_keys", "quorate_hints_oldest_timestamp_seconds", "quorate_problems",
	} {
		if !strings.Contains(string(Grafana), name+"{") && !strings.Contains(string(Grafana), name+")") {
			t.Errorf("no panel shows %s", name)
		}
	}
}
