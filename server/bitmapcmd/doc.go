// Package bitmapcmd holds the commands on the bits of strings: SETBIT, GETBIT, BITCOUNT,
// BITPOS, BITOP and BITFIELD.
//
// Invariant: a command that changes bits of one key is one update, which its coordinator
// computes from the whole value. BITOP reads its sources and then writes its target: it is
// not atomic.
//
// Owns: nothing.
//
// Not: what is done to the bits (cluster/core/datatype/bitmap). It imports
// server/command, server/resp and the pure core.
package bitmapcmd
