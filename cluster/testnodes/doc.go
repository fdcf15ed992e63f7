// Package testnodes runs whole nodes in the process of a test, on loopback sockets and
// on disks in memory.
//
// A test that needs only some parts of a node uses cluster/testcluster, which has a
// clock of its own and fails messages at will. One about faults under a random schedule
// belongs in cluster/sim, and one about processes and flags in cmd/quorate/e2e.
//
// Invariant: a node that is killed keeps on its disk what it had synced, and nothing
// else. When a test ends, every node of it has ended.
//
// Owns: the nodes, until the test ends.
//
// Not: for production code.
package testnodes
