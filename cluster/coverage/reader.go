package coverage

import (
	"context"
	"time"

	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/cluster/replica"
	"github.com/quorate/quorate/engine"
)

// Channel is what a [Reader] needs of the peer channel.
type Channel interface {
	// Call sends a request to a member and waits for its reply.
	Call(ctx context.Context, to ring.NodeID, class peer.Class, kind peer.Kind, body []byte) ([]byte, error)
	// Available reports whether a member can be asked now.
	Available(to ring.NodeID) bool
}

// Config configures a [Reader]. All fields are required.
type Config struct {
	Self        ring.NodeID
	Ring        func() *ring.Ring // never nil once the node is ready
	Store       *engine.Store
	Channel     Channel
	Coordinator *replica.Coordinator   // deletes keys, and remembers versions
	Policy      func() register.Policy // says which keys exist
	Now         func() time.Time       // the wall clock, for expiry
}

// Reader reads over all partitions. It is safe for concurrent use, once the node has a
// ring.
type Reader struct {
	cfg   Config
	ahead *readAhead
}

// New returns a reader.
func New(cfg Config) *Reader { return &Reader{cfg: cfg, ahead: newReadAhead()} }
