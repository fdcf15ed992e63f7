// Package message has the bodies of the frames by which replicas exchange objects:
// writes, reads, and their answers.
//
// Every body is a number of items (four bytes) and the items. All lengths are
// unsigned varints.
//
//	write   partition u16 | flags u8 | [node that the object is kept for u64] | key | object
//	        answer: nothing if all objects were stored, else pairs of item and error
//	read    partition u16 | flags u8 | [digest u64] | key
//	        answer: for each item an outcome u8 and, behind it, a digest or an object
//
// Invariant: a decoder never reads past its input, and what it returns aliases it.
// Malformed bytes give errors that wrap [wire.ErrCorrupt].
//
// Owns: nothing. The package is pure.
//
// Not: forwarded updates, whose errors have meanings of their own (cluster/replica),
// and what a node does with a body. It imports other packages of cluster/core only.
package message
