// Package recovery decides what a node may still say about its data when its disk was
// lost, or is older than the node, and when it has everything again.
//
// A [Recovery] is what package membership asks and tells about the disk. Membership
// notices that a disk is outdated: the ring knows a start of the node that the disk does
// not. Recovery marks the data as in doubt, durably, before the node takes in that news.
// While the mark is there, other parts of the node do not count what is stored here. Run
// waits until the other primaries have filled the node, and removes the mark.
//
// Invariant: from the moment when a node knows that its disk may lack what it has
// acknowledged until everything is back, the mark is on the disk. A copy that is older than
// the tombstone grace is refused, because nobody can tell which of its values were deleted.
//
// Owns: nothing; Run runs on the goroutine of its caller.
//
// Not: noticing that a disk is outdated (cluster/membership), the exchange that fills it
// (cluster/antientropy), what an answer in doubt counts for (cluster/replica,
// cluster/coverage).
package recovery
