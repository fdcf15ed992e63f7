// Package causal says which event happened before which. It has no notion of
// values: every data type uses it.
//
// A [Dot] names one event: the [Actor] that made it and a [Counter]. A [Vector]
// summarises the events that are known. A [Clock] stamps events with hybrid
// logical time, which orders concurrent values for display and never decides what
// is kept. A [Context] is any set of events: a vector with gaps. Its token ([ContextTokens]) is
// what a client holds between a read and a write. The scheme is that of Preguiça, Baquero,
// Almeida, Fonte and Gonçalves, "Dotted Version Vectors: Logical Clocks for
// Optimistic Replication" (2010).
//
// Invariant: a dot names one event for ever. Joining vectors is commutative,
// associative and idempotent. A vector and a token have one encoding each.
//
// Owns: nothing. The package is pure: no I/O, no goroutine, no log, no wall
// clock of its own (see [Clock], which is given one).
//
// Not: the values and their siblings (cluster/core/object), who coordinates
// (cluster/replica). Of quorate it imports wire alone.
package causal
