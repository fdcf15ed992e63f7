// Package peer is the peer channel: all communication between the nodes of a
// cluster goes through one port per node.
//
// A [Channel] is given a TCP listener and a UDP socket with the same port number, and a
// dialer ([Bind] makes those of this machine). UDP carries gossip. An accepted TCP
// connection is identified by its first byte: either it is memberlist's and is passed to
// [Channel.Gossip], or it begins with this package's magic and is a stream.
//
// # Streams
//
// A node dials a stream to each peer for each [Class], and keeps it open. With many
// processors it dials several for the foreground, one for each [Lane].
// Requests go out on a stream that this node dialled, and their replies come back on
// it. Requests of a peer come in on the streams that the peer dialled. So requests
// flow in one direction on each stream.
//
//  1. The dialler sends the magic and its hello: protocol versions, cluster id, its
//     node id, name and instance, the node id that it expects, and a nonce.
//  2. The acceptor answers with its own hello, or with a refusal and its reason.
//  3. The dialler proves that it knows the secret, with an HMAC over both hellos.
//  4. The acceptor checks the proof and proves the same. From here on, frames follow.
//
// The proof keeps strangers out. It neither encrypts nor authenticates the frames that
// follow; [Sockets] with TLS would.
//
// A frame is a header of 24 bytes and a body. The header has its own checksum, so that
// a damaged length is never used, and it holds the body's checksum. Everything that is
// queued while a write is in progress leaves in the next write. All frames that
// arrived together are passed to the [Handler] as one slice. Replies may come in any
// order. A body of some megabytes travels in pieces, with other frames between them. A
// [Mux] is a handler that knows which part of the node serves which [Kind].
//
// # Why not gRPC, drpc or yamux
//
// A request allocates nothing here. All frames that are queued share one system call,
// the goroutine that has read requests sends their replies, and there is no goroutine
// per request. (BenchmarkChannel_RoundTrip measures it.) Those libraries allocate and switch
// goroutines for each call. They would not share the port with gossip either, nor tell
// a silent peer from a slow request.
//
// # Faults
//
// The sockets can be made faulty on purpose (cluster/peer/fault): cut, slow, or losing
// packets. A channel that is made without Config.Links does not have that layer.
//
// Invariant: every Send completes exactly once, whatever happens to the stream.
// Nothing that a peer sends makes this node allocate more than has arrived, or hold
// more than Config allows. A full queue fails the caller at once with
// [ErrUnavailable]. Only Call and CallAddr block for the network on the caller's
// goroutine.
//
// Owns: the port, and the goroutines of Run: one that accepts, one that reads UDP, the
// watchdog for timeouts and pings, one for each peer, class and lane that keeps its stream
// open and reads it with a writer beside it, and two for each accepted stream; and the
// workers of Mux.Run. Lock order: Channel.mu before stream.mu; that of the accepted streams is held alone. No lock is held during
// I/O or calls out of the package.
//
// Not: who belongs to the ring (cluster/core/ring), who is alive by gossip
// (cluster/membership/gossip), what the body of a frame means (cluster/core/message and
// the packages that register handlers). It imports cluster/core/causal for NodeID,
// cluster/peer/fault, cluster/socket, and memberlist for the types of a transport.
package peer
