// Package connection holds the commands on connections: PING, HELLO, RESET, SELECT,
// QUIT and CLIENT.
//
// Invariant: what CLIENT LIST shows has the fields of Redis and no others, because
// libraries parse it.
//
// Owns: the pause of CLIENT PAUSE ([Pause]).
//
// Not: reading and writing connections (server), passwords (server/auth). It
// imports server/command, server/auth and server/resp.
package connection
