// Package limits holds the limits of the client port that may change while clients are
// served, the ranges that its settings keep to, and the budget of bytes that clients make
// a node buffer.
//
// Invariant: the bytes granted by a [Budget] never exceed [Limits.Buffered] as it
// was when they were granted.
//
// Owns: nothing. All numbers are atomic.
//
// Not: the names and defaults of the settings (server) and CONFIG (server/introspect).
// It imports server/resp and cluster/core alone.
package limits
