package coverage

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"sync"

	"github.com/quorate/quorate/cluster/core/message"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/cluster/replica"
)

// HistoryHere returns what this node coordinated of a key and still remembers.
func (r *Reader) HistoryHere(key []byte) replica.History {
	return replica.History{Versions: r.cfg.Coordinator.Versions(key).List}
}

// History asks every member, and waits for none of them longer than a second.
func (r *Reader) History(ctx context.Context, key []byte) replica.History {
	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	all := r.HistoryHere(key)
	var mu sync.Mutex
	var wg sync.WaitGroup
	for _, m := range r.cfg.Ring().Members() {
		if m.ID == r.cfg.Self {
			continue
		}
		wg.Go(func() {
			reply, err := r.cfg.Channel.Call(ctx, m.ID, peer.Background, peer.History, bytes.Clone(key))
			var theirs message.Versions
			if err == nil {
				theirs, err = message.DecodeVersions(reply)
			}
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				all.Missing = append(all.Missing, m.ID)
				return
			}
			all.Versions = append(all.Versions, theirs.List...)
		})
	}
	wg.Wait()
	slices.SortStableFunc(all.Versions, func(a, b message.Version) int {
		return cmp.Or(cmp.Compare(a.Time, b.Time), a.Dot.Compare(b.Dot))
	})
	return all
}

// AnswerHistory returns what this node remembers of a key, to a peer.
func (r *Reader) AnswerHistory(key []byte) ([]byte, error) {
	return r.cfg.Coordinator.Versions(key).Append(nil), nil
}
