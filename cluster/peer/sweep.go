package peer

import (
	"log/slog"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
)

// One sweeper watches all dialled streams. While requests are outstanding it
// looks every sweepTick; when none were for a while it parks, and wakes only to
// ping. So an idle node costs a few wake-ups a second, and a busy one no timer
// for each request.
//
// A peer is silent when it owes an answer, and for longer than its
// patience nothing at all has come from it: not even the answer to a ping that is
// sent half way, which the peer's reader gives by itself. So a request that takes
// long, because its own quorum is slow, makes nobody look frozen.
const (
	sweepTick     = 10 * time.Millisecond
	calmTicks     = 5 // without anything outstanding, then it parks
	updateEvery   = 2 * time.Second
	leastSilence  = 100 * time.Millisecond
	backgroundLag = 5 // background streams are pinged that many times less often
)

// moment is one look of the sweeper.
type moment struct {
	now   int64 // channel time
	fair  bool  // this process ran when it should have: silence is the peer's
	round bool  // the sweeper woke for a ping: what is due before long goes with it
}

// stir wakes the sweeper if it sleeps: something is outstanding.
func (c *Channel) stir() {
	if !c.parked.Load() {
		return
	}
	select {
	case c.stirred <- struct{}{}:
	default:
	}
}

// sweepAll is the sweeper.
func (c *Channel) sweepAll() {
	timer := time.NewTimer(sweepTick)
	defer timer.Stop()
	var calm int
	var updated int64
	last := c.now()
	for {
		wait := sweepTick
		if calm >= calmTicks {
			c.parked.Store(true)
			if c.outstanding() == 0 { // else it came before parked was seen
				wait = c.untilPing()
			}
		}
		timer.Reset(wait)
		var round bool
		select {
		case <-timer.C:
			round = wait > sweepTick
		case <-c.stirred:
			calm = 0
		case <-c.closing:
			return
		}
		c.parked.Store(false)
		now := c.now()
		// When this process itself was held up, the answers may lie in its sockets.
		at := moment{now: now, fair: now-last < int64(wait+2*sweepTick), round: round}
		last = now
		calm++
		for _, r := range *c.remotes.Load() {
			for i := range r.streams {
				if s := r.streams[i].Load(); s != nil && s.sweep(at) {
					calm = 0
				}
			}
		}
		if now-updated > int64(updateEvery) {
			updated = now
			for _, r := range *c.remotes.Load() {
				r.patience.update()
			}
		}
	}
}

func (c *Channel) outstanding() (n int) {
	for _, r := range *c.remotes.Load() {
		for i := range r.streams {
			if s := r.streams[i].Load(); s != nil {
				n += s.outstanding()
			}
		}
	}
	return n
}

func (s *stream) outstanding() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mu.waiting.count
}

// untilPing is how long the sweeper may sleep.
func (c *Channel) untilPing() time.Duration {
	now := c.now()
	next := now + int64(c.cfg.PingInterval)
	for _, r := range *c.remotes.Load() {
		for i := range r.streams {
			if s := r.streams[i].Load(); s != nil {
				next = min(next, s.nextPing())
			}
		}
	}
	return max(sweepTick, time.Duration(next-now))
}

func (s *stream) pingInterval() time.Duration {
	if s.class == Background {
		return backgroundLag * s.c.cfg.PingInterval
	}
	return s.c.cfg.PingInterval
}

func (s *stream) nextPing() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return max(s.mu.lastPing, s.heard.Load()) + int64(s.pingInterval())
}

// sweep times out what is overdue, pings, and judges whether the peer is silent.
// It reports whether something is outstanding.
func (s *stream) sweep(at moment) bool {
	timeout := s.c.cfg.RequestTimeout
	if s.class == Background {
		timeout = s.c.cfg.BackgroundTimeout
	}
	heard := s.heard.Load()
	s.mu.Lock()
	late := s.mu.waiting.expire(at.now-int64(timeout), nil)
	owed := s.mu.waiting.count > 0
	quiet := s.quietLocked(at.now)
	ping := s.needsPingLocked(at, quiet)
	if ping {
		s.mu.lastPing = at.now
	}
	s.mu.Unlock()

	if len(late) > 0 {
		s.expire(late)
	}
	if ping {
		_ = s.send(kindPing, 0, 0, nil, pinged{}) // a full queue is owed an answer already
	}
	switch {
	case !at.fair:
	case quiet > s.c.cfg.SilenceTimeout:
		s.breakOff(errSilent)
	case s.class == Foreground && quiet > s.mostQuiet() && s.silent.CompareAndSwap(false, true):
		if s.heard.Load() != heard { // it has just answered, and its reader saw no silence to end
			s.silent.Store(false)
			break
		}
		s.remote.log(slog.LevelWarn, "peer does not answer", "peer", s.name, "silent", quiet)
	}
	return owed
}

// quietLocked is for how long the peer has owed a sign of life.
func (s *stream) quietLocked(now int64) time.Duration {
	heard := s.heard.Load()
	if s.mu.writing > writeSlice {
		heard = max(heard, s.advanced.Load()) // it takes in a big body: that is life
	}
	if s.mu.waiting.count == 0 && s.mu.asked <= heard {
		return 0
	}
	return time.Duration(now - max(s.mu.asked, heard))
}

// mostQuiet is the silence from which a peer counts as unavailable. It is never
// as short as the least patience: a busy machine pauses a process that long.
func (s *stream) mostQuiet() time.Duration { return max(s.remote.patience.get(), leastSilence) }

func (s *stream) needsPingLocked(at moment, quiet time.Duration) bool {
	sinceSign := time.Duration(at.now - max(s.mu.lastPing, s.heard.Load()))
	if sinceSign >= s.pingInterval() || at.round && sinceSign >= s.pingInterval()/2 {
		return true
	}
	return s.class == Foreground && quiet > s.mostQuiet()/2 && sinceSign > s.mostQuiet()/2
}

// expire completes what was not answered in time.
func (s *stream) expire(late []pending) {
	for i := range late {
		if late[i].kind != kindPing {
			s.c.count.Timeouts.Add(1)
		}
		late[i].done.Complete(s.node, nil, ErrTimeout)
	}
}

// pinged is told of a ping's answer; that something was heard is noted already.
type pinged struct{}

func (pinged) Complete(causal.NodeID, []byte, error) {}
