// Package zsetcmd holds the commands on sorted sets: ZADD, ZRANGE and their relatives.
//
// Invariant: a command that changes one key is one update, which its coordinator computes.
// Commands on several keys read them and then write one: they are not atomic. No reply is larger
// than a client's replies may be.
//
// ZINCRBY reads a score and writes the sum: of increments on both sides of a split the newest
// shows, as of other writes of a score.
//
// Owns: nothing.
//
// Not: the order of members, ranges, unions and their like, and what a change does
// (cluster/core/datatype/collection). It imports server/command, server/resp and the pure core.
package zsetcmd
