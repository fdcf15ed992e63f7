// Package fanout asks the admin ports of other nodes on behalf of one admin port,
// and proxies requests to them.
//
// [All] puts one question to many ports at once. [Ports.Proxy] repeats a request at
// another port and copies its answer. A [Snapshot] is the ring as the port's node
// last knew it. The port outlives its node, and still finds the others with it.
//
// Invariant: each request that leaves here carries the header [Via]; a port that
// receives it answers by itself and does not pass it on. A request to a member carries the
// header [For] too, once the cluster's id is known. A round of questions ends
// after [Timeout] at the latest; members that have not answered by then are missing.
//
// Owns: the connections to other ports; the goroutines of questions whose answers came
// too late, for which Close waits.
//
// Not: what is asked, and what the answers mean (admin); the HTTP client itself
// (admin/api). It imports admin/api and cluster/core/ring.
package fanout
