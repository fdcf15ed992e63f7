// Package causal is the heart of quorate: dotted version vectors, the objects
// that carry them, and the one way in which two copies of an object meet.
//
// An [Object] is a version vector and a set of siblings. Each [Sibling] is
// named by its [Dot], the single event that made it. [Put] adds an event,
// [Merge] joins two copies. The scheme is that of Preguiça, Baquero, Almeida,
// Fonte and Gonçalves, "Dotted Version Vectors: Logical Clocks for Optimistic
// Replication" (2010).
//
// A client's context is a vector, and the dot of its own last write where no
// vector can cover that without covering what the client has not been shown:
// [Object.SeenBy] and [Object.Without] are the two ends of it.
//
// Invariant: [Merge] is commutative, associative and idempotent (up to the
// trimming of entries older than [TrimAge]); the encoding of an object is
// canonical, so that equal objects have equal bytes and equal digests on every
// node; an object's vector covers every dot of its siblings.
//
// Owns: nothing. The package is pure: no I/O, no goroutine, no log, no wall
// clock of its own (see [Clock], which is given one).
//
// Not: who coordinates (cluster/replica), what a Redis command does to a value
// (cluster/core/datatype/register), where objects live (engine). It imports nothing of quorate.
package causal
