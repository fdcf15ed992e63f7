// Package problem finds what is wrong in a cluster: [Find] reads the reports of the nodes,
// and lists each problem with the node that has it, what follows, and what to do.
//
// A kind of problem is one function in a file of its subject: members.go, disks.go,
// links.go, data.go, quorums.go. A problem is not what an operator has asked for: data that
// moves because a node joins is none, and a node that died while it joined is one.
//
// Most reports say since when something has been so. For the others a [Tracker] remembers
// when it was first seen.
//
// Invariant: equal input gives equal lists in equal order. The package reads no clock and
// does no I/O. A node whose port is of an older version, and reports less, has fewer
// problems and no wrong ones.
//
// Owns: nothing.
//
// Not: the collection of reports, which is the work of package admin; metrics and texts for
// the terminal.
package problem
