// Package geocmd holds the commands on places: GEOADD, GEOSEARCH and their relatives. A key of
// places is a sorted set, whose scores are the hashes of points.
//
// Invariant: a command that changes one key is one update. A search looks at every member of the
// key; unless it sorts by distance, members come in the order of their hashes. A search that
// writes its result to another key is not atomic. No reply is larger than a client's replies may
// be.
//
// Owns: nothing.
//
// Not: hashes and distances (cluster/core/datatype/geo), what a change does to a sorted set
// (cluster/core/datatype/collection). It imports server/command, server/resp and the pure core.
package geocmd
