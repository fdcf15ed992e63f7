// Package gossip finds out which nodes answer right now. It runs hashicorp/memberlist
// over the port of the peer channel.
//
// Who belongs to the ring is another question, which cluster/membership answers
// (sections 4.8.1 and 4.8.3 of the paper keep the two apart). It names the members by
// [Gossip.SetMembers], and this package tries to rejoin those that do not answer, again
// and again. memberlist by itself forgets the dead, so the two halves of a split would
// never look for each other. Rejoining makes every split, and every restart of all
// nodes in any order, end in one cluster.
//
// Gossip also carries the digest of each node's ring state. The digest is a few bytes
// long, and tells a node that another one has a different state. The digest of the
// cluster's settings travels in the metadata of each node.
//
// Invariant: gossip of two clusters never mixes, because its label is the cluster's id.
// No callback of the [Delegate] blocks gossip for long. Every method may be called from
// the moment that New returns, but for Run, which follows Start.
//
// Owns: memberlist's goroutines, from [Gossip.Start] on. [Gossip.Run] ends them.
//
// Not: sockets (cluster/peer), the ring state (cluster/membership), what happens when a
// node comes or goes (cluster). It imports the pure core, and neither of the others.
package gossip
