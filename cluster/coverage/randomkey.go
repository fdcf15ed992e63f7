package coverage

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
)

// holdings tells, by partition, how many objects with a value there may be: as many as the
// fullest of the primaries has that cover the partition, and 0 only if all of those have
// none.
type holdings []int64

// holdings asks all members what they hold. Where too few of a partition's primaries
// answer in time to cover it, or one of them does not know, it may hold something.
func (r *Reader) holdings(ctx context.Context, view *ring.Ring, wait time.Duration) holdings {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	return holdingsOf(view, r.askCounts(ctx, askFlags|askValued))
}

func holdingsOf(view *ring.Ring, answers map[ring.NodeID]counts) holdings {
	wanted, _ := covering(view)
	held := make(holdings, view.Partitions())
	for p := range held {
		covered := 0
		for _, id := range view.Primaries(ring.Partition(p)) {
			c, ok := answers[id]
			if !ok || c.refilling || c.counting || p >= len(c.valued) {
				continue
			}
			covered++
			held[p] = max(held[p], c.valued[p])
		}
		if covered < wanted {
			held[p] = max(held[p], 1)
		}
	}
	return held
}

// draw draws a partition, each with the chance of its share of all, or returns -1 if
// there is nothing.
func (h holdings) draw() int {
	var sum int64
	for _, n := range h {
		sum += n
	}
	if sum == 0 {
		return -1
	}
	at := rand.Int64N(sum)
	for p, n := range h {
		if at -= n; at < 0 {
			return p
		}
	}
	return -1
}

// RandomKey returns some key, or nil when there is none. It draws a partition by how many
// keys there are in it, and takes the first key that it meets there from a random hash on.
func (r *Reader) RandomKey(ctx context.Context) ([]byte, error) {
	view := r.cfg.Ring()
	held := r.holdings(ctx, view, statusTimeout)
	for p := held.draw(); p >= 0; p = held.draw() {
		key, err := r.randomOf(ctx, view, ring.Partition(p))
		if key != nil || err != nil {
			return key, err
		}
		held[p] = 0 // nothing after all
	}
	return nil, nil
}

// randomOf returns some key of a partition, or nil if it has none.
func (r *Reader) randomOf(ctx context.Context, view *ring.Ring, p ring.Partition) ([]byte, error) {
	for _, from := range []uint32{rand.Uint32(), 0} {
		for more := true; more; {
			pg, err := r.scanPartition(ctx, view, p, from, 1)
			if err != nil {
				return nil, err
			}
			for _, i := range rand.Perm(len(pg.keys)) {
				if pg.keys[i].alive {
					return pg.keys[i].key, nil
				}
			}
			from, more = pg.next, pg.more
		}
	}
	return nil, nil
}
