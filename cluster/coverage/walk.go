package coverage

import (
	"context"
	"slices"
	"time"

	"github.com/quorate/quorate/cluster/core/ring"
)

// walk is one call of a scan on its way through the partitions.
type walk struct {
	reader *Reader
	view   *ring.Ring
	number uint32 // of this node
	count  int    // keys that are wanted
	held   holdings

	p    int    // the partition
	hash uint32 // where to go on in it
	keys [][]byte

	looked int  // objects, about
	ahead  kept // what was read and not returned, if it has keys
	last   uint32
	known  bool // this node has served the cursor's scan before
}

func (r *Reader) newWalk(cursor uint64, count int) *walk {
	view := r.cfg.Ring()
	w := &walk{
		reader: r, view: view, number: numberOf(view, r.cfg.Self), count: max(1, min(count, maxPage)),
		p: int(cursor >> hashBits), hash: uint32(cursor),
	}
	if cursor != 0 {
		w.ahead, w.known = r.ahead.take(cursor, w.number)
	}
	return w
}

// step adds the keys of the next page, as many as are wanted. It passes over a partition
// that holds nothing.
func (w *walk) step(ctx context.Context) error {
	if len(w.ahead.page.keys) == 0 {
		if w.held != nil && w.held[w.p] == 0 {
			w.p, w.hash = w.p+1, 0
			return nil
		}
		if err := w.read(ctx); err != nil {
			return err
		}
	}
	w.deliver(w.count - len(w.keys))
	return nil
}

// deliver adds count of the keys that were read, or a few more: those of one hash are not
// split. Behind the last of them the walk goes on.
func (w *walk) deliver(count int) {
	ready := w.ahead.page.keys
	n := min(count, len(ready))
	for n > 0 && n < len(ready) && ready[n].hash == ready[n-1].hash {
		n++
	}
	for _, k := range ready[:n] {
		w.keys = append(w.keys, k.key)
		w.last = k.hash
	}
	pg := &w.ahead.page
	if pg.keys = ready[n:]; len(pg.keys) > 0 {
		return
	}
	if w.hash = pg.next; !pg.more {
		w.p, w.hash = w.p+1, 0
	}
}

// read reads a page: as many keys as are still wanted, and more for a scan that this node
// has served before, twice as many each time.
func (w *walk) read(ctx context.Context) error {
	wanted := w.count - len(w.keys)
	asked := wanted
	if w.known {
		asked = max(wanted, min(2*w.ahead.size, aheadKeys))
	}
	began := time.Now()
	pg, err := w.reader.scanPartition(ctx, w.view, ring.Partition(w.p), w.hash, asked)
	if err != nil {
		return err
	}
	w.looked += pg.cost(asked)
	pg.keys = slices.DeleteFunc(pg.keys, func(k listed) bool { return !k.alive })
	w.ahead = kept{page: pg, size: max(asked, w.count), read: began, number: w.number}
	return nil
}

// moreKeys is how many keys a call adds beyond those that are wanted, so as to end where
// keys can be kept.
const moreKeys = 4

// suspend returns the cursor with which the scan goes on, and keeps what it has read.
func (w *walk) suspend() uint64 {
	for more := 0; len(w.ahead.page.keys) > 0; more++ {
		if cursor, ok := w.reader.ahead.put(w.p, w.last, w.ahead); ok || more == moreKeys {
			return cursor
		}
		w.deliver(1)
	}
	if w.p == w.view.Partitions() {
		return 0
	}
	cursor := cursorAt(w.p, w.hash)
	if w.ahead.size > 0 {
		w.reader.ahead.putSize(cursor, w.ahead)
	}
	return cursor
}
