// Package api holds the types of the admin port's requests and answers in JSON, and a
// [Client] for them. The command line uses the client, the admin ports use it among
// themselves, and other programs can use it too.
//
//	c := api.NewClient(api.Config{Addr: "127.0.0.1:8001", Token: "secret"})
//	cluster, err := c.Cluster(ctx)
//
// GET /api/openapi.json, which is made from these types, and REST.md in package admin
// describe the routes.
//
// Invariant: a call has a deadline and reads at most [MaxAnswer] bytes; the token is
// never sent to another address than the caller named, since redirects are not
// followed.
//
// Owns: the idle connections of a [Client], until Close.
//
// Not: routes and what they do (admin). It imports no other package of the module.
package api
