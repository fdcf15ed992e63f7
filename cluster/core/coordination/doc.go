// Package coordination decides what the coordinator of a request does next. There is
// one machine for each phase of a request:
//
//   - [Forward] finds the node that coordinates an update;
//   - [Read] gathers the copies of R replicas and merges them;
//   - [Write] brings a new version to W nodes, with hints for those that are down.
//
// A machine is a value. Its Step takes an [Event], which says what happened, and appends
// the [Action] values that say what is to be done now. The driver (cluster/replica)
// carries them out: it owns the frames, the timers and the store, and holds a lock
// while it calls Step. A machine knows nodes by their place in the walk of the key's
// partition: 0 to N-1 are the primaries, the others are fallbacks (Dynamo, sections
// 4.5 and 4.6).
//
// A machine never gives up because its quorum cannot be reached now. A node that is
// down may be back before the request's deadline, and with [Look] and [Late] it is asked
// then. The driver ends the request at its deadline. A [Forward] ends early in two cases:
// when every node that could coordinate has refused, and when nobody can tell whether an
// update that computes from the old value was carried out.
//
// Invariant: [Finish] comes once, and only after as many distinct nodes as were asked
// for have answered; that of a write while the ring changes only after the primaries by
// the other ring have answered, failed, or are late. A read that found nothing has heard at least one primary. The copy
// that a primary should have is never forgotten: it was sent to the primary and may
// still arrive, or to a fallback as a hint, or the primary is in [Write.Missed].
//
// Owns: nothing. The package is pure: no clock, no lock, no I/O, and no allocation but
// for the objects that a read decodes.
//
// Not: which nodes hold a key (cluster/core/ring), when a node has been silent for too
// long, and what an update does to an object (cluster/core/datatype). It imports other
// packages of cluster/core only.
package coordination
