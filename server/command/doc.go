// Package command says what a command is, and what its handlers see.
//
// A [Row] describes one command: its name, arity, keys and documentation, and
// everything that the session decides by (is it secret, urgent, may it run
// before authentication). A [Table] finds rows by name. A [Call] is one command
// of one client: arguments, requests to the store, the reply. A [Batch] collects
// the calls that arrived together.
//
// A handler is one of two functions of its row. Plan adds requests to the batch
// and names the function that replies once they are done; Run executes the
// command by itself, after the batch, and may ask the store step by step. To add
// a command, add a row and a handler to its family's package (server/stringcmd,
// server/keyspace, …); server lists the families.
//
// Invariant: Plan neither depends on earlier calls of the batch nor changes the
// connection; one call has one reply; arguments alias the client's input, and
// results alias the store's memory, both until the batch is reset.
//
// Owns: nothing; a batch belongs to the session that borrowed it.
//
// Not: reading and writing the connection (server), the protocol (server/resp),
// what an update does to a value (cluster/core/datatype/register). It imports
// the pure core, server/resp, server/limits, cluster/replica for its requests,
// and engine for its errors only.
package command
