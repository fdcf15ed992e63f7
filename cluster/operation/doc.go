// Package operation keeps the list of a node's long work: partitions that move,
// copies that are made equal on request. Each piece of such work is an
// [Operation], with an id, progress, an end, and a way to cancel it.
//
// The package runs nothing. An operation belongs to the one goroutine that began
// it, its owner: the owner does the work or waits for the goroutines that do, reports
// progress, and ends the operation. All others only read ([Registry.List]),
// wait ([Registry.Wait]) or cancel ([Registry.Cancel]).
//
// Invariant: an operation ends once. The registry keeps all operations that run,
// whose number their owners bound, and the newest of those that have ended, up to
// a limit.
//
// Owns: no goroutine and no file. What it knows does not outlive the process.
//
// Not: what the work is (cluster/handoff, cluster/antientropy), or when to do it
// again. It imports nothing of this module.
package operation
