// Package server is quorate's client port: Redis's protocol, RESP2 and RESP3,
// in front of a [Store].
//
// The path of a command: a session (session.go) reads into its input (input.go);
// the framer (server/resp) finds where the command ends and stops hostile bytes;
// dispatch (dispatch.go) finds its row (server/command) and plans it. Data commands
// become requests of one batch, so that everything that arrived together is one
// call of [Store.Do]; commands whose arguments depend on an earlier reply, or that
// change the connection, run alone, after the batch. Replies leave through the
// output (output.go), in order. Before a command the hooks (hooks.go) hold it during a
// pause, and show it to MONITOR.
//
// A new command is a row and a handler in its family's package: server/stringcmd,
// server/keyspace, server/connection, server/auth, server/introspect,
// server/topology. table.go lists the families.
//
// Invariant: replies are in request order; every buffer that a client can make
// grow is bounded, per connection and per node.
//
// Owns: the listener it was given, one goroutine per connection, one more for as
// long as a client is behind with reading its replies, and one for MONITOR;
// [Server.Run] waits for all.
//
// Not: the protocol's bytes (server/resp), the commands (server/command and the
// families), messages for MONITOR (server/push), quorums and replicas
// (cluster/replica), durability (engine), TLS (the caller's listener), how a connection
// is read and written (cluster/socket).
package server
