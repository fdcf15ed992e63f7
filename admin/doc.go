// Package admin is a node's admin port: REST in JSON, Prometheus metrics, and
// the probes that orchestrators ask.
//
//	GET /healthz        the process lives
//	GET /readyz         the node serves; 503 and the reason if not
//	GET /metrics        Prometheus
//	GET /               the dashboard
//	/api/…              see the table in routes.go, or GET /api/openapi.json
//
// An error is {"error": "…"} with the status that fits it; one table (errors.go)
// says which.
//
// The port answers for the whole cluster: what its node does not know it asks the
// other nodes' admin ports, all at once and for a second at the most; who is
// silent is listed as missing. It outlives the node behind it. While the node is
// killed, what needs one is passed on to another's port, and revive starts it.
//
// The way of a request: hosts.go (who may ask), route.go (which handler, are the
// parameters in order, is the node there), a handler, ports.go (other ports). The
// live stream is fed by one goroutine that looks at the cluster while somebody
// watches (feed.go).
//
// Invariant: a request from another site's page changes nothing (see
// [http.CrossOriginProtection], and hosts.go for a name bound to loopback); with
// a token set, only the probes answer without it; bodies, answers, concurrent
// requests and streams are bounded; nothing is passed on twice.
//
// Owns: the listener, the goroutines of its HTTP server, and those of
// [Server.Run], which waits for all of them.
//
// Not: what any of it means (cluster), who may be killed (the [Process]), how it
// looks (dashboard).
package admin
