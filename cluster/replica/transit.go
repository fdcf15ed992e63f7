package replica

import (
	"math"
	"sync"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/message"
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
// The first frame of a life may be late itself. So its sender is asked how long it has been
// running (see [Coordinator.measure]). The sender answers after it was asked, so the
// difference between its answer and when it was asked is no greater than that of any frame.
// A frame of a node that cannot be asked yet counts as late, and one of an old node, which
// does not know the question, as punctual.
//
// The smallest difference is taken anew every [transitSpan], because monotonic clocks drift,
// and one that stood still while its machine was suspended has jumped for good.
type transits struct {
	mu sync.Mutex
	of map[ring.NodeID]*transit
}

// transitSpan is how long the smallest difference holds.
const transitSpan = 10 * time.Second

// transit is what is known of the frames of one node.
type transit struct {
	life     causal.Life
	floor    time.Duration // the smallest difference of the last span, and of this one; or less
	smallest time.Duration // of this span
	since    time.Duration // when this span began: how long this node had been running
}

// asked records how long the life of a node had lasted when this node, which had been
// running for begun then, or a little longer, had asked it. The answer arrived at end.
func (t *transits) asked(from ring.NodeID, a message.Age, begun, end time.Duration) {
	least := begun - a.Age
	t.mu.Lock()
	defer t.mu.Unlock()
	if n := t.of[from]; n != nil && n.life == a.Life {
		n.floor = max(n.floor, least)
		return
	}
	t.setLocked(from, &transit{life: a.Life, floor: least, smallest: math.MaxInt64, since: end})
}

// knows reports whether the frames of a node's life are measured.
func (t *transits) knows(from ring.NodeID, life causal.Life) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := t.of[from]
	return n != nil && n.life == life
}

func (t *transits) setLocked(from ring.NodeID, n *transit) {
	if t.of == nil {
		t.of = make(map[ring.NodeID]*transit)
	}
	t.of[from] = n
}

// lateness returns how late a frame is that was begun when the life of its sender had
// lasted for sent, and arrived when this node had been running for arrived. It is not
// measured for the first frame of an old node's life.
func (t *transits) lateness(from ring.NodeID, life causal.Life, sent, arrived time.Duration) (late time.Duration, measured bool) {
	took := arrived - sent
	t.mu.Lock()
	defer t.mu.Unlock()
	n := t.of[from]
	if n == nil || n.life != life {
		t.setLocked(from, &transit{life: life, floor: took, smallest: took, since: arrived})
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
