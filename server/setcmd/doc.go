// Package setcmd holds the commands on sets: SADD, SMEMBERS, SINTER and their relatives, with
// what quorate adds to them (CONTEXT).
//
// Invariant: a command on one key is one request. SMOVE and the STORE forms read and write
// several keys, and are documented as not atomic.
//
// Owns: nothing.
//
// Not: what a change does to the members (cluster/core/datatype/collection), how a change and
// a view are planned (server/command). It imports server/command, server/resp and the pure core.
package setcmd
