package antientropy

import (
	"cmp"
	"slices"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
)

// Progress is what is known of one pair of replicas: this node's copy of a partition
// and a peer's.
type Progress struct {
	Partition ring.Partition
	Peer      ring.NodeID
	Differs   bool      // at the last comparison
	Compared  time.Time // wall clock: when the copies were last found, or made, equal; zero: not yet
	Healed    int64     // keys exchanged so far
	Failures  int       // in a row; 0 after a success
	Error     error     // of the last failure
	Retry     time.Time // when the next exchange may begin, after a failure
}

// Summary counts the pairs of replicas of which this node holds one.
type Summary struct {
	Pairs   int       // pairs seen so far, and still shared
	Equal   int       // of these, that were equal at the last comparison
	Failing int       // of these, whose last exchange failed
	Healed  int64     // keys exchanged on schedule
	Oldest  time.Time // wall clock: the earliest of the last times when a pair was equal; zero while one never was
}

// Summary counts the Scheduler's pairs by their state.
func (s *Scheduler) Summary() Summary {
	s.mu.Lock()
	defer s.mu.Unlock()
	sum := Summary{Pairs: len(s.mu.pairs), Healed: s.mu.healed}
	never := false
	for _, p := range s.mu.pairs {
		switch {
		case p.Error == nil && !p.Differs:
			sum.Equal++
		case p.Failures > 0:
			sum.Failing++
		}
		never = never || p.Compared.IsZero()
		if sum.Oldest.IsZero() || p.Compared.Before(sum.Oldest) {
			sum.Oldest = p.Compared
		}
	}
	if never {
		sum.Oldest = time.Time{}
	}
	return sum
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

// maxFailing bounds what Failing lists.
const maxFailing = 20

// Failing lists pairs whose last exchange failed, in order of peer and partition: the
// first 20 of them.
func (s *Scheduler) Failing() []Progress {
	failing := s.list(func(p *Progress) bool { return p.Failures > 0 })
	return failing[:min(len(failing), maxFailing)]
}

// list returns the pairs of which keep is true, in order of peer and partition.
func (s *Scheduler) list(keep func(*Progress) bool) []Progress {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Progress
	for _, p := range s.mu.pairs {
		if keep(p) {
			list = append(list, *p)
		}
	}
	slices.SortFunc(list, func(a, b Progress) int {
		return comparePairs(pair{a.Peer, a.Partition}, pair{b.Peer, b.Partition})
	})
	return list
}

// recordRoots notes the outcome of a comparison of roots: those of parts that are
// neither in differing nor in unknown are equal. All three are sorted.
func (s *Scheduler) recordRoots(id ring.NodeID, parts, differing, unknown []ring.Partition) {
	now := s.cfg.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range parts {
		state := s.stateLocked(pair{id, p})
		if _, found := slices.BinarySearch(differing, p); found {
			state.Differs = true
			continue
		}
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
	p.Failures, p.Retry, p.Error, p.Differs, p.Compared = 0, time.Time{}, nil, false, now
}

// recordKeys counts the keys of an exchange.
func (s *Scheduler) recordKeys(p pair, keys int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mu.healed += keys
	s.stateLocked(p).Healed += keys
}

// record notes the outcome of an exchange.
func (s *Scheduler) record(p pair, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	state := s.stateLocked(p)
	if err == nil {
		state.equal(s.cfg.Now())
		return
	}
	state.Error = err
	state.Failures++
	state.Retry = time.Now().Add(retryAfter(state.Failures))
}

// due reports whether a pair is not waiting for its retry.
func (s *Scheduler) due(p pair) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	state := s.mu.pairs[p]
	return state == nil || !time.Now().Before(state.Retry)
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
