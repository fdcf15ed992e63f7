package message

import (
	"bytes"
	"slices"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/wire"
)

// Version is one event on a key, as the node remembers it that coordinated it: what its
// vector clock says happened before it, and what it made.
type Version struct {
	Dot       causal.Dot
	Past      causal.Context // what its writer had seen
	Time      causal.Timestamp
	Tombstone bool
	Expiry    int64  // unix milliseconds; 0: never
	Data      []byte // as much of the value as is remembered
	Length    int    // of the whole value, in bytes
}

// Saw reports whether the writer of v knew of an event.
func (v *Version) Saw(d causal.Dot) bool { return d != v.Dot && v.Past.Covers(d) }

// Parents returns the places, among versions of one key, of those that v followed
// directly: its writer had seen them, and had seen no other version whose writer had.
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

// Remembered reports whether versions of one key are all that ever were: whether every event
// that clock covers, or one of them or its writer knew of, is among them. An actor counts the
// events of a key from 1, so a number that is not there is an event that was forgotten.
func Remembered(clock causal.Vector, versions []Version) bool {
	newest := make(map[causal.Actor]causal.Counter)
	known := make(map[causal.Dot]bool)
	see := func(v causal.Vector) {
		for _, e := range v {
			newest[e.Actor] = max(newest[e.Actor], e.Counter)
		}
	}
	see(clock)
	for i := range versions {
		v := &versions[i]
		see(v.Past.Vector)
		newest[v.Dot.Actor] = max(newest[v.Dot.Actor], v.Dot.Counter)
		known[v.Dot] = true
	}
	events := causal.Counter(0)
	for _, counter := range newest {
		events += counter
	}
	return events == causal.Counter(len(known))
}

const (
	versionTombstone = 1 << 0
	versionOwn       = 1 << 1 // written by older nodes
	versionGaps      = 1 << 2
)

// Append appends the wire form of a version: flags u8 | node, epoch, counter u64 | [own
// dot of an older node, likewise] | time u64 | expiry u64 | past | [its gaps] | length
// uvarint | data.
func (v *Version) Append(dst []byte) []byte {
	var flags byte
	if v.Tombstone {
		flags |= versionTombstone
	}
	if len(v.Past.Gaps) > 0 {
		flags |= versionGaps
	}
	dst = appendDot(append(dst, flags), v.Dot)
	dst = wire.AppendUint64(dst, uint64(v.Time))
	dst = wire.AppendUint64(dst, uint64(v.Expiry))
	dst = v.Past.Vector.Append(dst)
	if len(v.Past.Gaps) > 0 {
		dst = v.Past.Gaps.Append(dst, v.Past.Vector)
	}
	dst = wire.AppendUvarint(dst, uint64(v.Length))
	return wire.AppendBytes(dst, v.Data)
}

// ReadVersion reads what [Version.Append] wrote.
func ReadVersion(r *wire.Reader) (v Version) {
	flags := r.Byte()
	v.Tombstone = flags&versionTombstone != 0
	v.Dot = readDot(r)
	var own causal.Dot
	if flags&versionOwn != 0 {
		own = readDot(r)
	}
	v.Time, v.Expiry = causal.Timestamp(r.Uint64()), int64(r.Uint64())
	v.Past = causal.ContextOf(causal.ReadVector(r, nil), own)
	if flags&versionGaps != 0 {
		v.Past.Gaps = causal.ReadGaps(r, v.Past.Vector, nil)
	}
	v.Length = int(r.Uvarint())
	v.Data = r.Bytes()
	return v
}

func appendDot(dst []byte, x causal.Dot) []byte {
	dst = wire.AppendUint64(dst, uint64(x.Actor.Node))
	dst = wire.AppendUint64(dst, uint64(x.Actor.Epoch))
	return wire.AppendUint64(dst, uint64(x.Counter))
}

func readDot(r *wire.Reader) (x causal.Dot) {
	x.Actor.Node, x.Actor.Epoch = causal.NodeID(r.Uint64()), causal.Epoch(r.Uint64())
	if x.Counter = causal.Counter(r.Uint64()); x.Counter > causal.MaxCounter {
		r.Fail()
	}
	return x
}

// Versions is what one node remembers of a key, the oldest event first.
type Versions struct {
	List     []Version
	Complete bool // it has forgotten no version of any key since it started; older nodes read it
}

// Append appends the wire form of a list of versions: complete u8 | count u32 | versions,
// each with the length of the whole value (uvarint) behind it.
func (l Versions) Append(dst []byte) []byte {
	var complete byte
	if l.Complete {
		complete = 1
	}
	dst = AppendCount(append(dst, complete), len(l.List))
	for _, v := range l.List {
		whole := v.Length
		v.Length = len(v.Data)
		dst = wire.AppendUvarint(v.Append(dst), uint64(whole))
	}
	return dst
}

// DecodeVersions reads what [Versions.Append] wrote. The result is the caller's own.
// Errors wrap [wire.ErrCorrupt].
func DecodeVersions(b []byte) (l Versions, err error) {
	r := wire.NewReader(b)
	l.Complete = r.Byte() == 1
	for range ReadCount(&r) {
		v := ReadVersion(&r)
		v.Length = int(r.Uvarint())
		if r.Failed() {
			break
		}
		v.Data = bytes.Clone(v.Data)
		l.List = append(l.List, v)
	}
	return l, r.Done("versions")
}
