// Package poll waits in tests for what nothing announces: what other processes,
// real sockets or real disks come to. Inside a testing/synctest bubble nothing
// needs it.
//
// Invariant: a wait is bounded, and one that ends in vain fails its test.
//
// Owns: nothing.
//
// Not: for production code.
package poll
