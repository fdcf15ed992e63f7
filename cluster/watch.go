package cluster

import (
	"context"
	"log/slog"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
)

// Some things happen too often to be logged each time, and are told by their
// numbers: hints that this node keeps, and requests that found no quorum.

const (
	watchEvery = time.Second
	tellEvery  = 5 * time.Second // of one thing
)

// watcher remembers what was told.
type watcher struct {
	log    *slog.Logger
	hints  map[ring.NodeID]int64     // at the last look
	told   map[ring.NodeID]time.Time // when hints for a node were told of
	quorum int64                     // requests without quorum that were told of
	last   time.Time                 // when
}

func newWatcher(log *slog.Logger) *watcher {
	return &watcher{log: log, hints: make(map[ring.NodeID]int64), told: make(map[ring.NodeID]time.Time)}
}

// look tells of what has grown: at once, and then every so often.
func (w *watcher) look(now time.Time, hints map[ring.NodeID]int64, noQuorum int64, name func(ring.NodeID) string) {
	for id, n := range hints {
		if n > w.hints[id] && now.Sub(w.told[id]) >= tellEvery {
			w.log.Info("hints are kept for a node", "peer", name(id), "hints", n)
			w.told[id] = now
			w.hints[id] = n
		}
		w.hints[id] = min(w.hints[id], n) // some were delivered
	}
	for id := range w.hints {
		if _, still := hints[id]; !still {
			delete(w.hints, id)
		}
	}
	if noQuorum > w.quorum && now.Sub(w.last) >= tellEvery {
		w.log.Warn("requests found no quorum", "requests", noQuorum-w.quorum)
		w.quorum, w.last = noQuorum, now
	}
}

// watch looks until ctx ends.
func (n *Node) watch(ctx context.Context) error {
	w := newWatcher(n.log)
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		hints := make(map[ring.NodeID]int64)
		for id, h := range n.store.Hints().Targets() {
			hints[id] = h.Count
		}
		w.look(n.cfg.Now(), hints, n.Counters().NoQuorum.Load(), n.state.Ring().Name)
	}
}
