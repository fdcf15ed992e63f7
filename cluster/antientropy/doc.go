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
// # Why a tombstone waits for its grace
//
// A [Reaper] proves that no member holds an older copy, or a hint, and that none is under
// way. That proof would do without a grace if nothing could come back that no member has now.
// What can, only time excludes:
//
//   - A disk that is put back as it was. The values on it may have been deleted since. The
//     others bring such a member up to date before it counts (cluster/recovery), which works
//     only while they have the tombstones. A disk from before the grace is refused.
//   - A member that was removed from the ring, or that a new one took the place of, while it
//     was down. The Reaper does not ask it any more, and it may return with what it holds,
//     its hints included. It keeps its data to itself once it has been away for most of the
//     grace (handoff.LongAway), and hints live shorter than the grace.
//   - A forwarded update that its origin sends once more. What was replaced is remembered
//     only in the object that replaced it, so that without the tombstone the update would
//     take effect a second time. It is refused for its age before a grace ends.
//
// A client's old context is not among them: a key that was reaped continues under a fresh
// epoch. Nor is a transfer, or what lies in the buffers of a frozen node: see [Reaper].
//
// So no proof among the members can shorten the grace. It bounds how old a backup may be, and
// for how long a member may be away.
//
// Owns: the goroutines of the Run methods. Exchanges run on the goroutines of their
// callers.
//
// Not: keeping the trees (engine), bringing single keys up to date as they are
// read (cluster/replica), hints and the order of a ring change (cluster/handoff).
// It may import the pure core, engine, cluster/peer and cluster/operation.
package antientropy
