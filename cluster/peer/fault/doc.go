// Package fault makes links between nodes faulty on purpose: cut in one or both
// directions, slow, or losing packets. Chaos experiments and tests use it on the
// real sockets.
//
// [Links] is the table of faults. [Dialer] makes TCP connections that obey it, and
// [Packets] is a UDP socket that does. A peer channel that is made without a table
// does not have this layer at all.
//
// Invariant: a table without faults costs one atomic load for each read or write. A
// change of the table takes effect at once, also on what is under way.
//
// Owns: the timers of delayed packets, at most 1024 for each socket. It starts no
// goroutine.
//
// Not: which links are to fail (admin), what travels on them (cluster/peer). It
// imports nothing of quorate.
package fault
