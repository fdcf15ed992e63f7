package peer

import (
	"errors"
	"fmt"

	"github.com/quorate/quorate/cluster/core/causal"
)

// Sentinels of the channel; the errors returned wrap them.
var (
	// ErrUnavailable: the request was not carried out, or nobody can know whether
	// it was: no stream, a queue that is full, a stream that broke.
	ErrUnavailable = errors.New("peer unavailable")
	// ErrTimeout: the peer has the request and did not answer in time.
	ErrTimeout = errors.New("peer did not answer in time")
	// ErrRefused: the two nodes may not talk: another cluster, an incompatible
	// version, another node at that address, another secret. See [RefusedError].
	ErrRefused = errors.New("refused")
	// ErrTooBig: a body beyond Config.MaxFrame.
	ErrTooBig = errors.New("body exceeds the largest frame")
	// ErrInUse: the address is taken by another process.
	ErrInUse = errors.New("address in use")
	// ErrClosed: the channel was closed, or its Run has ended.
	ErrClosed = errors.New("peer channel closed")

	errMalformed = errors.New("malformed peer data")
	errSilent    = errors.New("peer stayed silent")
	errReplaced  = errors.New("peer dialled anew")
	errForgotten = errors.New("peer is no longer a member")
	errBacklog   = errors.New("peer does not read its replies")
)

// RemoteError is what a peer's handler answered instead of a reply.
type RemoteError struct {
	From    causal.NodeID
	Kind    Kind
	Message string
}

func (e *RemoteError) Error() string { return "peer answered: " + e.Message }

// Refusal is why a handshake failed.
type Refusal uint8

// The reasons, as they go over the wire.
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

func (r Refusal) String() string {
	if s, ok := refusals[r]; ok {
		return s
	}
	return fmt.Sprintf("refusal %d", uint8(r))
}

// passes reports whether waiting may help.
func (r Refusal) passes() bool { return r == RefusedNotJoined || r == RefusedBusy }

// RefusedError is a handshake that failed for a reason. It is [ErrRefused] when
// only a human can change it, [ErrUnavailable] when it may pass.
type RefusedError struct {
	Reason Refusal
	Detail string
	ByPeer bool // the peer refused us, rather than we the peer
}

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

// Is tells a refusal for good from one that may pass.
func (e *RefusedError) Is(target error) bool {
	if e.Reason.passes() {
		return target == ErrUnavailable
	}
	return target == ErrRefused
}
