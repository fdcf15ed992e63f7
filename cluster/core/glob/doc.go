// Package glob matches keys against patterns as Redis does.
//
// Invariant: a match takes at most pattern times subject steps, whatever a client
// sends.
//
// Owns: nothing.
//
// Not: which keys there are (cluster).
package glob
