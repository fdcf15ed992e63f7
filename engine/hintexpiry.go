package engine

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
)

// expireBytes bounds the objects of the hints that are judged at once.
const expireBytes = 256 << 10

// Expire drops hints that are older than Options.HintAge, and returns how many. It shows
// them to safe, some at a time, and drops those that safe returns. It reads nothing if no
// target has such hints.
func (x *Hints) Expire(now time.Time, safe func(target causal.NodeID, old []Hint) []HintRef) (dropped int) {
	if !x.db.guard.enter() {
		return 0
	}
	defer x.db.guard.leave()
	before := now.Add(-x.db.opts.HintAge)
	for target, stats := range x.Targets() {
		if !stats.Oldest.Before(before) {
			continue
		}
		n, err := x.expireTarget(target, before, safe)
		dropped += n
		if err != nil && !errors.Is(err, ErrClosed) {
			x.db.opts.Logger.Warn("old hints were not dropped, will be tried again", "err", err)
		}
	}
	x.counts.expired.Add(int64(dropped))
	return dropped
}

// expireTarget drops the hints for one node that came before a time and may go.
func (x *Hints) expireTarget(target causal.NodeID, before time.Time, safe func(causal.NodeID, []Hint) []HintRef) (dropped int, err error) {
	oldest := time.UnixMilli(math.MaxInt64)
	var old []Hint
	size := 0
	drop := func() error {
		if len(old) == 0 {
			return nil
		}
		refs := safe(target, old)
		n, err := x.delete(target, refs)
		if dropped += n; n < len(old) {
			for i := range old { // some stay
				if old[i].Created.Before(oldest) {
					oldest = old[i].Created
				}
			}
		}
		old, size = old[:0], 0
		return err
	}
	for h, err := range x.Scan(target) {
		if err != nil {
			return dropped, fmt.Errorf("scan hints: %w", err)
		}
		if !h.Created.Before(before) {
			if h.Created.Before(oldest) {
				oldest = h.Created
			}
			continue
		}
		old = append(old, h.Clone())
		if size += len(h.Object); len(old) == chunkEntries || size > expireBytes {
			if err := drop(); err != nil {
				return dropped, err
			}
		}
	}
	if err := drop(); err != nil {
		return dropped, err
	}
	if oldest.Before(x.db.opts.Now()) {
		x.counts.setOldest(target, oldest)
	}
	return dropped, nil
}
