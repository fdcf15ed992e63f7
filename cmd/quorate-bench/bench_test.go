package main

import (
	"bufio"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tidwall/redcon"
)

func TestParseRedisBenchmark_TakesTheFirstThatReaches(t *testing.T) {
	r, err := parseRedisBenchmark(`====== SET ======
Latency by percentile distribution:
0.000% <= 0.111 milliseconds (cumulative count 1)
50.000% <= 0.543 milliseconds (cumulative count 500)
98.438% <= 1.000 milliseconds (cumulative count 985)
99.219% <= 2.500 milliseconds (cumulative count 993)
99.902% <= 3.125 milliseconds (cumulative count 1000)
100.000% <= 9.000 milliseconds (cumulative count 1000)

Cumulative distribution of latencies:
99.950% <= 7.103 milliseconds (cumulative count 999)

Summary:
  throughput summary: 12345.67 requests per second
`)
	if err != nil || r.PerSecond != 12345.67 || r.P50 != 0.543 || r.P99 != 2.5 || r.P999 != 3.125 {
		t.Fatalf("%+v, %v", r, err)
	}
	if _, err := parseRedisBenchmark("Could not connect"); err == nil {
		t.Fatal("what is no result was taken for one")
	}
}

func TestBench_Workloads_EveryTestWithEveryPipeline(t *testing.T) {
	b := benchmark{Tests: words{"set", "mset"}, Pipelines: words{"1", "16"}}
	all, err := b.workloads()
	if err != nil || len(all) != 4 || all[1] != (workload{"set", 16}) || all[2] != (workload{"mset", 1}) {
		t.Fatalf("%v, %v", all, err)
	}
	for _, bad := range []benchmark{{Tests: words{"blpop"}}, {Tests: words{"set"}, Pipelines: words{"0"}}, {Tests: words{"set"}, Pipelines: words{"many"}}} {
		if _, err := bad.workloads(); err == nil {
			t.Errorf("%v: accepted", bad)
		}
	}
}

func TestSkipReply_TakesOneWhole(t *testing.T) {
	in := bufio.NewReader(strings.NewReader("+OK\r\n$5\r\nab\r\nc\r\n$-1\r\n:12\r\n*2\r\n$1\r\na\r\n*1\r\n:1\r\n-NOQUORUM needed 2\r\n"))
	for i := range 5 {
		if err := skipReply(in); err != nil {
			t.Fatalf("reply %d: %v", i, err)
		}
	}
	if err := skipReply(in); err == nil || err.Error() != "NOQUORUM needed 2" {
		t.Fatalf("an error reply: %v", err)
	}
}

func TestMedian_OfEachFigure(t *testing.T) {
	cpu := []float64{30, 10, 20}
	var runs []result
	for i := range cpu {
		runs = append(runs, result{PerSecond: float64(3 - i), P99: float64(i), CPU: &cpu[i], Noisy: i & 1})
	}
	m := median(runs)
	if m.PerSecond != 2 || m.P99 != 1 || *m.CPU != 20 || m.Runs != 3 || m.Noisy != 1 {
		t.Fatalf("%+v, CPU %v", m, *m.CPU)
	}
}

func TestContender_Runs_WhereItsDialectMatters(t *testing.T) {
	each, pipeline := contender{commands: dialect{wait: waitEach}}, contender{commands: dialect{wait: waitPipeline}}
	olric := contender{commands: dialect{olric: true}}
	for _, w := range []workload{{"set", 1}, {"set", 16}, {"get", 16}, {"mset", 16}, {"incr", 16}} {
		if !each.runs(w) {
			t.Errorf("%v: WAIT after each is left out", w)
		}
		if want := w.Pipeline > 1 && w.Test != "get"; pipeline.runs(w) != want {
			t.Errorf("%v: one WAIT a pipeline: want %v", w, want)
		}
		if want := w.Test == "set" || w.Test == "get"; olric.runs(w) != want {
			t.Errorf("%v: olric: want %v", w, want)
		}
	}
}

func TestOwnLoad_Schedule_CountsFromWhenAPipelineWasDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &ownLoad{&benchmark{Clients: 10, Rate: 1000}}
		due := l.schedule(1) // one each 10 ms
		first := due()
		if first.After(time.Now()) {
			t.Fatal("sent before it was due")
		}
		time.Sleep(35 * time.Millisecond) // a slow reply
		for i := 1; i <= 3; i++ {
			if late := time.Since(due()); late != time.Duration(35-10*i)*time.Millisecond {
				t.Errorf("pipeline %d: its time counts from %v ago", i, late)
			}
		}
		if from := due(); time.Since(from) != 0 || from.Sub(first) != 40*time.Millisecond {
			t.Errorf("in time again: %v after the first, from %v ago", from.Sub(first), time.Since(from))
		}
	})
}

func TestOwnLoad_WaitsAsItsDialectSays(t *testing.T) {
	for commands, want := range map[dialect]int{{}: 0, {wait: waitPipeline}: 2, {wait: waitEach}: 6} {
		server := newCountingServer(t)
		l := &ownLoad{&benchmark{Clients: 1, Requests: 6, Keys: 10, ValueSize: 3}}
		if _, err := l.run(t.Context(), contender{target: &target{addrs: []string{server.addr}}, commands: commands}, workload{"set", 3}); err != nil {
			t.Fatal(err)
		}
		if sets, waits := server.count("SET"), server.count("WAIT"); sets != 6 || waits != want {
			t.Errorf("%+v: %d SET, %d WAIT, want 6, %d", commands, sets, waits, want)
		}
	}
}

// countingServer answers OK to all, and counts what it was asked.
type countingServer struct {
	addr string
	mu   sync.Mutex
	seen map[string]int
}

func newCountingServer(t *testing.T) *countingServer {
	s := &countingServer{seen: make(map[string]int)}
	server := redcon.NewServer("127.0.0.1:0", func(conn redcon.Conn, cmd redcon.Command) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.seen[string(cmd.Args[0])]++
		conn.WriteString("OK")
	}, nil, nil)
	ready, ended := make(chan error, 1), make(chan error, 1)
	go func() { ended <- server.ListenServeAndSignal(ready) }()
	if err := <-ready; err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Close()
		<-ended
	})
	s.addr = server.Addr().String()
	return s
}

func (s *countingServer) count(command string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen[command]
}
