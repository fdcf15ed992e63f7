package hyperloglog

import (
	"encoding/binary"
	"math/bits"
)

const (
	indexBits = 14
	registers = 1 << indexBits
	restBits  = 64 - indexBits // of a hash, below which the zeros are counted
	greatest  = restBits + 1   // value of a register
)

// Registers are those of one value.
type Registers [registers]uint8

// Observation is what one element does to the registers.
type Observation struct {
	Register uint16
	Rank     uint8 // the position of the first 1 bit in the rest of the hash, 1 to 51
}

// Observe returns the observation of an element.
func Observe(element []byte) Observation {
	h := hash(element)
	rest := h>>indexBits | 1<<restBits // a 1 that is found at last
	return Observation{Register: uint16(h % registers), Rank: uint8(bits.TrailingZeros64(rest) + 1)}
}

// Add takes an observation in, and reports whether that changed a register.
func (r *Registers) Add(o Observation) bool {
	if r[o.Register] >= o.Rank {
		return false
	}
	r[o.Register] = o.Rank
	return true
}

// Join takes in all that another value has observed.
func (r *Registers) Join(other *Registers) {
	for i, rank := range other {
		r[i] = max(r[i], rank)
	}
}

// Observations returns what the registers hold, as observations.
func (r *Registers) Observations() []Observation {
	var all []Observation
	for i, rank := range r {
		if rank > 0 {
			all = append(all, Observation{Register: uint16(i), Rank: rank})
		}
	}
	return all
}

// hash is MurmurHash64A of Austin Appleby with the seed that Redis uses, over
// little-endian words.
func hash(data []byte) uint64 {
	const (
		seed  = 0xadc83b19
		mix   = 0xc6a4a7935bd1e995
		shift = 47
	)
	h := seed ^ uint64(len(data))*mix
	for ; len(data) >= 8; data = data[8:] {
		k := binary.LittleEndian.Uint64(data) * mix
		k ^= k >> shift
		h = (h ^ k*mix) * mix
	}
	if len(data) > 0 {
		var tail [8]byte
		copy(tail[:], data)
		h = (h ^ binary.LittleEndian.Uint64(tail[:])) * mix
	}
	h ^= h >> shift
	h *= mix
	return h ^ h>>shift
}
