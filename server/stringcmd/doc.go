// Package stringcmd holds the commands on strings: GET, SET, INCR, APPEND, MGET
// and their relatives, with what quorate adds to them (CONTEXT, R and W).
//
// Invariant: a command on one key is one request; MSETNX alone takes several
// steps, and is documented as not atomic.
//
// Owns: nothing.
//
// Not: what an update does to the value (cluster/core/datatype/register), commands
// on keys whatever their value (server/keyspace). It imports server/command,
// server/resp and the pure core.
package stringcmd
