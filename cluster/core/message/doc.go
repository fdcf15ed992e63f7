// Package message has the bodies of the frames that coordinators and replicas exchange:
// writes, reads, forwarded updates, lists of versions, and their answers.
//
// Every body is a number of items (four bytes) and the items. All lengths are
// unsigned varints.
//
// In a read or a write the highest bit of the number says that the mark of a clear follows
// (u64): see [AppendHead].
//
//	write   partition u16 | flags u8 | [node that the object is kept for u64] | key | object
//	        answer: nothing if all objects were stored, else pairs of item and error
//	read    partition u16 | flags u8 | [digest u64] | key | [names of elements]
//	        answer: for each item an outcome u8 and, behind it, a digest, an object, or a part
//	        of one: digest of the whole u64 | totals of the other elements | object
//	forward sent u64 | life u64 | low u64 before the items, then
//	        flags u8 | R u8 | W u8 | origin 2 u64 | budget | key | update
//	        (an old node sends start-by u64 | stamp u64 before the items, and no origin and
//	        budget in them; the highest bit of the first number is not set)
//	        answer: for each item 0 and a result, or 1 and an error; then a trace if
//	        the flags asked for one; behind the items this node's clock u64
//
//	takeover node u64 | drain u8, without a count
//	        answer: 1 or 0
//
// The answer to a question for the history of a key is a list of versions ([Versions]).
//
// Invariant: a decoder never reads past its input, and what it returns aliases it.
// Malformed bytes give errors that wrap [wire.ErrCorrupt].
//
// Owns: nothing. The package is pure.
//
// Not: what a node does with a body, and which error a code stands for
// (cluster/replica). It imports other packages of cluster/core only.
package message
