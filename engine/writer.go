package engine

import (
	"sync"
	"sync/atomic"

	"github.com/quorate/quorate/engine/existence"
	"github.com/quorate/quorate/engine/objectcache"
)

// writer commits batches of changes, and keeps up to date what depends on them: the
// statistics, the object cache, the existence filter, the counts of hints and the times of
// the indexes by expiry.
type writer struct {
	db        *database
	stripes   *stripes
	stats     *statistics
	objects   *objectcache.Cache
	existence *existence.Filter
	epochs    *epochs
	hints     *hintCounts
	expiry    *expiryTimes // of the index of what expires
	expired   *expiryTimes // of the index of what expired and is not stripped
	obeyed    obeyed       // what is cleared
	written   writtenKeys  // before a clear

	txns     sync.Pool    // of *txn
	inflight atomic.Int64 // commits that nobody has waited for yet
	unsynced atomic.Bool  // Interval: something was written since the last fsync

	splits           atomic.Uint64 // objects that were split, since Open
	records, batches atomic.Int64  // since Open
	syncs            atomic.Int64  // periodic fsyncs, since Open
}

func (w *writer) newTxn() *txn {
	t, _ := w.txns.Get().(*txn)
	if t == nil {
		t = &txn{w: w, intent: w.stripes.newIntent()}
	}
	t.batch = w.db.pebble.NewBatch()
	return t
}
