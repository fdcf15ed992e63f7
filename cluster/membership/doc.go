// Package membership decides who belongs to the ring, and makes all nodes agree on it.
//
// The ring state (members, owners of partitions, N, R and W) is a join semilattice:
// two states merge, in any order, into one that has what both know. A [StateStore]
// holds this node's state. [Changes] changes it for operators, and a [Disseminator] brings
// it to others. [Identity] heeds what the ring says about this node itself. A [Membership]
// has these parts, and runs them:
//
//  1. Bootstrap finds the first state: it loads the one on the disk, founds a cluster,
//     or joins one.
//  2. A change, by an operator or by the node itself, is merged into the state, saved
//     with a sync, and only then acted upon and sent. So a node never forgets what
//     others have learned from it.
//  3. The node where a change began pushes the whole state to every member that it can
//     reach. A member that knows more replies with its own state.
//  4. Gossip carries the digest of each node's state. A node that sees another digest
//     exchanges states with that node, in both directions.
//  5. After a flip of the ring a node asks all members that it can reach, until all have it.
//     Until then writes go to the former primaries, too (confirm.go).
//  6. A node that cannot reach a member looks for it: where the ring has it, where the
//     operator says, where it has been itself. An address is only a place to look: a
//     node is its name and its data directory (identity.go).
//
// So a change is everywhere after one round trip if all goes well, and within some
// rounds of gossip if not.
//
// Only operators change who belongs to the ring (section 4.8 of the paper). A member
// admits a newcomer because the operator of the newcomer said so, with the secret of the
// cluster if there is one.
//
// Invariant: what a node acts on or tells others is saved.
//
// Owns: the ring state on disk, and the goroutines of [Membership.Run].
//
// Not: how states change and merge (cluster/core/ring), who answers right now
// (cluster/membership/gossip), sockets (cluster/peer), moving data (cluster/handoff).
package membership
