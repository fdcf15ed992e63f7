package replica

import (
	"slices"
	"time"

	"github.com/quorate/quorate/cluster/core/message"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
)

// exchange is one frame to one peer by one of its lanes, and the record of what it asked.
type exchange struct {
	f     *wave
	to    ring.NodeID
	lane  peer.Lane
	kind  peer.Kind
	items []exchangeItem
	body  []byte // room for header and count, then the items
	tail  []byte // the end of the last item, which other frames may share; nothing follows it
	owns  bool   // the answer's body is this node's own

	begun   time.Time // forward: when the first item came in
	scratch []byte
}

type exchangeItem struct {
	op    int
	place int         // of the asked node in the op's walk, or among the others behind it
	hint  ring.NodeID // writes: whom it stands in for, or 0
	round uint8       // writes: of the op
	tries uint8       // writes: how often the node was sent the delta again
}

// outbox has the frames of a wave that are being filled. The wave's mutex guards it.
type outbox struct {
	filling []*exchange
	taken   []*exchange   // what the driver has taken out last
	longest time.Duration // how long the slowest of those asked may take

	all   []*exchange // made so far
	inUse int         // the first of all
}

// to returns the frame of a kind being filled for a peer of the wave, and for the lane of
// an op's partition.
func (b *outbox) to(o *op, id ring.NodeID, kind peer.Kind) *exchange {
	f := o.f
	lane := peer.Lane(int(o.p) % f.c.cfg.Lanes)
	for _, x := range b.filling {
		if x.to == id && x.kind == kind && x.lane == lane && x.tail == nil {
			return x
		}
	}
	if b.inUse == len(b.all) {
		b.all = append(b.all, &exchange{f: f})
	}
	x := b.all[b.inUse]
	b.inUse++
	x.to, x.lane, x.kind = id, lane, kind
	x.body = slices.Grow(x.body[:0], 256)[:headerLen(kind)]
	f.users.Add(1)
	b.filling = append(b.filling, x)
	b.longest = max(b.longest, f.c.cfg.Channel.WaitTime(id))
	return x
}

// empty reports whether no frame is being filled.
func (b *outbox) empty() bool { return len(b.filling) == 0 }

// take takes out the filled frames, which stay valid until the next take. The driver
// calls it.
func (b *outbox) take() []*exchange {
	b.filling, b.taken = b.taken[:0], b.filling
	return b.taken
}

// reset makes b as new, but for memory that it keeps.
func (b *outbox) reset() {
	for _, x := range b.all[:b.inUse] {
		x.items, x.tail, x.owns = x.items[:0], nil, false
		if cap(x.body) > mostBody {
			x.body = nil
		}
	}
	b.inUse, b.longest, b.filling = 0, 0, b.filling[:0]
}

// send sends frames. The driver calls it, without the mutex: a frame that cannot be
// sent is completed at once.
func (f *wave) send(frames []*exchange) {
	for _, x := range frames {
		f.c.cfg.Channel.SendLane(x.to, x.lane, x.kind, peer.Body{Head: x.seal(), Tail: x.tail}, x)
	}
}

// sharedTail is from how many bytes on the end of an item is not copied into its frame.
const sharedTail = 32 << 10

// wakeLocked wakes the driver if a stream's goroutine has made work for it.
func (f *wave) wakeLocked() {
	if f.mu.ready || !f.mu.outbox.empty() {
		f.signal()
	}
}

// seal sets what is known only when all items are in, and returns the body of the frame, less
// its tail.
func (x *exchange) seal() []byte {
	if x.kind == peer.Forward {
		message.AppendCount(x.forwardHeader().Append(x.body[:0]), len(x.items))
		return x.body
	}
	body, mark := x.body, x.f.c.cfg.Store.Clears().Mark()
	if mark == 0 {
		body = body[message.MarkLen:]
	}
	message.AppendHead(body[:0], len(x.items), mark)
	return body
}

// headerLen is the room kept before the first item.
func headerLen(kind peer.Kind) int {
	if kind == peer.Forward {
		return message.ForwardHeaderLen + message.CountLen
	}
	return message.CountLen + message.MarkLen
}

// Announce notes that a large answer is arriving.
func (x *exchange) Announce(size int) {
	x.f.mu.Lock()
	defer x.f.mu.Unlock()
	x.owns = true
	for _, it := range x.items {
		if o := &x.f.mu.ops[it.op]; !x.f.mu.finished && o.phase == phaseRead {
			o.moves(size)
		}
	}
}

// Complete takes a peer's reply, or the failure to get one.
func (x *exchange) Complete(_ ring.NodeID, body []byte, err error) {
	switch x.kind {
	case peer.Read:
		x.completeRead(body, err)
	case peer.Write, peer.Delta:
		x.completeWrite(body, err)
	default:
		x.completeForward(body, err)
	}
	x.f.leave()
}
