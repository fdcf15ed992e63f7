// Package object is what a node stores of one key: a mergeable document with a
// version vector, and the one way in which two copies of it meet.
//
// An [Object] is a version vector and a set of siblings. Each [Sibling] is named by
// its dot, the single event that made it. [Put] adds an event, [Merge] joins two
// copies. The scheme is that of Preguiça, Baquero, Almeida, Fonte and Gonçalves,
// "Dotted Version Vectors: Logical Clocks for Optimistic Replication" (2010).
//
// Invariant: [Merge] is commutative, associative and idempotent (up to the
// trimming of entries older than [TrimAge]); the encoding of an object is
// canonical, so that equal objects have equal bytes and equal digests on every
// node; an object's vector covers every dot of its siblings and elements.
//
// The elements of collections ([Element]) are merged by the same rule: [Object.BecomeEdited]
// adds an event that changes some of them. A [Delta] has those alone, for copies that know of
// what it replaces ([MergeDelta]).
//
// A large collection need not be in memory as a whole: an object may have some elements, and the
// totals of the others ([Rest]). Its digest depends on the sum of its elements' hashes, so that it
// can be kept up to date without a look at the others ([Seed.Digest]).
//
// Numbers that are added to have a sum for each node that adds ([Sum]), so that no addition
// is lost ([Increment]). Readers are shown the total ([Counted]).
//
// A document begins with its format and its [Type]; today the only type is
// [Register].
//
// An object whose values have all expired can be stripped of their data
// ([Object.Strip]).
//
// A [Clear] removes everything that nodes have made up to a moment, from all objects at once.
//
// An object may know of an event without knowing those before it: a client has seen that
// event, and this object's node has not. Then the object has gaps (causal.Gaps).
// [Object.SeenBy] makes the context of a client that has written.
//
// Owns: nothing. The package is pure. It imports causal, number and wire.
//
// Not: what a Redis command does to a value, and which of several siblings a plain
// read shows (cluster/core/datatype/register); where objects are stored (engine).
package object
