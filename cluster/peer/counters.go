package peer

import "sync/atomic"

// Counters count events since the channel was made.
type Counters struct {
	FramesSent, FramesReceived atomic.Uint64
	BytesSent, BytesReceived   atomic.Uint64
	Writes                     atomic.Uint64 // each sent all frames that were queued
	Overflows                  atomic.Uint64 // requests refused because a queue was full
	Timeouts                   atomic.Uint64
	StreamsBroken              atomic.Uint64
	Refused                    atomic.Uint64 // handshakes refused, by either side
	Garbage                    atomic.Uint64 // connections that were neither gossip nor a stream
	GossipDropped              atomic.Uint64 // gossip packets and connections over the limits
}

// Counters returns the channel's counters, which may be read at any time.
func (c *Channel) Counters() *Counters { return &c.count }
