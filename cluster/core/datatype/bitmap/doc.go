// Package bitmap reads and changes the bits of a value, as Redis's SETBIT, BITCOUNT,
// BITPOS, BITOP and BITFIELD do. Bit 0 is the most significant bit of the first byte.
//
// A [Field] is one step of BITFIELD: it reads or changes an integer of 1 to 64 bits at
// any bit of the value. Steps travel to the node that coordinates the update, so they
// have an encoding ([AppendFields]).
//
// Invariant: no function changes the bytes that it is given; bits beyond the end of a
// value are 0; no bytes make a decoder panic, or allocate more than a small multiple of
// their length.
//
// Owns: nothing. The package is pure: no I/O, no goroutine, no clock.
//
// Not: syntax and error texts (server/bitmapcmd); the value, its expiry and its siblings
// (cluster/core/datatype/register). Of quorate it imports wire alone.
package bitmap
