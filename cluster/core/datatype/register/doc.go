// Package register is the data type of a Redis string: what a command does to its
// value, and which value a plain read shows when there are several siblings.
//
// [Update.Apply] has Redis 7's semantics of SET, DEL, INCR, APPEND, EXPIRE and the
// like, as one pure function from the old value to the new value and a [Result] for
// the client. The node that the client is connected to makes an [Update] once; it
// can travel to the node that coordinates it, so its times are absolute. Apply runs
// under the lock of the key. Whatever can be checked without the old value has been
// checked before.
//
// [Choose] makes one value of siblings that differ, by a [Policy]. It is the one rule
// for what every command without a context sees of a key, and for whether the key
// exists. Apply is given the chosen value, and [Update.Next] puts its result in
// the place of what it was computed from.
//
// A key may be a collection instead of a string. [Choose] says which it is, and
// [Update.Elements] decides what an update does to the elements.
//
// Invariant: Apply depends on its arguments alone and changes none of them; what
// Append wrote, Decode reads back, and no bytes make Decode panic or allocate more
// than a small multiple of their length.
//
// Owns: nothing. The package is pure: no I/O, no goroutine, no clock.
//
// Not: syntax and error texts (server), siblings and their merge
// (cluster/core/object), who coordinates (cluster/replica), what the bits of a value mean
// (bitmap, hyperloglog), what a command does to elements (collection). Of quorate it imports
// causal, number, object, wire, and the packages bitmap, hyperloglog and collection beside it.
package register
