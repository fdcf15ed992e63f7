// Package commandtest runs the commands of a family without a server, for the tests of
// the family's package: on a [Conn] each command is planned, carried out by a store in
// memory, and answered.
//
// Invariant: nothing depends on time. The clock stands at [Start] until [Conn.Pass]
// moves it.
//
// Owns: nothing.
//
// Not: the connection, its buffers and pipelines, and what Redis answers (the tests of
// package server).
package commandtest
