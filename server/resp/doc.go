// Package resp speaks the wire protocol of Redis, RESP2 and RESP3: it finds
// the commands in a client's bytes and renders the replies.
//
// [Framer] finds where each command ends, and refuses bytes that break the
// protocol or its limits. [Split] cuts one whole command into its arguments.
// [Writer] renders replies. redcon does the parsing of arguments that come as
// an array, and only that: its server loop rescans an unfinished command on
// every read, keeps buffers as large as the largest command forever, copies
// each command, and starts goroutines that it never waits for.
//
// Invariant: redcon sees whole, validated commands only; a command that comes
// in pieces is looked at once; an error line never contains CR or LF; texts of
// protocol errors are those of Redis.
//
// Owns: nothing. The package has no I/O, clock, goroutine or lock; a [Sink]
// given by the caller sends what was rendered.
//
// Not: what commands mean (server/command), connections and their buffers
// (server). Of quorate it imports cluster/core/number alone, and only packages
// below server may import it.
package resp
