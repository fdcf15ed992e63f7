// Package settings is the document of the settings that hold for the whole cluster,
// such as the conflict policy.
//
// A [Document] is a set of named registers. Each has a value, the version of its last
// change and the node that wrote it; the greater version wins, then the greater
// writer. Nodes may change their documents concurrently, and merge them in any order
// and any number of times: all end with the same one.
//
// Values are text or bytes. This package knows the type of those that this build
// uses ([Document.Policy]). Settings with other names are kept and passed on, so that
// those of a newer node survive an older one.
//
// Invariant: merging is commutative, associative and idempotent. A document has one
// encoding, and equal documents have equal digests. What comes from a flag never
// replaces what an operator has changed.
//
// Owns: nothing. The package is pure: no I/O, no goroutine, no clock, no log. A
// Document is not safe for concurrent use while it is changed.
//
// Not: keeping it on disk and sending it to other nodes (cluster/settings),
// the members and the quorums (cluster/core/ring), settings of one node (its flags).
// Of quorate it imports causal, for NodeID, register, for the policy, and wire.
package settings
