// Package number reads and writes numbers as Redis's protocol and redis.conf do:
// integers, floating-point numbers and their sums, sizes in bytes, lengths of time, and the
// ranges that settings keep to.
//
// Invariant: what a Format function writes, the Parse function of its kind reads
// as the same number.
//
// Owns: nothing. The package is pure and imports nothing of quorate.
//
// Not: which ranges apply (the component that has the setting).
package number
