package antientropy

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
	"github.com/quorate/quorate/engine"
)

// partitionReaper is how far the Reaper has come with one partition. It goes through the
// tombstones that are old enough, page by page, and begins anew when it has come to the end
// and all that was agreed on is reaped.
type partitionReaper struct {
	rest      engine.DeadRange // what this pass has yet to ask about
	agreed    []agreement      // what waits for the second question, oldest first
	obstacles obstacles        // what the members answered in this pass
}

// agreement is a page of tombstones, of which all members agreed on some at the first
// question. The keys are read again for the second one.
type agreement struct {
	at      time.Time // monotonic: when the last of them had answered
	ring    uint64    // digest
	page    engine.DeadRange
	digests []object.Digest // of what all agreed on, sorted
}

// restart forgets what was agreed on, and begins a new pass.
func (s *partitionReaper) restart() { s.rest, s.agreed = engine.DeadRange{}, nil }

// forget gives up all that is known of a partition.
func (r *Reaper) forget(s *partitionReaper) {
	for len(s.agreed) > 0 {
		r.drop(s)
	}
	*s = partitionReaper{}
}

// drop removes the oldest agreement of a partition.
func (r *Reaper) drop(s *partitionReaper) {
	r.keys.Add(-int64(len(s.agreed[0].digests)))
	s.agreed = slices.Delete(s.agreed, 0, 1)
}

// visit reaps what has settled, and asks about further tombstones. An error ends it. The
// next visit goes on from there.
func (r *Reaper) visit(ctx context.Context, view *ring.Ring, p ring.Partition, s *partitionReaper) error {
	for len(s.agreed) > 0 {
		a := s.agreed[0]
		if a.ring == view.Digest() {
			if r.cfg.Monotonic().Sub(a.at) < r.cfg.Settle {
				break
			}
			if err := r.finish(ctx, view, p, a, &s.obstacles); err != nil {
				return err
			}
		}
		r.drop(s)
	}
	if s.rest.Empty() && len(s.agreed) == 0 {
		s.rest, s.obstacles = engine.DeadBefore(p, r.cfg.Now().Add(-r.cfg.Grace)), nil
	}
	for !s.rest.Empty() && r.keys.Load() < reapPending {
		agreed, err := r.begin(ctx, view, p, s)
		if err != nil || agreed == 0 {
			return err // where nobody agrees, the next page has time until the next round
		}
	}
	return nil
}

// begin takes step 1 for the next page, and returns on how many keys all agreed.
func (r *Reaper) begin(ctx context.Context, view *ring.Ring, p ring.Partition, s *partitionReaper) (agreed int, err error) {
	began := time.Now()
	page, err := r.tombstones().Page(s.rest, reapPage)
	if err != nil {
		return 0, err
	}
	if len(page.Refs) == 0 {
		s.rest = page.Rest
		return 0, nil
	}
	defer r.pause(ctx, began)
	refs, err := r.ask(ctx, view, p, page.Refs, &s.obstacles)
	if err != nil {
		return 0, err
	}
	s.rest = page.Rest
	if len(refs) == 0 {
		return 0, nil
	}
	// The time is taken after the answers: Settle counts from the last of them.
	a := agreement{at: r.cfg.Monotonic(), ring: view.Digest(), page: page.Read, digests: make([]object.Digest, len(refs))}
	for i, ref := range refs {
		a.digests[i] = ref.Digest
	}
	slices.Sort(a.digests)
	s.agreed = append(s.agreed, a)
	r.keys.Add(int64(len(refs)))
	return len(refs), nil
}

// finish takes steps 2 and 3. The others remove the objects first: if this node
// removed its own before them, it could not ask again those that missed the message.
func (r *Reaper) finish(ctx context.Context, view *ring.Ring, p ring.Partition, a agreement, o *obstacles) error {
	defer r.pause(ctx, time.Now())
	page, err := r.tombstones().Page(a.page, reapPage)
	if err != nil {
		return err
	}
	refs := slices.DeleteFunc(page.Refs, func(ref engine.Ref) bool {
		_, found := slices.BinarySearch(a.digests, ref.Digest)
		return !found // it is new, and may have taken the place of another on the page
	})
	if refs, err = r.ask(ctx, view, p, refs, o); err != nil || len(refs) == 0 {
		return err
	}
	err = r.callOthers(ctx, view, peer.Reap, appendReapRequest(nil, p, view.Digest(), refs), func(a reapAnswer) error { return a.err })
	if err != nil {
		return fmt.Errorf("ask others to reap: %w", err)
	}
	n, err := r.tombstones().Reap(refs)
	r.mu.Lock()
	r.mu.status.Reaped += int64(n)
	r.mu.Unlock()
	if err != nil {
		return fmt.Errorf("reap: %w", err)
	}
	return nil
}

func (r *Reaper) tombstones() *engine.Tombstones { return r.cfg.Exchanger.cfg.Store.Tombstones() }

// pause waits as long as something took that began at a time.
func (r *Reaper) pause(ctx context.Context, began time.Time) {
	_ = pause(ctx, min(max(time.Since(began), reapPauseLeast), reapPauseMost)) // whoever goes on looks at the context
}
