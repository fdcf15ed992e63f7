// Package membership knows who answers right now: it is hashicorp/memberlist,
// run over the peer channel's port.
//
// Who belongs to the ring is another question, and not answered here (sections
// 4.8.1 and 4.8.3 of the paper keep the two apart): the node tells its members,
// by [Membership.SetMembers], and this package keeps knocking on those that it
// does not see alive. memberlist by itself forgets the dead, so two halves of a
// split would never look for each other again; knocking is what makes every
// split, and a restart of all nodes in any order, end in one cluster.
//
// Gossip also carries the digest of each node's ring state: a few bytes, by
// which a node finds out that another knows more.
//
// Invariant: gossip of two clusters never mixes, for its label is the cluster's
// id. A callback of the [Delegate] never blocks gossip for long.
//
// Owns: memberlist's goroutines, and the one of [Membership.Run].
//
// Not: sockets (cluster/peer), the ring (cluster/core/ring), what to do about a node
// that came or went (cluster). It may import the pure core.
package membership
