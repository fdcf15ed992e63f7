package objectcache

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/cluster/core/ring"
)

// cached is one entry of the object cache.
type cached struct {
	address
	digest object.Digest // of key and object, if it exists
	exists bool          // else it is known that there is no such object
	object []byte        // encoded
}

// address is where an object belongs.
type address struct {
	partition ring.Partition
	term      uint32 // of the partition: see Cache
	hash      uint64
	key       []byte
}

// generation is an append-only store of cached entries: their bytes one behind
// another, and an open hash table of where they begin. Neither has pointers, so
// the garbage collector does not look into it, however much it holds.
//
// An entry is a header and then key and object, with room for the object to
// grow a little where it lies:
//
//	hash u64 | digest u64 | term u32 | partition u16 | state u8 | 0 | key length u32 | object length u32 | room u32
type generation struct {
	data    []byte
	buckets []uint64 // low half of the hash | offset + 1; 0: free
	used    int      // buckets

	slab   *slab // of this and other generations
	place  int   // of its part of the slab
	inSlab bool  // data lies there
}

const (
	entryHeader  = 36
	entryRound   = 16 // an object's counters and times grow by a byte now and then
	leastBuckets = 16
	bucketLen    = 8 // bytes
)

const (
	stateGone   = iota // the entry was forgotten
	stateAbsent        // there is no such object
	stateExists
)

// find returns the offset of an entry, or -1.
func (g *generation) find(at *address) int {
	if g.used == 0 {
		return -1
	}
	mask := len(g.buckets) - 1
	for i := int(at.hash) & mask; g.buckets[i] != 0; i = (i + 1) & mask {
		if uint32(g.buckets[i]>>32) != uint32(at.hash) {
			continue
		}
		offset := int(uint32(g.buckets[i])) - 1
		h := g.data[offset:]
		if binary.LittleEndian.Uint64(h) == at.hash && binary.LittleEndian.Uint32(h[16:]) == at.term &&
			ring.Partition(binary.LittleEndian.Uint16(h[20:])) == at.partition && h[22] != stateGone &&
			int(binary.LittleEndian.Uint32(h[24:])) == len(at.key) && bytes.Equal(h[entryHeader:entryHeader+len(at.key)], at.key) {
			return offset
		}
	}
	return -1
}

// at reads an entry; its object aliases the generation.
func (g *generation) at(offset int) (exists bool, digest object.Digest, encoded []byte) {
	h := g.data[offset:]
	from := entryHeader + int(binary.LittleEndian.Uint32(h[24:]))
	to := from + int(binary.LittleEndian.Uint32(h[28:]))
	return h[22] == stateExists, object.Digest(binary.LittleEndian.Uint64(h[8:])), h[from:to]
}

// overwrite changes an entry where it is, if there is room. The object may not
// lie in this generation.
func (g *generation) overwrite(offset int, c *cached) bool {
	h := g.data[offset:]
	if len(c.key)+len(c.object) > int(binary.LittleEndian.Uint32(h[32:])) {
		return false
	}
	h[22] = c.state()
	binary.LittleEndian.PutUint64(h[8:], uint64(c.digest))
	binary.LittleEndian.PutUint32(h[28:], uint32(len(c.object)))
	copy(h[entryHeader+len(c.key):], c.object)
	return true
}

func (g *generation) forget(offset int) { g.data[offset+22] = stateGone }

func (c *cached) state() byte {
	if c.exists {
		return stateExists
	}
	return stateAbsent
}

// size returns the bytes that an entry takes of a generation's data.
func (c *cached) size() int { return entryHeader + c.room() }

func (c *cached) room() int {
	return (len(c.key) + len(c.object) + entryRound) &^ (entryRound - 1)
}

// add appends an entry, which must not be there, unless that would take more
// bytes than limit.
func (g *generation) add(c *cached, limit int) bool {
	buckets := len(g.buckets)
	if g.used*4 >= buckets*3 {
		buckets = max(leastBuckets, 2*buckets)
	}
	need := len(g.data) + c.size()
	if need+bucketLen*buckets > limit {
		return false
	}
	if need > cap(g.data) || cap(g.data)+bucketLen*buckets > limit {
		g.grow(need, limit-bucketLen*buckets)
	}
	if buckets > len(g.buckets) {
		g.rehash(buckets)
	}
	g.insert(uint32(c.hash), len(g.data))
	g.data = binary.LittleEndian.AppendUint64(g.data, c.hash)
	g.data = binary.LittleEndian.AppendUint64(g.data, uint64(c.digest))
	g.data = binary.LittleEndian.AppendUint32(g.data, c.term)
	g.data = binary.LittleEndian.AppendUint16(g.data, uint16(c.partition))
	g.data = append(g.data, c.state(), 0)
	g.data = binary.LittleEndian.AppendUint32(g.data, uint32(len(c.key)))
	g.data = binary.LittleEndian.AppendUint32(g.data, uint32(len(c.object)))
	g.data = binary.LittleEndian.AppendUint32(g.data, uint32(c.room()))
	g.data = append(append(g.data, c.key...), c.object...)
	g.data = g.data[:need]
	return true
}

// grow changes the room for data, which must be at least need and at most most bytes. A
// generation that is likely to use most of its memory moves into its part of the slab.
func (g *generation) grow(need, most int) {
	room := min(max(2*cap(g.data), need), most)
	var grown []byte
	switch {
	case g.inSlab:
		g.data = g.data[:len(g.data):most]
		return
	case room > most/4:
		grown, g.inSlab = g.slab.at(g.place)[:len(g.data):most], true
		g.buckets = append(g.slab.buckets(g.place, len(g.buckets))[:0], g.buckets...)
	default:
		grown = make([]byte, len(g.data), room)
	}
	copy(grown, g.data)
	g.data = grown
}

func (g *generation) insert(tag uint32, offset int) {
	mask := len(g.buckets) - 1
	i := int(tag) & mask
	for g.buckets[i] != 0 {
		i = (i + 1) & mask
	}
	g.buckets[i] = uint64(tag)<<32 | uint64(offset+1)
	g.used++
}

func (g *generation) rehash(buckets int) {
	old := g.buckets
	if g.used = 0; g.inSlab {
		old = slices.Clone(old) // the new table lies over it
		g.buckets = g.slab.buckets(g.place, buckets)
		clear(g.buckets)
	} else {
		g.buckets = make([]uint64, buckets)
	}
	for _, s := range old {
		if s != 0 {
			g.insert(uint32(s>>32), int(uint32(s))-1)
		}
	}
}

// empty forgets everything and keeps the memory.
func (g *generation) empty() {
	clear(g.buckets)
	g.data, g.used = g.data[:0], 0
}

// bytes returns the memory that the generation holds.
func (g *generation) bytes() int64 {
	if g.inSlab {
		return int64(g.slab.part)
	}
	return int64(cap(g.data)) + bucketLen*int64(len(g.buckets))
}
