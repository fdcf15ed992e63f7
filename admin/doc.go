// Package admin is a node's admin port: REST in JSON, Prometheus metrics, and
// the probes that orchestrators ask.
//
//	GET    /healthz                  the process lives
//	GET    /readyz                   the node serves; 503 and the reason if not
//	GET    /metrics                  Prometheus
//	GET    /api/cluster              members, quorums, who holds how much
//	POST   /api/cluster/config       {n, r, w}: any of them, for the whole cluster
//	DELETE /api/nodes/{node}         a live node leaves, a dead one is removed
//	POST   /api/nodes/{node}/kill    stop a node of this process as a crash would
//	POST   /api/nodes/{node}/revive  start it again from the same directory
//	GET    /api/merkle               the roots of this node's hash trees
//
// {node} is a name or an id. An error is {"error": "…"} with the status that
// fits it; one table (errors.go) says which.
//
// The port outlives the node behind it: while the node is killed, what needs it
// answers 503, and revive starts it.
//
// Invariant: a request from another site's page changes nothing (see
// [http.CrossOriginProtection], and hosts.go for a name bound to loopback); with
// a password set, only the probes answer without it; bodies and concurrent
// requests are bounded.
//
// Owns: the listener and the goroutines of its HTTP server; [Server.Run] waits
// for them.
//
// Not: what any of it means (cluster), who may be killed (the [Process]). It
// imports cluster, cluster/peer for its faults, and cluster/ring.
package admin
