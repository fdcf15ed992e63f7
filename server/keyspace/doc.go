// Package keyspace holds the commands on keys, whatever their value: DEL, EXISTS,
// EXPIRE, RENAME, SCAN, OBJECT, and those on all keys of the cluster.
//
// Invariant: a command that needs several steps is not atomic, and is ordered so
// that a failure between the steps leaves too much rather than too little.
//
// Owns: nothing. A walk over the whole cluster ends after [walkTimeout].
//
// Not: finding the keys of other nodes (cluster/coverage, behind
// command.Keyspace), commands on values (server/stringcmd). It imports
// server/command, server/resp and the pure core.
package keyspace
