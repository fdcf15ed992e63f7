// Package sim runs whole nodes in one process under a schedule that one seed
// decides: who sends what when, which message is lost, late or doubled, whose
// process freezes or dies, what its disk had synced.
//
// A node is made of the parts that run in production: coordinator, hint
// delivery, anti-entropy, reaper, mover, ring state, and the engine on Pebble over
// a file system in memory. Sockets and gossip are replaced by a message bus and a
// failure detector, which the simulator drives.
//
// # How a run is made to repeat
//
// Each life of a node is a testing/synctest bubble of its own, with its own clock.
// The simulator runs one node at a time. It gives the node one thing to do (a
// message, a request of a client, some time to pass), and waits until all
// goroutines of the node are idle. What the node sent meanwhile is sorted before
// the generator of the run decides about it, so that the order in which goroutines
// ran within a step does not matter. All instants differ by odd nanoseconds, so that
// no two timers of a node fire at once.
//
// A frozen node is one whose bubble gets no time and no messages. When it goes on,
// its wall clock has moved, and what waited in its buffers comes before, among or
// after its overdue timers, as the seed says.
//
// # Running it
//
//	go test ./cluster/sim                       the seeds of the suite
//	go test ./cluster/sim -seeds 10000          more of them
//	go test ./cluster/sim -seeds 1 -first 4711  one of them, again
//	go test ./cluster/sim -faults all           with faults that are known to show something
//
// A run that fails prints its seed, the end of its trace, and the command that
// repeats it.
//
// Invariant: a seed and a set of options give the same trace, byte for byte, on
// every run of one binary.
//
// Owns: the bubbles of the nodes and everything in them, until [Run] returns.
//
// Not: the network itself (cluster/peer has tests over real sockets and over
// faulty links), gossip (cluster/membership), and whole processes (cmd/quorate/e2e).
package sim
