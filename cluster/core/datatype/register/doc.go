// Package register says what a string command does to a value: Redis 7's
// semantics of SET, DEL, INCR, APPEND, EXPIRE and their kin as one pure function,
// [Update.Apply], from the old value to the new one and what to tell the client.
//
// An [Update] is made once, by the node that the client talks to, and can travel
// to the node that coordinates it; times in it are absolute. It is applied where
// the key is locked, so everything in it that can be checked without the old
// value was checked before. A key whose siblings differ has been resolved to one
// value when Apply sees it (Resolve).
//
// Invariant: Apply depends on its arguments alone and changes none of them; what
// Append wrote, Decode reads back, and no bytes make Decode panic or allocate more
// than a small multiple of their length.
//
// Owns: nothing. The package is pure: no I/O, no goroutine, no clock.
//
// Not: syntax and error texts (server), versions of the value (cluster/core/causal),
// who coordinates (cluster/replica). It imports cluster/core/causal only.
package register
