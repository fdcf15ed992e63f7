package e2e

import (
	"context"
	"encoding/json"
	"os/exec"
	"testing"
	"time"
)

func TestBench_SmallRun_MeasuresEveryKind(t *testing.T) {
	args := []string{"bench", "--json", "--generator", "own", "--rounds", "1", "--requests", "300", "--clients", "5", "--keys", "50",
		"--tests", "set,get,incr,mset", "--pipelines", "1,4"}
	_, err := exec.LookPath("redis-server")
	systems := []string{"quorate"}
	if err == nil {
		args, systems = append(args, "--redis"), append(systems, "redis")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, args...)
	said := newTail(200)
	cmd.Stderr = said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	var report struct {
		Machine string
		Results []struct {
			System, Test string
			Pipeline     int
			PerSecond    float64 `json:"requests_per_second"`
			P999         float64 `json:"p999_ms"`
		}
	}
	if err := json.Unmarshal(out, &report); err != nil {
		t.Fatalf("%v in:\n%s", err, out)
	}
	if want := 8 * len(systems); len(report.Results) != want || report.Machine == "" {
		t.Fatalf("%d results, want %d:\n%s", len(report.Results), want, out)
	}
	for i, r := range report.Results {
		if r.System != systems[i%len(systems)] || r.PerSecond <= 0 || r.P999 <= 0 {
			t.Errorf("result %d: %+v", i, r)
		}
	}
}
