// Package testproperties decides which cases the property tests of a package draw.
//
// The cases are the same on each run, so that a test which fails does so because of a
// change, and fails again. New cases are drawn with -rapid.seed 0, or with any other
// number. In short mode rapid runs only a fifth of its cases, 20, which misses what is
// rare; pure packages run 100.
//
// Invariant: who asks for a seed or for a number of cases gets it.
//
// Owns: nothing.
//
// Not: for production code.
package testproperties
