package replica

import (
	"bytes"
	"encoding/binary"
	"slices"
	"sync"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/message"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/core/wire"
)

// Version is one event on a key that this node coordinated: what its vector
// clock says happened before it, and what it made.
type Version struct {
	Dot       causal.Dot
	Past      causal.Vector // what its writer had seen
	Own       causal.Dot    // and its writer's own last event, if Past does not cover it
	Time      causal.Timestamp
	Tombstone bool
	Expiry    int64  // unix milliseconds; 0: never
	Data      []byte // as much of the value as is remembered
	Length    int    // of the whole value, in bytes
}

// History is what nodes remember of how a key came about.
type History struct {
	Versions []Version     // the oldest first
	Complete bool          // nobody who answered has forgotten anything
	Missing  []ring.NodeID // members that did not answer in time
}

// Saw says whether the writer of v knew of an event.
func (v *Version) Saw(d causal.Dot) bool { return d != v.Dot && (v.Past.Covers(d) || d == v.Own) }

// Parents are the places, among versions of one key, of those that v followed
// directly: which its writer had seen, and no other that it had seen had seen.
func Parents(v *Version, all []Version) (parents []int) {
	for i := range all {
		if !v.Saw(all[i].Dot) {
			continue
		}
		hidden := slices.ContainsFunc(all, func(w Version) bool { return v.Saw(w.Dot) && w.Saw(all[i].Dot) })
		if !hidden {
			parents = append(parents, i)
		}
	}
	return parents
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
	mu    sync.Mutex
	slots [][]byte // key | version, see append
	next  int
}

// record remembers the event that made next. It copies what it keeps.
func (h *history) record(key []byte, past causal.Vector, own causal.Dot, next *object.Object, dot causal.Dot) {
	if len(key) > historyKey {
		return
	}
	for i := range next.Siblings {
		if s := &next.Siblings[i]; s.Dot == dot {
			h.mu.Lock()
			if len(h.slots) < historyLen {
				h.slots = append(h.slots, nil)
			}
			h.slots[h.next] = appendVersion(wire.AppendBytes(h.slots[h.next][:0], key), past, own, s)
			h.next = (h.next + 1) % historyLen
			h.mu.Unlock()
			return
		}
	}
}

// of returns what is remembered of a key, the oldest first.
func (h *history) of(key []byte) (all []Version) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range h.slots {
		d := wire.NewReader(h.slots[(h.next+i)%len(h.slots)])
		if !bytes.Equal(d.Bytes(), key) {
			continue
		}
		if v := readVersion(&d); !d.Failed() {
			v.Data = bytes.Clone(v.Data)
			all = append(all, v)
		}
	}
	return all
}

// full says that older events may have been forgotten.
func (h *history) full() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.slots) == historyLen
}

const (
	versionTombstone = 1 << 0
	versionOwn       = 1 << 1
)

// appendVersion encodes a version: flags u8 | node, epoch, counter u64 | [own,
// likewise] | time u64 | expiry u64 | past | length uvarint | data.
func appendVersion(dst []byte, past causal.Vector, own causal.Dot, s *object.Sibling) []byte {
	var flags byte
	if s.Tombstone {
		flags |= versionTombstone
	}
	if own != (causal.Dot{}) {
		flags |= versionOwn
	}
	dst = appendDot(append(dst, flags), s.Dot)
	if own != (causal.Dot{}) {
		dst = appendDot(dst, own)
	}
	dst = binary.BigEndian.AppendUint64(dst, uint64(s.Time))
	dst = binary.BigEndian.AppendUint64(dst, uint64(s.Expiry))
	dst = past.Append(dst)
	dst = binary.AppendUvarint(dst, uint64(len(s.Data)))
	return wire.AppendBytes(dst, s.Data[:min(len(s.Data), historyData)])
}

func readVersion(d *wire.Reader) (v Version) {
	flags := d.Byte()
	v.Tombstone = flags&versionTombstone != 0
	v.Dot = readDot(d)
	if flags&versionOwn != 0 {
		v.Own = readDot(d)
	}
	v.Time, v.Expiry = causal.Timestamp(d.Uint64()), int64(d.Uint64())
	v.Past = causal.ReadVector(d, nil)
	v.Length = int(d.Uvarint())
	v.Data = d.Bytes()
	return v
}

func appendDot(dst []byte, x causal.Dot) []byte {
	dst = binary.BigEndian.AppendUint64(dst, uint64(x.Actor.Node))
	dst = binary.BigEndian.AppendUint64(dst, uint64(x.Actor.Epoch))
	return binary.BigEndian.AppendUint64(dst, uint64(x.Counter))
}

func readDot(d *wire.Reader) (x causal.Dot) {
	x.Actor.Node, x.Actor.Epoch = causal.NodeID(d.Uint64()), causal.Epoch(d.Uint64())
	x.Counter = causal.Counter(d.Uint64())
	return x
}

// Versions returns the events on a key that this node coordinated and still
// remembers, the oldest first; complete says that it has forgotten none since it
// started.
func (c *Coordinator) Versions(key []byte) (all []Version, complete bool) {
	return c.history.of(key), !c.history.full()
}

// AppendVersions encodes what Versions returned, for a peer.
func AppendVersions(dst []byte, all []Version, complete bool) []byte {
	dst = append(dst, 0)
	if complete {
		dst[len(dst)-1] = 1
	}
	dst = message.AppendCount(dst, len(all))
	for i := range all {
		v := &all[i]
		dst = appendVersion(dst, v.Past, v.Own, &object.Sibling{Dot: v.Dot, Time: v.Time, Value: object.Value{Data: v.Data, Expiry: v.Expiry, Tombstone: v.Tombstone}})
		dst = binary.AppendUvarint(dst, uint64(v.Length))
	}
	return dst
}

// DecodeVersions is the inverse. Errors wrap [wire.ErrCorrupt].
func DecodeVersions(b []byte) (all []Version, complete bool, err error) {
	d := wire.NewReader(b)
	complete = d.Byte() == 1
	for range message.ReadCount(&d) {
		v := readVersion(&d)
		v.Length = int(d.Uvarint())
		v.Data = bytes.Clone(v.Data)
		all = append(all, v)
	}
	return all, complete, d.Done("versions")
}
