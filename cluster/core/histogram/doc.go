// Package histogram counts durations, cheaply enough to time every request.
//
// A [Histogram] is an array of counters, eight buckets for each doubling of the
// duration: a quantile is off by at most an eighth, from a microsecond to two
// minutes. Recording is two atomic additions. [Counts] is a copy for reading:
// copies can be added, subtracted from later ones, and asked for quantiles.
//
// Invariant: the bounds of buckets never change; counts of different nodes and
// versions can be added.
//
// Owns: nothing; it starts no goroutine and reads no clock.
//
// Not: what is timed (server), and how it is shown (admin).
package histogram
