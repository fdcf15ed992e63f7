// Package settings keeps this node's copy of the settings that hold for the whole
// cluster, and makes all nodes agree on them.
//
// A [Store] has the document ([settings.Document] of cluster/core/settings), saved on
// disk. A [Disseminator] brings it to the other members:
//
//  1. A change is saved here, and then pushed to every member that can be reached. A
//     member that has more answers with its own document, which is merged.
//  2. Gossip carries the digest of each node's document. A node that sees another
//     digest pulls the document from there ([Disseminator.Behind]).
//  3. A node pulls from each member that it is connected to anew
//     ([Disseminator.Connected]), so that the two sides of a split meet.
//  4. Now and then it pulls from one member, in turn, which heals whatever was lost.
//
// Members of an older version refuse these messages. They go on with the policy of
// their flags, and learn the document when they are upgraded.
//
// Invariant: a document is saved before it is acted upon or shown to others. A read of
// the policy is one atomic load.
//
// Owns: the goroutine of [Disseminator.Run], which waits for those that it starts.
//
// Not: what a document is and how it merges (cluster/core/settings), gossip
// (cluster/membership/gossip), the ring and its quorums (cluster/membership). It may
// import the pure core and peer.
package settings
