package peer

import (
	"log/slog"
	"time"
)

// One watchdog checks all dialled streams. While requests are outstanding it checks
// every watchTick. After parkAfter checks without any it parks, and wakes only to
// ping. So an idle node costs a few wake-ups a second, and a busy one needs no timer
// for each request.
//
// A peer is silent when requests to it are outstanding and nothing at all has
// arrived from it for longer than its wait time: not even the answer to a ping, which
// is sent after half of that time and which the peer's reader answers itself. So a
// request that is slow because its own quorum is slow does not make the peer look
// frozen.
const (
	watchTick     = 10 * time.Millisecond
	parkAfter     = 5 // checks without an outstanding request
	updateEvery   = 2 * time.Second
	minSilence    = 100 * time.Millisecond
	warnSilence   = 3 * time.Second // a shorter silence is not logged: many nodes of one machine pause that long as they start
	backgroundLag = 5               // background streams are pinged that many times less often
)

// tick is one check of all streams.
type tick struct {
	now      int64 // channel time
	punctual bool  // this process was not held up, so silence is the peer's
	pinging  bool  // the watchdog woke to ping: pings that are due soon go out too
}

// wakeWatchdog ends the watchdog's parking, because a request is outstanding.
func (c *Channel) wakeWatchdog() {
	if !c.parked.Load() {
		return
	}
	select {
	case c.watchdogWake <- struct{}{}:
	default:
	}
}

// watchAll runs the watchdog until the channel closes.
func (c *Channel) watchAll() {
	timer := time.NewTimer(watchTick)
	defer timer.Stop()
	var calm int
	var updated int64
	last := c.now()
	for {
		wait := watchTick
		if calm >= parkAfter {
			c.parked.Store(true)
			if c.remotes.Load().outstanding() == 0 { // otherwise a request came before parked was set
				wait = c.untilPing()
			}
		}
		timer.Reset(wait)
		var pinging bool
		select {
		case <-timer.C:
			pinging = wait > watchTick
		case <-c.watchdogWake:
			calm = 0
		case <-c.closing:
			return
		}
		c.parked.Store(false)
		now := c.now()
		// If this process was held up, the answers may be waiting in its sockets.
		at := tick{now: now, punctual: now-last < int64(wait+2*watchTick), pinging: pinging}
		last = now
		calm++
		for s := range c.remotes.Load().streams() {
			if s.check(at) {
				calm = 0
			}
		}
		if now-updated > int64(updateEvery) {
			updated = now
			for _, r := range *c.remotes.Load() {
				r.wait.update()
			}
		}
	}
}

func (s *stream) outstanding() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mu.waiting.count
}

// untilPing returns how long the watchdog may sleep until the next ping is due.
func (c *Channel) untilPing() time.Duration {
	now := c.now()
	next := now + int64(c.cfg.PingInterval)
	for s := range c.remotes.Load().streams() {
		next = min(next, s.nextPing())
	}
	return max(watchTick, time.Duration(next-now))
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
	return max(s.mu.lastPing, s.lastReceived.Load()) + int64(s.pingInterval())
}

// check completes requests that are overdue, pings, and decides whether the peer is
// silent. It reports whether requests are outstanding.
func (s *stream) check(at tick) bool {
	timeout := s.c.cfg.RequestTimeout
	if s.class == Background {
		timeout = s.c.cfg.BackgroundTimeout
	}
	lastReceived := s.lastReceived.Load()
	s.mu.Lock()
	late := s.mu.waiting.expire(at.now-int64(timeout), nil)
	outstanding := s.mu.waiting.count > 0
	silence := s.silenceLocked(at.now)
	ping := s.needsPingLocked(at, silence)
	if ping {
		s.mu.lastPing = at.now
	}
	s.mu.Unlock()

	if len(late) > 0 {
		s.expire(late)
	}
	if ping {
		_ = s.send(kindPing, 0, 0, nil, pingDone{s, at.now}) // if the queue is full, an answer is outstanding already
	}
	switch {
	case !at.punctual:
	case silence > s.c.cfg.SilenceTimeout:
		s.fail(errSilent)
	case s.class != Foreground || silence <= s.maxSilence():
	case s.silent.CompareAndSwap(false, true):
		s.warned = false
		if s.lastReceived.Load() != lastReceived { // it has just answered, before its reader could see the mark
			s.silent.Store(false)
		}
	case silence > warnSilence && !s.warned:
		s.warned = true
		s.remote.log(slog.LevelWarn, "peer does not answer", "peer", s.name, "silent", silence)
	}
	return outstanding
}

// silenceLocked returns for how long requests have been outstanding without anything
// arriving from the peer; 0 if none are.
func (s *stream) silenceLocked(now int64) time.Duration {
	lastReceived := s.lastReceived.Load()
	if s.mu.writing > writeSlice || len(s.mu.parcels) > 0 {
		lastReceived = max(lastReceived, s.lastWritten.Load()) // the peer reads a big body, so it is alive
	}
	if s.mu.waiting.count == 0 && s.mu.asked <= lastReceived {
		return 0
	}
	return time.Duration(now - max(s.mu.asked, lastReceived))
}

// maxSilence returns the silence after which a peer counts as unavailable. It is
// longer than the shortest wait time, because a busy machine pauses a process for
// that long.
func (s *stream) maxSilence() time.Duration { return max(s.remote.wait.get(), minSilence) }

func (s *stream) needsPingLocked(at tick, silence time.Duration) bool {
	sinceSign := time.Duration(at.now - max(s.mu.lastPing, s.lastReceived.Load()))
	if sinceSign >= s.pingInterval() || at.pinging && sinceSign >= s.pingInterval()/2 {
		return true
	}
	// One ping is enough until its answer: more would only add to the load of a machine
	// on which everybody is late.
	return s.class == Foreground && silence > s.maxSilence()/2 && s.mu.lastPing <= s.lastReceived.Load()
}

// expire completes the requests that were not answered in time.
func (s *stream) expire(late []pending) {
	for i := range late {
		if late[i].kind != kindPing {
			s.c.count.Timeouts.Add(1)
		}
		late[i].done.Complete(s.node, nil, ErrTimeout)
	}
}
