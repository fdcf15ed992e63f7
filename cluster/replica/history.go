package replica

import (
	"bytes"
	"encoding/binary"
	"slices"
	"sync"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
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
			h.slots[h.next] = appendVersion(appendBytes(h.slots[h.next][:0], key), past, own, s)
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
		d := decoder{rest: h.slots[(h.next+i)%len(h.slots)]}
		if !bytes.Equal(d.bytes(), key) {
			continue
		}
		if v := d.version(); !d.bad {
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
	return appendBytes(dst, s.Data[:min(len(s.Data), historyData)])
}

func (d *decoder) version() (v Version) {
	flags := d.byte()
	v.Tombstone = flags&versionTombstone != 0
	v.Dot = d.dot()
	if flags&versionOwn != 0 {
		v.Own = d.dot()
	}
	v.Time, v.Expiry = causal.Timestamp(d.uint64()), int64(d.uint64())
	past, rest, err := causal.DecodeVector(d.rest)
	if err != nil {
		d.fail()
		return v
	}
	v.Past, d.rest = past, rest
	v.Length = int(d.uvarint())
	v.Data = d.bytes()
	return v
}

func appendDot(dst []byte, x causal.Dot) []byte {
	dst = binary.BigEndian.AppendUint64(dst, uint64(x.Actor.Node))
	dst = binary.BigEndian.AppendUint64(dst, uint64(x.Actor.Epoch))
	return binary.BigEndian.AppendUint64(dst, uint64(x.Counter))
}

func (d *decoder) dot() (x causal.Dot) {
	x.Actor.Node, x.Actor.Epoch = causal.NodeID(d.uint64()), causal.Epoch(d.uint64())
	x.Counter = causal.Counter(d.uint64())
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
	dst = AppendCount(dst, len(all))
	for i := range all {
		v := &all[i]
		dst = appendVersion(dst, v.Past, v.Own, &object.Sibling{Dot: v.Dot, Time: v.Time, Value: object.Value{Data: v.Data, Expiry: v.Expiry, Tombstone: v.Tombstone}})
		dst = binary.AppendUvarint(dst, uint64(v.Length))
	}
	return dst
}

// DecodeVersions is the inverse. Errors wrap [ErrMalformed].
func DecodeVersions(b []byte) (all []Version, complete bool, err error) {
	d := decoder{rest: b}
	complete = d.byte() == 1
	for range d.count() {
		v := d.version()
		v.Length = int(d.uvarint())
		v.Data = bytes.Clone(v.Data)
		all = append(all, v)
	}
	return all, complete, d.done("versions")
}
