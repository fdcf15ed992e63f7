// Package testcluster gives tests a few nodes with real stores, on disks in memory. All
// nodes see one ring, which the test changes. They call each other directly. Time passes
// only when the test says so.
//
// A test adds the parts that it is about to each node ([Node.Serve], [Node.Run]). The
// rest of a node is not there: a test of whole nodes uses cluster/testnodes, and one of
// loss, delay and crashes under a random schedule belongs in cluster/sim.
//
// Invariant: a message arrives at once or fails at once. When a test ends, every
// goroutine of its nodes has ended.
//
// Owns: the stores of the nodes, and the goroutines of [Node.Run].
//
// Not: for production code. It may import the pure core, engine, cluster/peer and
// cluster/sim/poll.
package testcluster
