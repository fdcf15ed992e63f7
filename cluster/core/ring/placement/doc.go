// Package placement decides which member owns which token of the ring: [Found] for
// a new ring, [Claim] when members join, leave or replace one another.
//
// Invariant: the result is a pure function of the arguments, the same on every node
// and in every build that shares a ring. Every token has an owner among the wanted
// members, and each owns floor(Q/S) or ceil(Q/S) of the Q tokens, S the members.
//
// Owns: nothing. The package is pure.
//
// Not: the preference lists that follow from the owners, and when a new layout
// comes into force (cluster/core/ring). Of quorate it imports causal, for NodeID.
package placement
