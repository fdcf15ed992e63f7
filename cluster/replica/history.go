package replica

import (
	"bytes"
	"sync"

	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/message"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/core/wire"
)

// History is what nodes remember of how a key came about.
type History struct {
	Versions []message.Version //  the oldest first
	Missing  []ring.NodeID     // members that did not answer in time
}

// Bounds of what a node remembers of the past of keys; the whole is under 3 MiB.
const (
	historyLen  = 4096 // events
	historyData = 256  // bytes of each value
	historyKey  = 256  // bytes; longer keys have no history
)

// history remembers the newest events that this node coordinated, whatever
// their keys, for people who want to see how a value came about. It is a ring of
// buffers that are written over: recording allocates nothing in the long run.
type history struct {
	mu     sync.Mutex
	events [][]byte // key | version
	next   int
}

// record remembers an event on a key. It copies what it keeps.
func (h *history) record(key []byte, e *register.Event) {
	if len(key) > historyKey {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.events) < historyLen {
		h.events = append(h.events, nil)
	}
	v := message.Version{
		Dot: e.Dot, Past: e.Past, Time: e.Time, Tombstone: e.Value.Tombstone, Expiry: e.Value.Expiry,
		Data: e.Value.Data[:min(len(e.Value.Data), historyData)], Length: len(e.Value.Data),
	}
	h.events[h.next] = v.Append(wire.AppendBytes(h.events[h.next][:0], key))
	h.next = (h.next + 1) % historyLen
}

// of returns what is remembered of a key, the oldest first.
func (h *history) of(key []byte) (all []message.Version) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range h.events {
		d := wire.NewReader(h.events[(h.next+i)%len(h.events)])
		if !bytes.Equal(d.Bytes(), key) {
			continue
		}
		if v := message.ReadVersion(&d); !d.Failed() {
			v.Data = bytes.Clone(v.Data)
			all = append(all, v)
		}
	}
	return all
}

// full reports whether older events may have been forgotten.
func (h *history) full() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.events) == historyLen
}

// Versions returns the events on a key that this node coordinated and still
// remembers.
func (c *Coordinator) Versions(key []byte) message.Versions {
	return message.Versions{List: c.history.of(key), Complete: !c.history.full()}
}
