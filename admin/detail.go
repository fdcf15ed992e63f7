package admin

import (
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2"
	dto "github.com/prometheus/client_model/go"

	"github.com/quorate/quorate/admin/api"
)

// detail returns what problems are found by, besides the figures of the node; nil while it
// does not run.
func (b *backend) detail() *api.NodeDetail {
	node, err := b.node()
	if err != nil {
		return nil
	}
	return &api.NodeDetail{
		Repair: repairOf(node), Sees: gossipOf(node).Nodes[0].Sees,
		SyncMillis: float64(b.syncs.get()) / float64(time.Millisecond),
	}
}

// syncInterval is the time over which syncs of the store's log are averaged.
const syncInterval = 15 * time.Second

// syncTimes knows how long syncs of the store's log have taken lately.
type syncTimes struct {
	mu    sync.Mutex
	at    time.Time // when count and sum were read
	count uint64    // of syncs, since the store was opened
	sum   float64   // of their times, in nanoseconds
	mean  time.Duration
}

// get returns the mean time of a sync in the last whole interval; 0: there was none.
func (t *syncTimes) get() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.mean
}

// update reads the store's histogram, if the interval is over.
func (t *syncTimes) update(m *pebble.Metrics, now time.Time) {
	var read dto.Metric
	if m == nil || m.LogWriter.FsyncLatency == nil || m.LogWriter.FsyncLatency.Write(&read) != nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	count, sum := read.GetHistogram().GetSampleCount(), read.GetHistogram().GetSampleSum()
	switch {
	case count < t.count: // the store was opened anew
		t.mean = 0
	case now.Sub(t.at) < syncInterval:
		return
	case count == t.count:
		t.mean = 0
	case !t.at.IsZero():
		t.mean = time.Duration((sum - t.sum) / float64(count-t.count))
	}
	t.at, t.count, t.sum = now, count, sum
}
