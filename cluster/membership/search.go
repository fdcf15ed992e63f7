package membership

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/quorate/quorate/cluster/core/ring"
)

// Bounds of the search for members that cannot be reached.
const (
	firstSearch  = 500 * time.Millisecond
	lastSearch   = 5 * time.Second // the longest between two rounds
	searchAtOnce = 8
	visitTimeout = 3 * time.Second
)

// search looks for members that cannot be reached.
type search struct {
	self         ring.NodeID
	state        *StateStore
	channel      Channel
	identity     *Identity
	disseminator *Disseminator
	addresses    *addresses
	fail         func(error)
	log          *slog.Logger
}

// run looks until ctx ends. An address is only a place to look: whoever is there and
// belongs to the cluster shows its ring state and takes in this node's, which has where
// each of them has seen the others.
func (s *search) run(ctx context.Context) error {
	pause := firstSearch
	var reclaimed time.Time
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.identity.displaced:
			pause = firstSearch
		case <-time.After(pause):
		}
		before := s.state.Digest()
		// Two processes that cannot reach each other must not write in turns without end.
		if time.Since(reclaimed) >= firstSearch {
			reclaimed = time.Now()
			if err := s.identity.reclaim(ctx); err != nil {
				s.fail(err)
				return nil
			}
		}
		s.visitAll(ctx, s.places(ctx))
		if pause = min(2*pause, lastSearch); s.state.Digest() != before {
			pause = firstSearch
		}
	}
}

// places returns where members may be that cannot be reached: where the ring has them,
// where other nodes may be that know more, and where this node itself has been, since
// somebody may have taken that address. It returns none if all members can be reached.
func (s *search) places(ctx context.Context) []string {
	var places []string
	for _, other := range s.state.Ring().Members() {
		if other.ID != s.self && !s.channel.Available(other.ID) {
			places = append(places, other.PeerAddr)
		}
	}
	if len(places) == 0 {
		return nil
	}
	named, _ := s.addresses.lookedUp(ctx)
	return s.addresses.distinct(slices.Concat(named, s.addresses.former(), places))
}

// visitAll exchanges ring states with whoever is at some addresses.
func (s *search) visitAll(ctx context.Context, places []string) {
	ctx, cancel := context.WithTimeout(ctx, visitTimeout)
	defer cancel()
	var group errgroup.Group
	group.SetLimit(searchAtOnce)
	for _, addr := range places {
		group.Go(func() error {
			if err := s.disseminator.exchange(ctx, s.disseminator.addrCall(addr)); err != nil {
				s.log.Debug("no member at an address", "addr", addr, "err", err)
			}
			return nil
		})
	}
	_ = group.Wait() // its functions return nil
}
