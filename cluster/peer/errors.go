package peer

import (
	"errors"
	"fmt"
)

// Sentinel errors. The errors that this package returns wrap them.
var (
	// ErrUnavailable means that there is no stream, the queue is full, or the stream
	// broke. The request may have been carried out if it broke.
	ErrUnavailable = errors.New("peer unavailable")
	// ErrNotSent is the case of [ErrUnavailable] in which the request was not carried
	// out, because no part of it has left this node.
	ErrNotSent = fmt.Errorf("%w: nothing was sent", ErrUnavailable)
	// ErrTimeout means that the peer did not answer in time. The request may have been
	// carried out.
	ErrTimeout = errors.New("peer did not answer in time")
	// ErrRefused means that the two nodes may not talk: another cluster, an
	// incompatible version, another node at that address, or another secret. See
	// [RefusedError].
	ErrRefused = errors.New("refused")
	// ErrTooBig means that a body is larger than Config.MaxFrame.
	ErrTooBig = errors.New("body exceeds the largest frame")
	// ErrTooMuch means that a large body found no room among others of this moment.
	ErrTooMuch = errors.New("no room for a large body")
	// ErrInUse means that another process uses the address.
	ErrInUse = errors.New("address in use")
	// ErrClosed means that the channel was closed or its Run has ended.
	ErrClosed = errors.New("peer channel closed")

	errMalformed = errors.New("malformed peer data")
	errSilent    = errors.New("peer stayed silent")
	errReplaced  = errors.New("peer dialled anew")
	errForgotten = errors.New("peer is no longer a member")
	errBacklog   = errors.New("peer does not read its replies")
)

// RemoteError is the error that a peer's handler answered with.
type RemoteError struct {
	Kind    Kind
	Message string
}

func (e *RemoteError) Error() string { return "peer answered: " + e.Message }

// Refusal is the reason for a failed handshake.
type Refusal uint8

// The reasons, with their numbers on the wire.
const (
	RefusedMalformed Refusal = iota + 1 // not a hello that this version understands
	RefusedVersion                      // no protocol version in common
	RefusedCluster                      // the two belong to different clusters
	RefusedNode                         // another node answers at that address
	RefusedSecret                       // the proof does not fit the secret
	RefusedNotJoined                    // the node belongs to no cluster yet: try later
	RefusedBusy                         // too many streams: try later
)

var refusals = map[Refusal]string{
	RefusedMalformed: "malformed hello", RefusedVersion: "incompatible protocol version",
	RefusedCluster: "different cluster", RefusedNode: "different node at this address",
	RefusedSecret: "different secret", RefusedNotJoined: "not in a cluster yet", RefusedBusy: "too many streams",
}

// String returns the reason in words, as errors and logs show it.
func (r Refusal) String() string {
	if s, ok := refusals[r]; ok {
		return s
	}
	return fmt.Sprintf("refusal %d", uint8(r))
}

// temporary reports whether a later try may succeed.
func (r Refusal) temporary() bool { return r == RefusedNotJoined || r == RefusedBusy }

// RefusedError is a handshake that one side refused. It matches [ErrUnavailable] if a
// later try may succeed, and [ErrRefused] if only a person can change the reason.
type RefusedError struct {
	Reason Refusal
	Detail string
	ByPeer bool // the peer refused us, rather than we the peer
}

// Error says which side refused and why.
func (e *RefusedError) Error() string {
	who := "refused peer"
	if e.ByPeer {
		who = "refused by peer"
	}
	if e.Detail == "" {
		return who + ": " + e.Reason.String()
	}
	return who + ": " + e.Reason.String() + ": " + e.Detail
}

// Is implements the matching that [RefusedError] describes.
func (e *RefusedError) Is(target error) bool {
	if e.Reason.temporary() {
		return target == ErrUnavailable
	}
	return target == ErrRefused
}
