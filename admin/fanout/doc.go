// Package fanout asks the admin ports of other nodes on behalf of one admin port,
// and proxies requests to them.
//
// [All] puts one question to many ports at once. [Ports.Proxy] repeats a request at
// another port and copies its answer. A [Snapshot] is the ring as the port's node
// last knew it: the port outlives its node, and still finds the others by it.
//
// Invariant: each request that leaves here carries the header [Via]; a port that
// receives it answers by itself and passes it on to nobody. A round of questions
// ends after [Timeout] at the latest: members that have not answered are missing.
//
// Owns: the connections to other ports; the goroutines of questions whose answers
// came too late, which Close awaits.
//
// Not: what is asked, and what the answers mean (admin); the HTTP client itself
// (admin/api). It imports admin/api and cluster/core/ring.
package fanout
