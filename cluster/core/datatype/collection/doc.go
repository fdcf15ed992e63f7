// Package collection is the data types of Redis that have elements: what a command does to
// the elements of a hash, a set, a sorted set, a list or a stream.
//
// A [Command] is made once, by the node that the client is connected to, and travels to the
// node that coordinates it. There [Command.Apply] is given the elements that commands see (a
// [View]) and returns an [Outcome]: the changes of elements, and an [Answer] for the client.
// The object makes one event of the changes (object.Object.BecomeEdited), and merges it with
// concurrent ones.
//
// Of several elements of one name, which were written concurrently, a view shows the newest.
// A change of that name replaces all of them that the coordinator, or the context of the
// client, has seen.
//
// Invariant: Apply depends on its arguments alone and changes none of them; what Append wrote,
// the Decode function of its type reads back, and no bytes make one panic or allocate more than
// a small multiple of their length.
//
// Owns: nothing. The package is pure: no I/O, no goroutine, no clock.
//
// Not: syntax and error texts (server), how elements are merged and stored
// (cluster/core/object), which type a key has (register.Choose). Of quorate it imports causal,
// number, object and wire.
package collection
