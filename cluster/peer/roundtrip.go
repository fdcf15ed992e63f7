package peer

import (
	"sync/atomic"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
)

// roundTripsLast is for how many ping intervals a measurement holds. A busy stream is not
// pinged: what arrives on it shows that the peer lives.
const roundTripsLast = 5

// roundTrip is the time until a peer answers a ping, which its reader does at once: that of the
// network, and of both processes' schedulers.
type roundTrip struct {
	mean  atomic.Int64 // nanoseconds; each measurement counts for half
	at    atomic.Int64 // channel time of the last one
	least atomic.Int64 // nanoseconds; 0: none was made
}

// record notes a measurement. Only one goroutine calls it at a time.
func (r *roundTrip) record(now int64, d time.Duration) {
	mean := int64(d)
	if before := r.mean.Load(); before != 0 {
		mean = (before + mean) / 2
	}
	r.mean.Store(max(mean, 1))
	if least := r.least.Load(); least == 0 || int64(d) < least {
		r.least.Store(max(int64(d), 1))
	}
	r.at.Store(now)
}

// get returns the mean; 0 if the last measurement is older than most.
func (r *roundTrip) get(now int64, most time.Duration) time.Duration {
	if now-r.at.Load() > int64(most) {
		return 0
	}
	return time.Duration(r.mean.Load())
}

// pingDone is the completion of a ping. The reader has noted already that something
// arrived.
type pingDone struct {
	s    *stream
	sent int64 // channel time
}

// Complete implements [Completion].
func (p pingDone) Complete(_ causal.NodeID, _ []byte, err error) {
	if err == nil && p.s.class == Foreground {
		now := p.s.c.now()
		p.s.remote.trip.record(now, time.Duration(now-p.sent))
	}
}
