package engine

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
)

// Expire drops the hints that are older than Options.HintAge, and returns how many. It
// reads nothing if no target has such hints.
func (x *Hints) Expire(now time.Time) (dropped int) {
	if !x.db.guard.enter() {
		return 0
	}
	defer x.db.guard.leave()
	before := now.Add(-x.db.opts.HintAge)
	for target, stats := range x.Targets() {
		if !stats.Oldest.Before(before) {
			continue
		}
		n, err := x.expireTarget(target, before)
		dropped += n
		if err != nil && !errors.Is(err, ErrClosed) {
			x.db.opts.Logger.Warn("old hints were not dropped, will be tried again", "err", err)
		}
	}
	x.counts.expired.Add(int64(dropped))
	return dropped
}

// expireTarget drops the hints for one node that came before a time.
func (x *Hints) expireTarget(target causal.NodeID, before time.Time) (dropped int, err error) {
	oldest := time.UnixMilli(math.MaxInt64)
	var refs []HintRef
	drop := func() error {
		n, err := x.delete(target, refs)
		dropped, refs = dropped+n, refs[:0]
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
		h.Key = bytes.Clone(h.Key)
		if refs = append(refs, h.HintRef); len(refs) == chunkEntries {
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
