// Package ring holds the hash slots and partitions, the members of the ring, the
// tokens that each member owns, and how they change while the cluster serves.
//
// A [State] is what the nodes gossip and keep on disk: a join-semilattice of
// registers with Lamport versions. Changes by an operator ([State.Join],
// [State.Leave], [State.Remove], [State.SetQuorums]) never touch the owners; they
// change which members are wanted. While the wanted members differ from the layout
// in force, a transition is under way. Its target is a pure function of the state,
// so that every node computes the same one. The nodes that gain partitions mark
// themselves done, and any node may then flip: the target becomes the layout in force
// ([State.Flip]).
//
// A [Ring] is the immutable, indexed view of one state that requests use.
//
// Nodes act by different states while a change spreads. So that a read by one of them meets the
// writes by the others, writes also go to the primaries by the layout that comes and by the one
// that went ([Ring.Others]). A change has four phases: before, copying, flipped, confirmed. No
// two nodes that reach each other are more than one phase apart.
//
// Invariant: merging is commutative, associative and idempotent. Every partition
// has an owner, each owner is a member, and the primaries of a partition are
// distinct. Equal states give equal rings on every node, but for
// [Ring.Receiving]. The death of a member
// changes nothing here: only an operator does.
//
// Owns: nothing. The package is pure: no I/O, no goroutine, no clock, no log. A
// State is not safe for concurrent use (its owner clones it); a Ring is.
//
// Not: which member gets which token (cluster/core/ring/placement), who answers
// right now (cluster/membership/gossip), moving data and knowing when it has arrived
// (cluster/handoff), whether a request has its quorum (cluster/core/quorum). Of
// quorate it imports causal, for NodeID, quorum, for what N, R and W may be, and
// placement.
package ring
