package peer

import "sync/atomic"

// Counters count since the channel was made.
type Counters struct {
	FramesSent, FramesReceived atomic.Uint64
	BytesSent, BytesReceived   atomic.Uint64
	Writes                     atomic.Uint64 // each carried all frames that were queued
	Overflows                  atomic.Uint64 // requests refused because a queue was full
	Timeouts                   atomic.Uint64
	StreamsBroken              atomic.Uint64
	Refused                    atomic.Uint64 // handshakes refused, by either side
	Garbage                    atomic.Uint64 // connections that were neither gossip nor a stream
	GossipDropped              atomic.Uint64 // packets and connections beyond what gossip takes in
}

// Counters returns the channel's own; they are safe to read at any time.
func (c *Channel) Counters() *Counters { return &c.count }
