package replica

import (
	"slices"
	"time"

	"github.com/quorate/quorate/cluster/core/message"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/peer"
)

// exchange is one frame to one peer, and the record of what it asked.
type exchange struct {
	f     *wave
	to    ring.NodeID
	kind  peer.Kind
	items []exchangeItem
	body  []byte // room for header and count, then the items

	begun   time.Time // forward: when the first item came in
	scratch []byte
}

type exchangeItem struct {
	op    int
	place int         // of the asked node in the op's walk, or -1: does not count
	hint  ring.NodeID // writes: whom it stands in for, or 0
}

// toLocked returns the frame of a kind being filled for a peer.
func (f *wave) toLocked(id ring.NodeID, kind peer.Kind) *exchange {
	for _, x := range f.mu.outbox {
		if x.to == id && x.kind == kind {
			return x
		}
	}
	x := f.exchange()
	x.to, x.kind = id, kind
	x.body = slices.Grow(x.body[:0], 256)[:headerLen(kind)]
	f.users.Add(1)
	f.mu.outbox = append(f.mu.outbox, x)
	f.mu.longest = max(f.mu.longest, f.c.cfg.Channel.WaitTime(id))
	return x
}

// takeLocked takes the filled frames out of the outbox. The driver calls it.
func (f *wave) takeLocked() (frames []*exchange) {
	frames, f.mu.outbox = f.mu.outbox, f.sending[:0]
	f.sending = frames
	return frames
}

// send sends frames. The driver calls it, without the mutex: a frame that cannot be
// sent is completed at once.
func (f *wave) send(frames []*exchange) {
	for _, x := range frames {
		x.seal()
		f.c.cfg.Channel.Send(x.to, peer.Foreground, x.kind, x.body, x)
	}
}

// wakeLocked wakes the driver if a stream's goroutine has made work for it.
func (f *wave) wakeLocked() {
	if f.mu.ready || len(f.mu.outbox) > 0 {
		f.signal()
	}
}

// seal sets what is known only when all items are in.
func (x *exchange) seal() {
	head := x.body[:0]
	if x.kind == peer.Forward {
		head = x.forwardHeader().Append(head)
	}
	message.AppendCount(head, len(x.items))
}

// headerLen is the room kept before the first item.
func headerLen(kind peer.Kind) int {
	if kind == peer.Forward {
		return message.ForwardHeaderLen + message.CountLen
	}
	return message.CountLen
}

// Complete takes a peer's reply, or the failure to get one.
func (x *exchange) Complete(_ ring.NodeID, body []byte, err error) {
	switch x.kind {
	case peer.Read:
		x.completeRead(body, err)
	case peer.Write:
		x.completeWrite(body, err)
	default:
		x.completeForward(body, err)
	}
	x.f.leave()
}
