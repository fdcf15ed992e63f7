// Package handoff brings data to where it belongs: hints to their targets ([Deliverer]),
// and partitions to their new owners when the ring changes ([Mover]).
//
// Both are driven by durable state alone (the hints in the engine, the transition
// in the ring), so that both go on by themselves after a crash of any node.
//
// Invariant: a hint is deleted only after its target has acknowledged the object,
// or, if the target has left the ring, after all present primaries of the key
// have. A partition is dropped only after every present primary has what it held.
//
// Owns: the goroutines of the two Run methods.
//
// Not: which node replaces a primary that is down (cluster/replica), what differs
// between two copies of a partition (cluster/antientropy), when ownership flips
// (cluster/core/ring). It may import the pure core, engine, cluster/peer,
// cluster/antientropy and cluster/operation.
package handoff
