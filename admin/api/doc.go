// Package api holds what the admin port speaks: the types of its requests and
// answers in JSON, and a [Client] for them. The command line uses the client, the
// admin ports use it among themselves, and so can other programs.
//
//	c := api.NewClient(api.Config{Addr: "127.0.0.1:8001", Token: "secret"})
//	cluster, err := c.Cluster(ctx)
//
// The routes are described by GET /api/openapi.json, which is made from these
// types, and by REST.md in package admin.
//
// Invariant: a call has a deadline and reads at most [MaxAnswer] bytes; the token is
// never sent to another address than the caller named, since redirects are not
// followed.
//
// Owns: the idle connections of a [Client], until Close.
//
// Not: routes and what they do (admin). It imports no other package of the module.
package api
