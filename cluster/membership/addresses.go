package membership

import (
	"context"
	"log/slog"
	"slices"
)

// mostPlaces bounds the addresses at which a node looks in one round.
const mostPlaces = 64

// addresses has where other nodes may be besides where the ring has them. An address is only
// a place to look.
type addresses struct {
	own     string   // this node's
	join    []string // the operator's
	resolve func(ctx context.Context, addr string) ([]string, error)
	stopped string // where the disk had this node before it started; set by the bootstrap
	log     *slog.Logger
}

// former returns the address that this node had when it stopped, if it has another now.
func (a *addresses) former() []string {
	if a.stopped != "" && a.stopped != a.own {
		return []string{a.stopped}
	}
	return nil
}

// lookedUp returns all addresses that the operator's addresses stand for now, and why some
// stand for none.
func (a *addresses) lookedUp(ctx context.Context) (all []string, errs []error) {
	for _, addr := range a.join {
		found, err := a.resolve(ctx, addr)
		if err != nil {
			a.log.Debug("address not found", "join", addr, "err", err)
			errs = append(errs, err)
		}
		all = append(all, found...)
	}
	return all, errs
}

// distinct returns each address once, without this node's own, and no more than a round
// looks at.
func (a *addresses) distinct(addrs []string) (places []string) {
	for _, addr := range addrs {
		if addr != a.own && !slices.Contains(places, addr) && len(places) < mostPlaces {
			places = append(places, addr)
		}
	}
	return places
}
