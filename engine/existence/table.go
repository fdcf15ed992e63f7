package existence

import (
	"math/bits"
	"sync/atomic"

	"github.com/quorate/quorate/cluster/core/ring"
)

const (
	blockWords = 8   // 64 bytes: one cache line
	blockBits  = 512 // of blockWords words
	blockBytes = 64

	// keyBits is how many bits a key sets, which is best for bitsPerKey.
	keyBits = 6
	// bitsPerKey is how many bits there are for each key in a table that is full.
	bitsPerKey = 10
)

// table is a Bloom filter of a fixed size. Bits are only ever set.
type table struct {
	words    []atomic.Uint64 // a power of two of blocks
	shift    uint            // of a mixed hash, so that the index of its block remains
	capacity int64           // keys

	_    [64]byte // readers do not wait for the counter's cache line
	keys atomic.Int64
}

func newTable(blocks int64) *table {
	return &table{
		words:    make([]atomic.Uint64, blocks*blockWords),
		shift:    uint(64 - bits.TrailingZeros64(uint64(blocks))),
		capacity: capacityOf(blocks),
	}
}

func capacityOf(blocks int64) int64 { return blocks * blockBits / bitsPerKey }

func (t *table) bytes() int64 { return int64(len(t.words)) / blockWords * blockBytes }

// mixedHash spreads a partition and the hash of a key over 64 bits. The engine uses the upper
// bits of a key's hash for its place and its stripe, and keys of one partition may be alike.
func mixedHash(p ring.Partition, hash uint64) uint64 {
	high, low := bits.Mul64(hash^(uint64(p)+1)*0x9e3779b97f4a7c15, 0xd6e8feb86659fd93)
	return high ^ low
}

// block returns the block of a key, and the places of its bits: nine bits each, from the top.
func (t *table) block(mixed uint64) (block []atomic.Uint64, places uint64) {
	first := mixed >> t.shift * blockWords
	return t.words[first : first+blockWords : first+blockWords], mixed * 0xff51afd7ed558ccd
}

// add adds a key. It returns how many keys there are if that set a bit, and 0 if the key was
// there, or seemed to be.
func (t *table) add(mixed uint64) (keys int64) {
	block, places := t.block(mixed)
	added := false
	for range keyBits {
		word, bit := &block[places>>61], uint64(1)<<(places>>55&63)
		if word.Load()&bit == 0 && word.Or(bit)&bit == 0 {
			added = true
		}
		places <<= 9
	}
	if !added {
		return 0
	}
	return t.keys.Add(1)
}

// contains reports whether a key may have been added.
func (t *table) contains(mixed uint64) bool {
	block, places := t.block(mixed)
	for range keyBits {
		if block[places>>61].Load()>>(places>>55&63)&1 == 0 {
			return false
		}
		places <<= 9
	}
	return true
}
