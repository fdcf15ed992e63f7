// Package introspect holds the commands that show a node and change its settings:
// INFO, COMMAND, CONFIG, SLOWLOG, LATENCY, MEMORY, MONITOR, DEBUG and their
// relatives, with the counters and logs that they show.
//
// The table of settings (settings.go) is the single source of the names and bounds
// of CONFIG SET. The defaults, and the flags of the command line, stand in
// cmd/quorate.
//
// Invariant: counters only grow until CONFIG RESETSTAT; every log and tally here has
// a bound; passwords are never shown.
//
// Owns: counters, the slow log, the samples of LATENCY, the settings.
//
// Not: measuring (server, which records into [Counters], [Slowlog] and [Latency]),
// sending what MONITOR shows (server/push). It imports server/command, server/auth,
// server/limits, server/resp and the pure core.
package introspect
