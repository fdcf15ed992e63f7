// Package handoff brings data to where it belongs: hints to the nodes that they
// are kept for ([Deliverer]), and partitions to their new owners when the ring
// changes ([Mover]).
//
// Both are driven by durable state alone (the hints in the engine, the
// transition in the ring), so both go on after a crash of anyone without being
// told.
//
// Invariant: a hint is deleted only after the node that it is for, or, if that
// one is no longer of the ring, the present primaries of its key, have
// acknowledged the object. A partition is dropped only after every present
// primary has what it held.
//
// Owns: the goroutines of the two Run methods.
//
// Not: who stands in for whom (cluster/replica), what differs between two copies
// of a partition (cluster/antientropy), when ownership flips (cluster/core/ring). It
// may import the pure core, engine, cluster/peer and cluster/antientropy.
package handoff
