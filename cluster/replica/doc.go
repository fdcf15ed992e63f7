// Package replica coordinates: it carries out reads and updates with the replicas that
// hold the keys, and answers for this node when another node coordinates.
//
// A [Coordinator] takes a whole pipeline at once ([Coordinator.Do]). The requests of a
// pipeline that do not depend on one another are a wave: one engine batch on this node,
// one frame to each peer. The goroutine that called Do waits for all of them at once.
// There is no goroutine, timer or channel per request or per replica.
//
// What a request does next is decided by the step machines of
// cluster/core/coordination. This package drives them: it owns frames, timers and the
// store. A write takes these steps (Dynamo, section 4.5):
//
//  1. The coordinator is a reachable primary of the key, or, when none is, the
//     first reachable node of its walk. Any other node forwards to it (forward.go). A
//     node that has just started takes over first what computes (takeover.go).
//  2. Where the update depends on the present value, R replicas are read first,
//     and what they hold is merged into the coordinator's copy.
//  3. The coordinator applies the update to its own copy, minting a dot, under
//     the engine's key lock; no lock is held over a network wait.
//  4. The resulting object goes to every other primary at once. A primary known
//     to be down is replaced by the next healthy node of the walk, which keeps
//     the write as a hint; one that fails or stays silent is replaced then. One from
//     which other answers come is merely slow, and has half of the request's time.
//     A replica may answer that it has increments which the coordinator has not heard
//     of. Then a SET is written once more (increment.go).
//  5. The client is answered when W nodes have it as safely as --durability asks.
//
// A read asks R replicas, one for the object and the others for digests, and another one
// when a replica is silent for longer than its wait time. It merges what differs, answers,
// and then repairs the stale replicas that it met.
//
// Every frame with a read or a write names the clear that its sender has carried out (FLUSHALL,
// cluster/clear). A node that has carried out another one refuses the frame, and the two
// exchange their clears. The sender asks again.
//
// Invariant: a write is acknowledged only after W distinct nodes hold it, each
// as a primary or as a hint for one. A read that finds nothing has heard at
// least one primary. Copies meet through [object.Merge] alone.
//
// Owns: the goroutines of Run: the waiters for replica commits, the workers that
// carry out forwarded requests, the one that stores late hints, the one that sends late deltas.
//
// Not: who belongs to the ring (cluster/core/ring), who is alive (cluster/peer,
// cluster/membership/gossip), bytes on the wire (cluster/peer) and on disk (engine),
// delivery of hints (cluster/handoff).
package replica
