// Command quorate runs nodes of a quorate cluster and talks to their admin
// ports.
//
//	quorate server    one node
//	quorate demo      a cluster of five in one process, to try and to break
//	quorate admin     status, live settings and members of a running cluster
//	quorate health    whether the node behind an admin port is ready
//	quorate version
//
// Every setting stands in one table (config.go): its name, default, bounds and
// help. Flags come from it, and the variables QUORATE_*, and the keys of the
// file that --config names; a flag outdoes a variable, a variable the file, the
// file the default.
//
// A process is a host (host.go), in a demo several: an admin port, which always runs, and a node
// with its client port, which can be killed and revived behind it. [newHost]
// puts one together, top to bottom.
//
// Invariant: nothing is listened on beyond loopback without a password, unless
// --insecure says so; listeners close first and the engine last, so that no
// request meets half a node.
//
// Owns: the process's signals, its listeners, its logger.
//
// Not: anything that a node does; see package cluster.
package main
