package logsummary

import (
	"context"
	"log/slog"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/engine"
)

const (
	checkInterval = time.Second
	logInterval   = 5 * time.Second // between two lines about one thing
)

// Config configures a [Summary]. All fields are required.
type Config struct {
	// Hints returns what the node keeps for each other node.
	Hints func() map[ring.NodeID]engine.HintStats
	// NoQuorum returns how many requests have found no quorum so far.
	NoQuorum func() int64
	// Name returns a node's name.
	Name   func(ring.NodeID) string
	Logger *slog.Logger
}

// Summary remembers what was logged.
type Summary struct {
	cfg      Config
	hints    map[ring.NodeID]int64     // logged last, or what is left of them
	hintsAt  map[ring.NodeID]time.Time // when hints for a node were logged last
	noQuorum int64                     // requests without a quorum that were logged
	quorumAt time.Time                 // when
}

// New returns a summary. Its Run must be called.
func New(cfg Config) *Summary {
	return &Summary{cfg: cfg, hints: make(map[ring.NodeID]int64), hintsAt: make(map[ring.NodeID]time.Time)}
}

// Run checks the numbers until ctx ends.
func (s *Summary) Run(ctx context.Context) error {
	tick := time.NewTicker(checkInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			s.check(time.Now())
		}
	}
}

// check logs what has grown since it was logged last.
func (s *Summary) check(now time.Time) {
	hints := s.cfg.Hints()
	for id, stats := range hints {
		n := stats.Count
		if n > s.hints[id] && now.Sub(s.hintsAt[id]) >= logInterval {
			s.cfg.Logger.Info("hints are kept for a node", "peer", s.cfg.Name(id), "hints", n)
			s.hintsAt[id] = now
			s.hints[id] = n
		}
		s.hints[id] = min(s.hints[id], n) // some were delivered
	}
	for id := range s.hints {
		if _, still := hints[id]; !still {
			delete(s.hints, id)
		}
	}
	if n := s.cfg.NoQuorum(); n > s.noQuorum && now.Sub(s.quorumAt) >= logInterval {
		s.cfg.Logger.Warn("requests found no quorum", "requests", n-s.noQuorum)
		s.noQuorum, s.quorumAt = n, now
	}
}
