package antientropy

import (
	"cmp"
	"slices"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
)

// Progress is what became of one pair of replicas: this node's copy of a
// partition and a peer's.
type Progress struct {
	Partition ring.Partition
	Peer      ring.NodeID
	Compared  time.Time // when the copies were last found, or made, equal; zero: not yet
	Healed    int64     // keys exchanged so far
	Failures  int       // in a row; 0 after a success
	Error     error     // of the last failure
	Retry     time.Time // not before, after a failure
}

// pair names the two copies that an exchange makes equal.
type pair struct {
	peer      ring.NodeID
	partition ring.Partition
}

func comparePairs(a, b pair) int {
	return cmp.Or(cmp.Compare(a.peer, b.peer), cmp.Compare(a.partition, b.partition))
}

// Back-off of a pair whose exchange failed. Most failures are short: a tree that
// is being rebuilt, a stream that is being opened.
const (
	firstRetry = time.Second
	lastRetry  = 10 * time.Minute
)

func retryAfter(failures int) time.Duration {
	return min(lastRetry, firstRetry<<min(failures-1, 10))
}

// Progress returns the state of every pair seen so far and still shared, in
// order of peer and partition.
func (s *Scheduler) Progress() []Progress {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Progress, 0, len(s.mu.pairs))
	for _, p := range s.mu.pairs {
		list = append(list, *p)
	}
	slices.SortFunc(list, func(a, b Progress) int {
		return comparePairs(pair{a.Peer, a.Partition}, pair{b.Peer, b.Partition})
	})
	return list
}

// recordRoots notes what a comparison of roots told: sorted parts, of which those
// not in differing or unknown are equal.
func (s *Scheduler) recordRoots(id ring.NodeID, parts, differing, unknown []ring.Partition) {
	now := s.cfg.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range parts {
		if _, found := slices.BinarySearch(differing, p); found {
			continue
		}
		state := s.stateLocked(pair{id, p})
		if _, found := slices.BinarySearch(unknown, p); found {
			state.Error = ErrNotReady
			continue
		}
		state.equal(now)
	}
}

func (s *Scheduler) stateLocked(p pair) *Progress {
	state := s.mu.pairs[p]
	if state == nil {
		state = &Progress{Partition: p.partition, Peer: p.peer}
		s.mu.pairs[p] = state
	}
	return state
}

func (p *Progress) equal(now time.Time) {
	p.Failures, p.Retry, p.Error, p.Compared = 0, time.Time{}, nil, now
}

// record notes the outcome of an exchange.
func (s *Scheduler) record(p pair, keys int64, err error) {
	now := s.cfg.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	state := s.stateLocked(p)
	state.Healed += keys
	if err == nil {
		state.equal(now)
		return
	}
	state.Error = err
	state.Failures++
	state.Retry = now.Add(retryAfter(state.Failures))
}

// due reports whether a pair is not waiting for its retry.
func (s *Scheduler) due(p pair) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	state := s.mu.pairs[p]
	return state == nil || !s.cfg.Now().Before(state.Retry)
}

// forgetOthers drops the state of pairs that this node no longer shares.
func (s *Scheduler) forgetOthers(shared map[ring.NodeID][]ring.Partition) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for p := range s.mu.pairs {
		if _, found := slices.BinarySearch(shared[p.peer], p.partition); !found {
			delete(s.mu.pairs, p)
		}
	}
}
