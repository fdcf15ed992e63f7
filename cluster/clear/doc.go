// Package clear removes all keys of the cluster at once, for FLUSHALL and FLUSHDB.
//
// What is removed is said by one small value, a clear ([object.Clear]). A [Clearer] makes one
// when all members can be reached:
//
//  1. Prepare: every member begins to note which keys are written, and tells which epochs it
//     has seen of each node.
//  2. Bound: every member begins new epochs, and returns the bound of all that it has used.
//     Every version of the cluster that was acknowledged before is below these bounds now,
//     and nothing that is made from now on is. They are the clear.
//  3. Exchange: every member takes the clear in and removes what it covers. When all have
//     answered, no node holds anything of it.
//
// The bounds of nodes that are no members any more are those that the members have seen.
//
// If a member dies before step 3 is over, the others decide: of every partition as many
// primaries must have the clear that each quorum of a read or a write meets one of them.
// The member learns the clear when it can be reached again: it exchanges clears with all others
// before it serves, at each new connection, now and then, and whenever a request shows that the
// other node has another clear. Copies that a client waits for are exchanged only by
// nodes with the same clear (cluster/replica).
//
// If a member cannot be reached, or is of an older version, all keys are deleted one by one:
// the bound of a member that does not answer is not known, and what it makes meanwhile must
// not be lost.
//
// Invariant: a bound is above no version that its node makes after the clear was begun. No
// two clocks are compared.
//
// Owns: the goroutine of [Clearer.Run], which waits for those that it starts.
//
// Not: what a clear covers, and why copies agree (cluster/core/object, clear.go); how a node
// carries a clear out (engine, clear.go). It may import the pure core, peer, engine and replica.
package clear
