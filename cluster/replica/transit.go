package replica

import (
	"sync"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/ring"
)

// transits measures how late the frames of other nodes are, without comparing clocks.
//
// Each frame says how long its sender had been running when it began the frame. The
// difference between that and how long this node has been running is the same for all
// frames that take equally long, whatever the two wall clocks say. So a frame is as late
// as its difference is above the smallest one that was seen of the same life of the
// sender. Time counts that the frame spent in the buffers of either process while that
// was frozen, and in the network.
//
// The first frame of a life counts as punctual. The smallest difference is taken anew
// every [transitSpan], because monotonic clocks drift, and one that stood still while
// its machine was suspended has jumped for good.
type transits struct {
	mu sync.Mutex
	of map[ring.NodeID]*transit
}

// transitSpan is how long the smallest difference holds.
const transitSpan = 10 * time.Second

// transit is what is known of the frames of one node.
type transit struct {
	life     causal.Life
	floor    time.Duration // the smallest difference of the last span, and of this one
	smallest time.Duration // of this span
	since    time.Duration // when this span began: how long this node had been running
}

// lateness returns how late a frame is that was begun when the life of its sender had
// lasted for sent, and arrived when this node had been running for arrived. It is not
// measured for the first frame of a life.
func (t *transits) lateness(from ring.NodeID, life causal.Life, sent, arrived time.Duration) (late time.Duration, measured bool) {
	took := arrived - sent
	t.mu.Lock()
	defer t.mu.Unlock()
	n := t.of[from]
	if n == nil || n.life != life {
		if t.of == nil {
			t.of = make(map[ring.NodeID]*transit)
		}
		t.of[from] = &transit{life: life, floor: took, smallest: took, since: arrived}
		return 0, false
	}
	n.smallest = min(n.smallest, took)
	n.floor = min(n.floor, took)
	late = took - n.floor
	if arrived-n.since >= transitSpan {
		n.floor, n.smallest, n.since = n.smallest, took, arrived
	}
	return late, true
}
