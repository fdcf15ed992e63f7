// Package hashcmd holds the commands on hashes: HSET, HGET and their relatives, with what
// quorate adds to them (CONTEXT).
//
// Invariant: a command is one request.
//
// Owns: nothing.
//
// Not: what a change does to the fields (cluster/core/datatype/collection), how a change and a
// view are planned (server/command). It imports server/command, server/resp and the pure core.
package hashcmd
