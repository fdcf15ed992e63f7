// Package quorum is the arithmetic of N, R and W (Dynamo, section 4.5): which values
// make sense, what they promise, and when the answers to a request are enough.
//
// An [NRW] holds the three numbers. A [Tally] counts the answers to one phase of a
// request; the step machines of cluster/core/coordination decide with it that a
// read or a write has its quorum.
//
// Invariant: a [Tally] counts each node once, however often it answers.
//
// Owns: nothing. The package is pure: values in, values out, no allocation.
//
// Not: who is asked and when (cluster/core/coordination), the cluster's current values
// (cluster/core/ring), and how they reach all members (cluster/membership). It imports nothing of quorate.
package quorum
