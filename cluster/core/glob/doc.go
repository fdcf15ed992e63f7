// Package glob matches keys against patterns as Redis does.
//
// Invariant: a match takes at most len(pattern) * len(subject) steps, for any
// pattern that a client sends.
//
// Owns: nothing. The package is pure and imports nothing of quorate.
//
// Not: which keys exist (engine, and cluster/coverage over all nodes).
package glob
