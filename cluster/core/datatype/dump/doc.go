// Package dump is the payloads of DUMP and RESTORE: what a key has, as one string of bytes that
// a client keeps.
//
// A payload holds copies (register.Copy): every value that lives, and which of them are
// concurrent. It does not hold dots, times or clocks, because these name events of one key in one
// cluster. A restored key is new writes with dots of their own. So no event is ever minted twice,
// however often, and wherever, a payload is restored.
//
// A key with the value of one string has the payload that Redis gives it, so that it can be moved
// to Redis and from there. Any other key has a form of our own, which Redis refuses.
//
// Invariant: what [Append] wrote, [Parse] reads back; Parse never panics, and allocates no more
// than a multiple of the payload's length, and than its limit.
//
// Owns: nothing. The package is pure: no I/O, no goroutine, no clock.
//
// Not: which writes make the copies (register.UpdatesOf), syntax and error texts
// (server/keyspace). Of quorate it imports collection, number, object, register and wire.
package dump
