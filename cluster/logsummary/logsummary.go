package logsummary

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/engine"
)

const checkInterval = time.Second

// Config configures a [Summary]. All fields are required.
type Config struct {
	// Hints returns what the node keeps for each other node.
	Hints func() map[ring.NodeID]engine.HintStats
	// Delivered returns how many hints each node has got from this one so far.
	Delivered func() map[ring.NodeID]int64
	// NoQuorum returns how many requests have found no quorum so far.
	NoQuorum func() int64
	// Name returns a node's name.
	Name   func(ring.NodeID) string
	Logger *slog.Logger
}

// Summary remembers what was logged.
type Summary struct {
	cfg      Config
	hints    map[ring.NodeID]*kept
	quorum   episode
	noQuorum int64 // requests without a quorum before the episode began
	seen     int64 // at the last check
}

// kept is an episode in which the node keeps hints for another one.
type kept struct {
	episode
	before int64 // hints that were delivered before it began
}

// New returns a summary. Its Run must be called.
func New(cfg Config) *Summary {
	return &Summary{cfg: cfg, hints: make(map[ring.NodeID]*kept)}
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

// check logs what began, goes on, or has ended.
func (s *Summary) check(now time.Time) {
	s.checkHints(now)
	s.checkQuorum(now)
}

func (s *Summary) checkHints(now time.Time) {
	hints, delivered := s.cfg.Hints(), s.cfg.Delivered()
	for id, stats := range hints {
		if s.hints[id] == nil && stats.Count > 0 {
			s.hints[id] = &kept{before: delivered[id]}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(s.hints)) {
		k, n := s.hints[id], hints[id].Count
		log, done := s.cfg.Logger.With("peer", s.cfg.Name(id)), delivered[id]-k.before
		switch k.step(now, n > 0) {
		case begins:
			log.Info("hints are kept for a node", "hints", n)
		case goesOn:
			log.Info("hints are still kept for a node", "hints", n, "delivered", done, "for", now.Sub(k.began).Round(time.Second))
		case ends:
			log.Info("no hint is left for a node", "delivered", done, "took", k.took())
			delete(s.hints, id)
		}
	}
}

func (s *Summary) checkQuorum(now time.Time) {
	n := s.cfg.NoQuorum()
	if s.quorum.began.IsZero() {
		s.noQuorum = s.seen
	}
	stage := s.quorum.step(now, n > s.seen)
	s.seen = n
	switch failed := n - s.noQuorum; stage {
	case begins:
		s.cfg.Logger.Warn("requests find no quorum", "requests", failed)
	case goesOn:
		s.cfg.Logger.Warn("requests still find no quorum", "requests", failed, "for", now.Sub(s.quorum.began).Round(time.Second))
	case ends:
		s.cfg.Logger.Info("requests find a quorum again", "failed", failed, "took", s.quorum.took())
		s.quorum = episode{}
	}
}
