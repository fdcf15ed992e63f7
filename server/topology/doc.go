// Package topology holds the commands that show the cluster: CLUSTER and its
// relatives, which cluster-aware clients route by, DYNAMO, which shows how a
// request went, and LOLWUT, which draws the ring.
//
// Invariant: every slot is served by some member, and every row names at least
// one; a client that routes by stale rows costs a hop, never an error.
//
// Owns: nothing.
//
// Not: the ring (cluster/core/ring) and who answers (behind command.Cluster). It
// imports server/command, server/resp, the pure core, and cluster/replica for
// traces and versions.
package topology
