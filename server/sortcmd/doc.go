// Package sortcmd holds SORT and SORT_RO, which sort the elements of a list, a set or a sorted
// set by themselves or by other keys.
//
// Invariant: all that an answer needs is read before any of it is written, and is no larger than
// the replies that a node may buffer for a client. The key is read first, then the keys to sort
// by, and then those to show: it is no snapshot. STORE is one update of its key.
//
// Owns: nothing.
//
// Not: the elements (cluster/core/datatype/collection). It imports server/command, server/resp
// and the pure core.
package sortcmd
