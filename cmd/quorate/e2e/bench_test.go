package e2e

import (
	"context"
	"encoding/json"
	"maps"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

func TestBench_SmallRun_MeasuresEveryKind(t *testing.T) {
	withoutDetector(t)
	args := []string{"--quorate", binary, "--json", "--generator", "own", "--rounds", "1", "--requests", "300", "--clients", "5", "--keys", "50",
		"--tests", "set,get,incr,mset,hset,hget,hgetall,sadd,sismember,smembers,zadd,zrangebyscore", "--pipelines", "1,4"}
	want := map[string]int{"quorate": 24}
	if _, err := exec.LookPath("redis-server"); err == nil {
		args = append(args, "--redis")
		want["redis"], want["redis, one WAIT a pipeline"] = 24, 6 // the second where it differs
	}
	if _, err := exec.LookPath("olric-server"); err == nil {
		args = append(args, "--olric")
		want["olric"] = 4 // SET and GET
	}
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	program := filepath.Join(t.TempDir(), "quorate-bench")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", program, "github.com/quorate/quorate/cmd/quorate-bench").CombinedOutput(); err != nil {
		t.Fatalf("build quorate-bench: %v\n%s", err, out)
	}
	cmd := exec.CommandContext(ctx, program, args...)
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
	got := make(map[string]int)
	for i, r := range report.Results {
		got[r.System]++
		if r.PerSecond <= 0 || r.P999 <= 0 {
			t.Errorf("result %d: %+v", i, r)
		}
	}
	if !maps.Equal(got, want) || report.Machine == "" {
		t.Fatalf("results of %v, want %v:\n%s", got, want, out)
	}
}
