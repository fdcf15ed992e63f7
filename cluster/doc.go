// Package cluster is one node put together: the engine, the peer channel, the
// coordinator, gossip, hinted handoff and anti-entropy, around one ring.
//
// A [Node] is made by [New], which opens the store and binds the peer port, and
// lives in [Node.Run]. Before [Node.Ready] it has no ring yet: a fresh node that
// was told to join is still knocking.
//
// The ring state (members, owners of partitions, N, R and W) is a join
// semilattice. Every change goes through the keeper: it is merged, saved with a
// sync, and only then acted upon and told to others, so no node ever forgets
// what it made others believe.
//
// Invariant: what a node acts on is saved; a node that was killed at any instant
// comes back with the ring it had shown to others.
//
// Owns: everything below it; Run returns when all of it has stopped. Order of
// stopping: the channel and gossip first, so that nothing new arrives, then the
// coordinator, which finishes what it has, and the store last.
//
// Not: RESP (server), HTTP (admin), processes and flags (cmd).
package cluster
