package membership

import (
	"context"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// Bounds of the search for members that cannot be reached.
const (
	firstSearch  = 500 * time.Millisecond
	lastSearch   = 5 * time.Second // the longest between two rounds
	searchAtOnce = 8
	mostPlaces   = 64 // looked at in one round
	visitTimeout = 3 * time.Second
)

// search looks for members that cannot be reached, until ctx ends. An address is only a
// place to look: whoever is there and belongs to the cluster shows its ring state and
// takes in this node's, which has where each of them has seen the others.
func (m *Membership) search(ctx context.Context) error {
	pause := firstSearch
	var reclaimed time.Time
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-m.identity.displaced:
			pause = firstSearch
		case <-time.After(pause):
		}
		before := m.state.Digest()
		// Two processes that cannot reach each other must not write in turns without end.
		if time.Since(reclaimed) >= firstSearch {
			reclaimed = time.Now()
			if err := m.identity.reclaim(ctx); err != nil {
				m.cfg.Fail(err)
				return nil
			}
		}
		m.visitAll(ctx, m.places(ctx))
		if pause = min(2*pause, lastSearch); m.state.Digest() != before {
			pause = firstSearch
		}
	}
}

// places returns where members may be that cannot be reached: where the ring has them,
// where other nodes may be that know more, and where this node itself has been, since
// somebody may have taken that address. It returns none if all members can be reached.
func (m *Membership) places(ctx context.Context) []string {
	var places []string
	for _, other := range m.state.Ring().Members() {
		if other.ID != m.id && !m.cfg.Channel.Available(other.ID) {
			places = append(places, other.PeerAddr)
		}
	}
	if len(places) == 0 {
		return nil
	}
	return m.distinct(slices.Concat(m.lookedUp(ctx), m.former(), places))
}

// former returns the address that this node had when it stopped, if it has another now.
func (m *Membership) former() []string {
	if addr := m.formerAddr; addr != "" && addr != m.cfg.Self.PeerAddr {
		return []string{addr}
	}
	return nil
}

// lookedUp returns all addresses that the operator's addresses stand for now.
func (m *Membership) lookedUp(ctx context.Context) (all []string) {
	for _, addr := range m.cfg.Start.Join {
		found, err := m.cfg.Resolve(ctx, addr)
		if err != nil {
			m.log.Debug("address not found", "join", addr, "err", err)
		}
		all = append(all, found...)
	}
	return all
}

// distinct returns each address once, without this node's own, and no more than a round
// looks at.
func (m *Membership) distinct(addrs []string) (places []string) {
	for _, addr := range addrs {
		if addr != m.cfg.Self.PeerAddr && !slices.Contains(places, addr) && len(places) < mostPlaces {
			places = append(places, addr)
		}
	}
	return places
}

// visitAll exchanges ring states with whoever is at some addresses.
func (m *Membership) visitAll(ctx context.Context, places []string) {
	ctx, cancel := context.WithTimeout(ctx, visitTimeout)
	defer cancel()
	var group errgroup.Group
	group.SetLimit(searchAtOnce)
	for _, addr := range places {
		group.Go(func() error {
			if err := m.disseminator.exchange(ctx, m.disseminator.addrCall(addr)); err != nil {
				m.log.Debug("no member at an address", "addr", addr, "err", err)
			}
			return nil
		})
	}
	_ = group.Wait() // its functions return nil
}
