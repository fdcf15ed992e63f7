// Package peer is the peer channel: everything that the nodes of a cluster say
// to each other goes through one port per node.
//
// A [Channel] binds a TCP listener and a UDP socket of the same number. UDP is
// gossip's. An accepted TCP connection is told apart by its first byte: it is
// memberlist's, and is handed to [Channel.Gossip], or it begins with this
// package's magic and is a stream.
//
// # Streams
//
// A node dials two streams to each peer, one for each [Class], and keeps them.
// Requests go out on the stream that a node dialled, replies come back on it;
// what a peer asks of this node comes on streams that the peer dialled. So a
// stream has one direction for requests, and each side can be sure which.
//
//  1. The dialler sends the magic and its hello: protocol versions, cluster id,
//     its node id, name and instance, the id it expects to find, a nonce.
//  2. The acceptor answers with its own hello, or with a refusal that says why.
//  3. The dialler proves that it knows the secret: an HMAC over both hellos.
//  4. The acceptor checks it, and proves the same: from here on, frames.
//
// The proof keeps strangers out; it neither encrypts nor authenticates the
// frames that follow.
//
// A frame is a header of 24 bytes and a body. The header has a checksum of its
// own, so that a mangled length is never believed, and the body's, because not
// everything that travels here carries one already. Whatever is queued while a
// write is under way leaves in the next one; all frames that arrived together
// are handed to the [Handler] as one slice. Replies come in any order.
//
// # Faults
//
// The sockets can be made faulty on purpose (cluster/peer/fault): cut, slow, or losing
// packets. A channel that is made without Config.Links does not have that
// layer.
//
// **Invariant**: every Send completes exactly once, whatever becomes of the
// stream. Nothing that a peer says makes this node allocate more than has
// arrived, or hold more than Config allows. A queue that is full fails the
// caller at once with [ErrUnavailable]; nothing here ever blocks for the network
// on a caller's goroutine, save Call and CallAddr, which are made for it.
//
// **Owns**: the port; the goroutines of Run: one that accepts, one that reads
// UDP, one sweeper for time-outs and pings, one per peer and class that keeps
// its stream (and reads it) with a writer beside it, and two per accepted
// stream. Lock order: Channel.mu before stream.mu; no lock is held over I/O or
// while calling out.
//
// **Not**: who belongs to the ring (cluster/core/ring), who is alive by gossip
// (cluster/membership), what a frame's body means (cluster/replica and others).
// It imports cluster/core/causal for NodeID, and memberlist for the transport's types.
package peer
