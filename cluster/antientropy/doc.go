// Package antientropy finds where the replicas of a partition differ, and makes
// them equal: by Merkle trees, so that it costs next to nothing where they do not.
//
// An [Exchanger] compares and exchanges one partition with one peer, and answers
// the peers that do the same. A [Scheduler] decides what is compared when. A
// [Reaper] removes what is dead on every node. Data that moves to a new owner
// goes by the same exchange (cluster/handoff): a copy that is made anew is only a
// very stale replica.
//
// Invariant: an object is changed by merging alone, so that nothing here can lose
// a write; a dead object is removed only when no older copy can be anywhere (see
// [Reaper]). Every message, batch and queue is bounded; work that a node has no
// room for is refused, and asked for again later.
//
// Owns: the goroutines of the Run methods. Exchanges run on their callers'.
//
// Not: keeping the trees (engine), bringing single keys up to date as they are
// read (cluster/replica), hints and the order of a ring change (cluster/handoff).
// It may import the pure core, engine and cluster/peer.
package antientropy
