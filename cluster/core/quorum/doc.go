// Package quorum is the arithmetic of N, R and W (Dynamo, section 4.5): which
// values make sense, what they promise, and when the replies to one request
// settle it.
//
// Invariant: a [Tally] counts each node once, however often it answers, and once
// won stays won.
//
// Owns: nothing. The package is pure: values in, values out, no allocation.
//
// Not: who is asked and when (cluster/replica), the cluster's current values and
// how they spread (cluster/core/ring). It imports nothing of quorate.
package quorum
