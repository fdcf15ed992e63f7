// Package e2e tests quorate from outside: real processes on loopback, a real
// Redis client, and what a machine room does to them. It has no code but tests.
//
// A fleet (fleet_test.go) is the processes of one cluster; a load (load_test.go) writes to it
// and reads from it while they are killed, frozen and started again, and keeps a
// history (history_test.go) of what was acknowledged; at the end the history is read back
// through every node. A failed test shows the last lines of each node's log.
//
// Invariant: a test ends the processes that it started, whatever happens, and
// waits on what it can observe, with a deadline, never for a fixed time.
//
// Owns: the processes, their directories under the test's own.
//
// Not: what can be shown without processes; that is tested in each package.
package e2e
