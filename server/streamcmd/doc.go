// Package streamcmd holds the commands on streams: XADD, XRANGE, XREAD and their relatives. There
// are no consumer groups, and XREAD does not wait.
//
// Invariant: a command that changes a stream is one request. XREAD reads each key by itself.
//
// Owns: nothing.
//
// Not: what a change does to the entries, and which ids they get
// (cluster/core/datatype/collection), how a change and a view are planned (server/command). It
// imports server/command, server/resp and the pure core.
package streamcmd
