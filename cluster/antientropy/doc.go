// Package antientropy finds where the replicas of a partition differ, and makes
// them equal. It compares Merkle trees, so that replicas that are equal cost next
// to nothing.
//
// An [Exchanger] compares and exchanges one partition with one peer, and answers
// the peers that do the same. A [Scheduler] decides when to compare which partition. A
// [Reaper] removes tombstones that every node holds. Data that moves to a new owner uses
// the same exchange (cluster/handoff), because a new copy is only a very stale
// replica.
//
// Invariant: an object is changed by merging alone, so that nothing here can lose
// a write. A dead object is removed only when no older copy can exist anywhere (see
// [Reaper]). Every message, batch and queue is bounded. A node refuses work for
// which its queue has no room, and the peer asks again later.
//
// Owns: the goroutines of the Run methods. Exchanges run on the goroutines of their
// callers.
//
// Not: keeping the trees (engine), bringing single keys up to date as they are
// read (cluster/replica), hints and the order of a ring change (cluster/handoff).
// It may import the pure core, engine, cluster/peer and cluster/operation.
package antientropy
