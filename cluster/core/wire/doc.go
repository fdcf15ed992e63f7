// Package wire reads the binary forms that quorate stores and sends.
//
// Invariant: a [Reader] never reads past its input, and no length that it reads
// makes a caller allocate more than a small multiple of what was received.
//
// Owns: nothing. The package is pure.
//
// Not: what the fields mean; that is with the type that is encoded. It imports
// nothing of quorate.
package wire
