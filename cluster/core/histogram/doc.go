// Package histogram counts how long things take, cheaply enough to do so for
// every request.
//
// A [Histogram] is an array of counters whose buckets grow with what they count:
// eight for each doubling, so that a quantile read from it is off by an eighth at
// the most, from a microsecond to two minutes. To record is one or two atomic
// additions; to read is to take a copy, [Counts], which can be added to others,
// subtracted from a later one, and asked for quantiles.
//
// Invariant: the bounds of buckets never change; counts of different nodes and
// versions can be added.
//
// Owns: nothing; it starts no goroutine and reads no clock.
//
// Not: what is timed (server), and how it is shown (admin).
package histogram
