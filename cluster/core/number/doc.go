// Package number reads and writes numbers as Redis's protocol and redis.conf do:
// integers, sizes in bytes, lengths of time, and the ranges that settings keep to.
//
// Invariant: what a Format function writes, the Parse function of its kind reads
// as the same number.
//
// Owns: nothing. The package is pure and imports nothing of quorate.
//
// Not: floating-point numbers (datatype/register, which adds them as Redis does);
// which ranges apply (the component that has the setting).
package number
