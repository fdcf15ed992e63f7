// Package ring says who holds what: the hash slots and partitions, the members
// of the ring, the token each of them owns, and how all of that changes while
// the cluster serves.
//
// A [State] is what the nodes gossip and keep on disk: a join-semilattice of
// registers with Lamport versions. Operators' words ([State.Join],
// [State.Leave], [State.Remove], [State.SetQuorums]) never touch the owners;
// they change what is wanted. Where what is wanted differs from the layout in
// force, a transition is under way; its target is a pure function of the state,
// so that every node computes the same one. The nodes that gain partitions mark
// themselves done, and any node may then flip ([State.Advance]).
//
// A [Ring] is the immutable, indexed view of one state that requests use.
//
// Invariant: merging is commutative, associative and idempotent. Every partition
// has an owner, each owner is a member, and the primaries of a partition are
// distinct. Equal states give equal rings on every node. The death of a member
// changes nothing here: only an operator's word does.
//
// Owns: nothing. The package is pure: no I/O, no goroutine, no clock, no log. A
// State is not safe for concurrent use (its owner clones it); a Ring is.
//
// Not: who answers right now (cluster/membership), moving data or knowing when
// it has arrived (cluster/handoff), counting replies (cluster/core/quorum). Of
// quorate it imports causal, for NodeID, and quorum, for what N, R and W may be.
package ring
