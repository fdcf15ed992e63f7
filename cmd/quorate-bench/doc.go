// Command quorate-bench starts a quorate cluster on this machine, loads it, and
// prints throughput, latency and CPU time per request. It can run Redis and Olric
// under the same load for comparison. README.md has commands and figures.
//
// A system is a [target]: processes on loopback ports (contenders.go says how each
// is started). A contender is a target with a dialect, the commands it is sent. All
// contenders are measured in turns, one workload after another, for several rounds;
// the median of the rounds is reported.
//
// The load comes from a [generator]: redis-benchmark, or this program
// (load_own.go), which also supports a fixed rate, WAIT, and Olric's commands.
//
// Invariant: all processes that were started have ended when the program ends, and
// their directory is removed. The first round never counts; a round in which other
// virtual machines took more than --steal percent of the CPU is repeated.
//
// Owns: the processes of the targets, their temporary directory, the connections of
// the load.
//
// Not: how a node is configured or served; it knows the quorate program only by its
// command line and imports no other package of the module.
package main
