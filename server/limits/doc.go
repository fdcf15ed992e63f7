// Package limits holds the bounds of the client port that may change while
// clients are served, and the budget of bytes that clients make a node buffer.
//
// Invariant: the bytes granted by a [Budget] never exceed [Limits.Buffered] as it
// was when they were granted.
//
// Owns: nothing. All numbers are atomic.
//
// Not: the numbers' defaults (server.Config) and their names for CONFIG SET
// (server/introspect). It imports server/resp, and the greatest length of a value
// from cluster/core.
package limits
