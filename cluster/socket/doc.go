// Package socket reads and writes TCP connections with fewer steps than package net does.
//
// A read or write of a socket that does not block takes a few microseconds. Go's scheduler
// is told before and after each one as of a call that may block: its monitor thread takes
// the processor away when the call lasts longer than some 20 µs, which on a busy machine
// is often, gives it to another thread, and stays awake to look for more such calls, 20,000
// times a second. A [Conn] makes the same system calls without telling the scheduler.
//
// [Direct] wraps a TCP connection on Linux, and returns any other connection as it is. In a
// program that is built to detect races it wraps nothing.
//
// Invariant: a Conn behaves as the TCP connection does, deadlines and errors included.
// No call blocks in the kernel: the socket is non-blocking, and at most [most] bytes are
// moved at once, so that the garbage collector does not wait for it.
//
// Owns: nothing but the connection.
//
// Not: TLS, whose connections are over one of these or over any other (crypto/tls).
package socket
