package coverage

import (
	"context"

	"github.com/quorate/quorate/cluster/core/ring"
)

// SlotKeys returns up to most live keys of a hash slot, all of them if most is
// negative. It walks the whole partition that the slot lies in.
func (r *Reader) SlotKeys(ctx context.Context, slot ring.Slot, most int) (keys [][]byte, err error) {
	view := r.cfg.Ring()
	p := ring.PartitionOf(slot, view.Partitions())
	for from, more := uint32(0), true; more && (most < 0 || len(keys) < most); {
		pg, err := r.scanPartition(ctx, view, p, from, maxPage)
		if err != nil {
			return nil, err
		}
		for _, k := range pg.keys {
			if k.alive && ring.SlotOf(k.key) == slot {
				keys = append(keys, k.key)
			}
		}
		from, more = pg.next, pg.more
	}
	if most >= 0 && len(keys) > most {
		keys = keys[:most]
	}
	return keys, nil
}
