// Package quorum is the arithmetic of N, R and W (Dynamo, section 4.5): which values
// make sense, what they promise, and when the answers to a request are enough.
//
// An [NRW] holds the three numbers. A [Tally] counts the answers to one phase of a
// request; the coordinator (cluster/replica) decides with it that a read or a write
// has its quorum.
//
// Invariant: a [Tally] counts each node once, however often it answers.
//
// Owns: nothing. The package is pure: values in, values out, no allocation.
//
// Not: who is asked and when (cluster/replica), the cluster's current values and how
// they are spread (cluster/core/ring). It imports nothing of quorate.
package quorum
