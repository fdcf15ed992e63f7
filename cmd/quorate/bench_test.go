package main

import (
	"bufio"
	"strings"
	"testing"
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
	b := benchCmd{Tests: listOf{"set", "mset"}, Pipelines: listOf{"1", "16"}}
	all, err := b.workloads()
	if err != nil || len(all) != 4 || all[1] != (workload{"set", 16}) || all[2] != (workload{"mset", 1}) {
		t.Fatalf("%v, %v", all, err)
	}
	for _, bad := range []benchCmd{{Tests: listOf{"lpush"}}, {Tests: listOf{"set"}, Pipelines: listOf{"0"}}, {Tests: listOf{"set"}, Pipelines: listOf{"many"}}} {
		if _, err := bad.workloads(); err == nil {
			t.Errorf("%v: accepted", bad)
		}
	}
}

func TestSkipReply_TakesOneWhole(t *testing.T) {
	in := bufio.NewReader(strings.NewReader("+OK\r\n$5\r\nab\r\nc\r\n$-1\r\n:12\r\n-NOQUORUM needed 2\r\n"))
	for i := range 4 {
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
