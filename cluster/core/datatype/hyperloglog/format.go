package hyperloglog

import (
	"bytes"
	"errors"
)

// A value is a header and the registers. The header is "HYLL", the encoding, three unused
// bytes, and an estimate in eight bytes that is out of date if the top bit of its last byte
// is set. A node that shows a value counts its registers anyway, so we always set that bit.
//
// Dense, the registers are 6 bits each, from the least significant bit on. Sparse, they are
// runs:
//
//	00xxxxxx            1 to 64 empty registers
//	01xxxxxx xxxxxxxx   1 to 16,384 empty registers
//	1vvvvvxx            1 to 4 registers of the value 1 to 32
const (
	magic      = "HYLL"
	headerSize = 16
	staleAt    = headerSize - 1
	stale      = 0x80

	dense  = 0
	sparse = 1

	denseSize      = headerSize + registers*6/8
	sparseMost     = headerSize + 3000 // Redis's default of hll-sparse-max-bytes
	sparseGreatest = 32                // value of a register

	shortRun = 64
	valueRun = 4
)

// ErrNotHyperLogLog is returned for a value that does not begin as one of the type.
// ErrCorrupt is returned for one that does, and whose registers cannot be read.
var (
	ErrNotHyperLogLog = errors.New("value is not a HyperLogLog")
	ErrCorrupt        = errors.New("registers of a HyperLogLog cannot be read")
)

// Is reports whether data begins as a HyperLogLog does, and has the length of one.
func Is(data []byte) bool {
	if len(data) < headerSize || !bytes.HasPrefix(data, []byte(magic)) {
		return false
	}
	return data[4] == sparse || data[4] == dense && len(data) == denseSize
}

// Read reads the registers of a value. Errors are [ErrNotHyperLogLog] and [ErrCorrupt].
func (r *Registers) Read(data []byte) error {
	switch {
	case !Is(data):
		return ErrNotHyperLogLog
	case data[4] == dense:
		return r.readDense(data[headerSize:])
	default:
		return r.readSparse(data[headerSize:])
	}
}

func (r *Registers) readDense(data []byte) error {
	for i := range r {
		at := i * 6
		word := uint(data[at/8])
		if at/8+1 < len(data) {
			word |= uint(data[at/8+1]) << 8
		}
		r[i] = uint8(word >> (at % 8) & 63)
		if r[i] > greatest {
			return ErrCorrupt
		}
	}
	return nil
}

func (r *Registers) readSparse(data []byte) error {
	at := 0 // the next register
	for len(data) > 0 {
		first, run, rank := data[0], 0, uint8(0)
		data = data[1:]
		switch {
		case first&0x80 != 0:
			run, rank = int(first&3)+1, first>>2&31+1
		case first&0x40 == 0:
			run = int(first) + 1
		case len(data) == 0:
			return ErrCorrupt
		default:
			run = int(first&63)<<8 + int(data[0]) + 1
			data = data[1:]
		}
		if at+run > registers {
			return ErrCorrupt
		}
		for i := range run {
			r[at+i] = rank
		}
		at += run
	}
	if at != registers {
		return ErrCorrupt
	}
	return nil
}

// Append appends the value of the registers to dst: sparse where that is short enough and
// no register is too great for it, else dense.
func (r *Registers) Append(dst []byte) []byte {
	start := len(dst)
	dst = append(dst, magic...)
	dst = append(dst, make([]byte, headerSize-len(magic))...)
	dst[start+staleAt] = stale
	dst[start+4] = sparse
	if out, ok := r.appendSparse(dst, start+sparseMost); ok {
		return out
	}
	dst = dst[:start+headerSize]
	dst[start+4] = dense
	dst = append(dst, make([]byte, denseSize-headerSize)...)
	body := dst[start+headerSize:]
	for i, rank := range r {
		at := i * 6
		word := uint(rank) << (at % 8)
		body[at/8] |= byte(word)
		if word > 0xff {
			body[at/8+1] |= byte(word >> 8)
		}
	}
	return dst
}

// appendSparse appends the runs to dst. It returns false if dst would become longer than
// most, or if a register is too great.
func (r *Registers) appendSparse(dst []byte, most int) (out []byte, ok bool) {
	for at := 0; at < registers; {
		rank, end := r[at], at+1
		for end < registers && r[end] == rank {
			end++
		}
		if rank > sparseGreatest {
			return dst, false
		}
		for at < end {
			run := end - at
			switch {
			case rank > 0:
				run = min(run, valueRun)
				dst = append(dst, 0x80|(rank-1)<<2|byte(run-1))
			case run <= shortRun:
				dst = append(dst, byte(run-1))
			default:
				dst = append(dst, 0x40|byte((run-1)>>8), byte(run-1))
			}
			at += run
		}
		if len(dst) > most {
			return dst, false
		}
	}
	return dst, true
}
