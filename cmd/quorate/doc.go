// Command quorate runs nodes of a quorate cluster and talks to their admin
// ports.
//
//	quorate server    one node
//	quorate demo      a cluster of five in one process, to try and to test faults on
//	quorate admin     status, live settings, members and operations of a running cluster
//	quorate health    whether the node behind an admin port is ready
//	quorate version
//	quorate help      a command, explained
//	quorate completion
//	quorate manual    the manual page
//
// Every setting is a row of one table (config.go): its name, the field that it sets,
// default, bounds, help, and whether CONFIG SET changes it. Flags come from the table,
// and the variables QUORATE_*, and the keys of the file that --config names; a flag
// wins over a variable, a variable over the file, the file over the default.
// Defaults and bounds are those that the components export.
//
// A process has a supervisor (supervisor.go), in a demo several: an admin port, which
// always runs, and behind it a node with its client port, which can be killed and
// revived. [newSupervisor] puts one together.
//
// Invariant: nothing is listened on beyond loopback without a password, unless
// --insecure says so; listeners close first and the engine last, so that no
// request meets half a node.
//
// Owns: the process's signals, its listeners, its logger.
//
// Not: anything that a node does; see package cluster.
package main
