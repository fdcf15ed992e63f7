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
// The port answers for the whole cluster: it asks the admin ports of the other nodes
// at once, for a second at most, and lists those that do not answer as missing. It
// outlives the node behind it. While the node is killed, requests that need a node
// are proxied to another port, and revive starts the node again.
//
// A request passes through auth.go (is it allowed), route.go (which handler; are the
// parameters valid; does the node run), a handler, and package fanout (other ports).
// Handlers are grouped by subject, one group in one file; all of them work with one
// [backend]. The types of requests and answers, and a client, are in package api. One
// goroutine polls the cluster for the live stream while it has readers (sse_hub.go).
//
// Routes stand in a table of this package (routes.go) and not in a framework's
// registrations, because the table serves them and describes them: the OpenAPI
// description is made from the very rows and Go types that handle requests, so it
// cannot differ from what is served. Matching itself is [http.ServeMux]'s.
//
// Invariant: a request from another site's page changes nothing (see
// [http.CrossOriginProtection], and auth.go for DNS rebinding); with a token set,
// only the probes answer without it; bodies, answers, concurrent requests and streams
// are bounded; no request is proxied twice.
//
// Owns: the listener, the goroutines of its HTTP server, and those of [Server.Run],
// which waits for all of them.
//
// Not: what an operation means (cluster), which nodes may be killed (the [Process]),
// how it looks (dashboard). It imports packages below cluster, and dashboard; neither
// server nor cmd.
package admin
