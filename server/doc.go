// Package server is quorate's client port: Redis's protocol, RESP2 and RESP3,
// in front of a [Store].
//
// The way of the bytes: a session (session.go) reads into its intake
// (intake.go); the guard (guard.go) finds where each command ends and stops
// what is hostile; redcon parses the whole command, and only that; dispatch
// (dispatch.go) plans it. Data commands become requests of one batch
// (batch.go), so that everything that arrived together is one call of
// [Store.Do]; commands whose arguments depend on an earlier reply, or that
// change the session, run the batch first. Replies leave through the output
// (output.go), in order.
//
// redcon is used for its parser and its reply encoding, not for its server
// loop: that loop rescans an unfinished command on every read, keeps buffers as
// large as the largest command forever, copies each command, and starts
// goroutines nobody waits for.
//
// Invariant: redcon sees whole, validated commands only; replies are in request
// order; every buffer that a client can make grow is bounded, per connection and
// per node; an error line never contains CR or LF.
//
// Owns: the listener, one goroutine per connection, and one more for as long as
// a client is behind with reading its replies; [Server.Run] waits for all.
//
// Not: what a command does to a value (cluster/core/datatype/register), quorums and replicas
// (cluster/replica), durability (engine). It imports cluster/core/causal,
// cluster/core/datatype/register, cluster/core/ring, cluster/replica, and engine for its errors only.
package server
