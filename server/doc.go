// Package server is quorate's client port: Redis's protocol, RESP2 and RESP3,
// in front of a [Store].
//
// The path of a command: a session (session.go) reads into its input
// (input.go); the framer (server/resp) finds where each command ends and stops
// hostile bytes; dispatch (dispatch.go) plans the command. Data commands become
// requests of one batch (batch.go), so that everything that arrived together is
// one call of [Store.Do]; commands whose arguments depend on an earlier reply,
// or that change the session, run the batch first. Replies leave through the
// output (output.go), in order.
//
// Invariant: replies are in request order; every buffer that a client can make
// grow is bounded, per connection and per node.
//
// Owns: the listener, one goroutine per connection, and one more for as long as
// a client is behind with reading its replies; [Server.Run] waits for all.
//
// Not: the protocol's bytes (server/resp), what a command does to a value
// (cluster/core/datatype/register), quorums and replicas (cluster/replica),
// durability (engine). It imports the pure core, server/resp, cluster/replica,
// and engine for its errors only.
package server
