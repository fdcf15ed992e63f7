package antientropy

import (
	"bytes"
	"iter"
	"math/bits"

	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/engine"
)

// The shape of a partition's Merkle tree, which every node must agree on: the
// leaf of a key is the top ten bits of its 32-bit hash, and keys are stored in
// the order of that hash, so that a leaf is one contiguous range.
const (
	leafCount = engine.Leaves
	fanout    = 4
	leafLevel = 5 // level 0 is the root, level 5 the leaves: fanout^5 = leafCount
	leafShift = 32 - 10
)

// leafSet is a set of leaves of one partition, as a bitmap. Its size on the wire is
// fixed, so that no request can name more leaves than there are.
type leafSet [leafCount / 64]uint64

// everyLeaf returns the set of all leaves, for when no tree shows which differ.
func everyLeaf() (s leafSet) {
	for i := range s {
		s[i] = ^uint64(0)
	}
	return s
}

// addSubtree adds all leaves under node idx of level.
func (s *leafSet) addSubtree(level, idx int) {
	width := 1 << (2 * (leafLevel - level))
	for leaf := idx * width; leaf < (idx+1)*width; leaf++ {
		s[leaf/64] |= 1 << (leaf % 64)
	}
}

func (s *leafSet) has(leaf int) bool { return s[leaf/64]&(1<<(leaf%64)) != 0 }

func (s *leafSet) count() (n int) {
	for _, word := range s {
		n += bits.OnesCount64(word)
	}
	return n
}

// next returns the first member that is >= leaf, or leafCount.
func (s *leafSet) next(leaf int) int {
	for leaf < leafCount {
		if word := s[leaf/64] >> (leaf % 64); word != 0 {
			return leaf + bits.TrailingZeros64(word)
		}
		leaf = (leaf/64 + 1) * 64
	}
	return leafCount
}

// runEnd returns the first leaf after leaf that is not a member.
func (s *leafSet) runEnd(leaf int) int {
	for leaf < leafCount && s.has(leaf) {
		leaf++
	}
	return leaf
}

// cursor says how far a partition was read, in the order in which its keys are stored:
// just after the entry (hash, key), or, before any entry was seen, at the start of hash.
// The zero cursor is the start of the partition.
type cursor struct {
	hash uint32
	key  []byte
	past bool // (hash, key) itself lies behind
}

// before reports whether the entry (hash, key) still lies ahead of the cursor.
func (at cursor) before(hash uint32, key []byte) bool {
	if hash != at.hash {
		return hash > at.hash
	}
	return !at.past || bytes.Compare(key, at.key) > 0
}

// advance moves the cursor past (hash, key), whose bytes are copied.
func (at *cursor) advance(hash uint32, key []byte) {
	at.hash, at.key, at.past = hash, append(at.key[:0], key...), true
}

// scanner is what entriesOf needs of the engine.
type scanner interface {
	Scan(p ring.Partition, fromHash uint32) iter.Seq2[engine.Entry, error]
}

// entriesOf yields the objects in the leaves of set that lie ahead of at, in order.
// An entry is valid until the next one. It opens one scan for each run of
// neighbouring leaves, and skips runs that a scan has shown to be empty.
func entriesOf(s scanner, p ring.Partition, set *leafSet, at cursor) iter.Seq2[engine.Entry, error] {
	at.key = bytes.Clone(at.key) // callers advance theirs in place while they read on
	return func(yield func(engine.Entry, error) bool) {
		for leaf := set.next(int(at.hash >> leafShift)); leaf < leafCount; {
			end := set.runEnd(leaf)
			resume := leafCount // the scan ran dry: nothing is stored beyond
			for e, err := range s.Scan(p, max(uint32(leaf)<<leafShift, at.hash)) {
				if err != nil {
					yield(engine.Entry{}, err)
					return
				}
				if found := int(e.Hash >> leafShift); found >= end {
					resume = set.next(found)
					break
				}
				if at.before(e.Hash, e.Key) && !yield(e, nil) {
					return
				}
			}
			leaf = resume
		}
	}
}
