package coverage

import (
	"context"
	"slices"
	"time"

	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/replica"
)

// A cursor is a partition and a hash, so any node can serve any page. Each page is asked of enough primaries that one of them has each
// acknowledged write, and their answers are joined. Where the copies of a key disagree
// about whether it exists, the key is read as GET reads it. A node that is being refilled
// after it lost its disk is not asked: it may lack keys that exist.

const (
	maxPage        = 10_000 // keys asked of a replica at once
	pagePartitions = 64     // partitions that one call walks through at most; or as many as it asks for keys, if those are more
	hashBits       = 32

	// callObjects is how many objects a call has looked at when it begins no further
	// page, so that it ends soon whatever it finds.
	callObjects = 4 * pageObjects

	// A call that has walked through sparseAfter partitions asks all members what they
	// hold, and passes over the partitions that are empty. It waits sparseWait for them.
	sparseAfter = 4
	sparseWait  = 20 * time.Millisecond
)

// ScanKeys returns the keys from a cursor on, count of them or a few more, and
// the cursor to go on with: 0 at the end, as at the start. It returns fewer, or none,
// where it has to look at many objects to find keys. Every key present throughout a scan
// is returned at least once. Cursors stay below 2^53.
func (r *Reader) ScanKeys(ctx context.Context, cursor uint64, count int) (keys [][]byte, next uint64, err error) {
	w := r.newWalk(cursor, count)
	for walked := 0; w.p < w.view.Partitions(); walked++ {
		if len(w.keys) >= w.count || walked == max(w.count, pagePartitions) || w.looked >= callObjects {
			return w.keys, w.suspend(), nil
		}
		if walked == sparseAfter {
			w.held = r.holdings(ctx, w.view, sparseWait)
		}
		if err := w.step(ctx); err != nil {
			return nil, 0, err
		}
	}
	return w.keys, 0, nil
}

func cursorAt(p int, hash uint32) uint64 { return uint64(p)<<hashBits | uint64(hash) }

func memberIDs(view *ring.Ring) (ids []ring.NodeID) {
	for _, m := range view.Members() {
		ids = append(ids, m.ID)
	}
	return ids
}

// nearestFirst puts this node first, and leaves out those that do not answer.
func (r *Reader) nearestFirst(ids []ring.NodeID) []ring.NodeID {
	var out []ring.NodeID
	for _, id := range ids {
		if id == r.cfg.Self {
			out = slices.Insert(out, 0, id)
		} else if r.cfg.Channel.Available(id) {
			out = append(out, id)
		}
	}
	return out
}

// DeleteAll deletes every key that it finds, each by a write of its own with the
// cluster's quorum. What is written meanwhile may stay.
func (r *Reader) DeleteAll(ctx context.Context) error {
	quorum := 0 // the cluster's
	if view := r.cfg.Ring(); len(r.nearestFirst(memberIDs(view))) == len(view.Members()) {
		quorum, _ = covering(view) // else a deletion might not find what it is to delete
	}
	for cursor := uint64(0); ; {
		keys, next, err := r.ScanKeys(ctx, cursor, 1000)
		if err != nil {
			return err
		}
		reqs := make([]*replica.Request, len(keys))
		for i, k := range keys {
			reqs[i] = &replica.Request{Key: k, Update: &register.Update{Kind: register.Delete}, R: quorum}
		}
		r.cfg.Coordinator.Do(ctx, reqs)
		for _, q := range reqs {
			if q.Err != nil {
				return q.Err
			}
		}
		if next == 0 {
			return nil
		}
		cursor = next
	}
}
