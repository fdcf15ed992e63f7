// Package repair puts together what makes the copies of data equal, and moves data to where
// it belongs: anti-entropy, the reaping of tombstones, the delivery of hints, and the moves
// of partitions when the ring changes. A [Repair] runs them, and tells how they go.
//
// Invariant: anti-entropy, reaping and moves compare partitions by one
// [antientropy.Exchanger], so that its limits hold for all of them together.
//
// Owns: the goroutines of its parts. [Repair.Run] returns when all of them have ended.
//
// Not: how a part works (cluster/antientropy, cluster/handoff), the repair of a key that a
// read finds to differ (cluster/replica), what a disk that lacks something may still say
// (cluster/recovery).
package repair
