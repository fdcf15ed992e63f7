package peer

import (
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
)

// PeerStatus describes the streams that this node dials to one peer. The streams
// that the peer dials to this node are not part of it.
type PeerStatus struct {
	Foreground bool          // the foreground stream, or its first lane, is connected
	Background bool          // the background stream is connected
	Available  bool          // there is a foreground stream, and its answers are not overdue
	Queued     int           // bytes that wait to be written, on all streams
	Unanswered int           // requests that wait for their answer, on all streams
	WaitTime   time.Duration // see [Channel.WaitTime]
	RoundTrip  time.Duration // until it answers a ping, on average lately; 0: not measured in the last seconds
	LeastTrip  time.Duration // the least time in which it has answered a ping, which the distance explains; 0: not measured yet
	LastError  error         // why the newest attempt to connect failed or the newest stream broke; nil if none did
	FailedAt   time.Time     // when LastError occurred
}

// failure is why a stream to a peer could not be made or broke.
type failure struct {
	err error
	at  time.Time
}

// Status describes every peer. It allocates, and takes the lock of each stream.
func (c *Channel) Status() map[causal.NodeID]PeerStatus {
	remotes := *c.remotes.Load()
	all := make(map[causal.NodeID]PeerStatus, len(remotes))
	for id, r := range remotes {
		all[id] = r.status()
	}
	return all
}

func (r *remote) status() PeerStatus {
	p := PeerStatus{
		Foreground: r.streams[Foreground].Load() != nil, Background: r.streams[Background].Load() != nil,
		Available: r.available(), WaitTime: r.wait.get(), RoundTrip: r.trip.get(r.c.now(), roundTripsLast*r.c.cfg.PingInterval),
		LeastTrip: time.Duration(r.trip.least.Load()),
	}
	for i := range r.streams {
		if s := r.streams[i].Load(); s != nil {
			queued, unanswered := s.load()
			p.Queued += queued
			p.Unanswered += unanswered
		}
	}
	if f := r.failed.Load(); f != nil {
		p.LastError, p.FailedAt = f.err, f.at
	}
	return p
}

// load returns the bytes that wait to be written and the requests that wait for their
// answer.
func (s *stream) load() (queued, unanswered int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	queued = s.mu.out.bytes + s.mu.writing
	for _, p := range s.mu.parcels {
		for _, part := range p.rest {
			queued += len(part)
		}
	}
	return queued, s.mu.waiting.count
}
