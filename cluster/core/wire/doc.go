// Package wire reads and writes the fields of the binary forms that quorate stores
// and sends. Every encoder appends with its Append functions; every decoder reads
// with a [Reader] and reports bad bytes by an error that wraps [ErrCorrupt].
//
// Invariant: a [Reader] never reads past its input, and no length that it reads
// makes a caller allocate more than a small multiple of what was received. Each
// number has one form, the shortest; a Reader refuses any other.
//
// Owns: nothing. The package is pure.
//
// Not: what the fields mean; that is with the type that is encoded. It imports
// nothing of quorate.
package wire
