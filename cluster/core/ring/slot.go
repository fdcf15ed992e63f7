package ring

import (
	"bytes"
	"math/bits"
)

// Slot is a Redis Cluster hash slot, below [Slots].
type Slot uint16

// Slots is the number of hash slots, fixed by the Redis Cluster specification.
const Slots = 16384

// Partition is one of Q equal arcs of the slot ring, and the position of one
// token: partition p's token owner is the first node of p's preference list.
type Partition uint16

// SlotOf returns the hash slot of key: CRC16 (XMODEM) of the key, or of its hash
// tag (the bytes between the first '{' and the first '}' after it, unless
// that is empty), modulo [Slots].
func SlotOf(key []byte) Slot {
	if open := bytes.IndexByte(key, '{'); open >= 0 {
		if n := bytes.IndexByte(key[open+1:], '}'); n > 0 {
			key = key[open+1 : open+1+n]
		}
	}
	return Slot(crc16(key) % Slots)
}

// PartitionOf returns the partition that slot s lies in, of q. q is a power of
// two, at most [Slots]: partitions are equal runs of consecutive slots.
func PartitionOf(s Slot, q int) Partition {
	return Partition(s >> slotShift(q))
}

// slotShift turns the division of a slot by Slots/q into a shift.
func slotShift(q int) uint {
	return uint(bits.TrailingZeros(Slots) - bits.TrailingZeros(uint(q)))
}

// SlotRange returns the first and the last slot of p, of q partitions.
func SlotRange(p Partition, q int) (first, last Slot) {
	shift := slotShift(q)
	return Slot(p) << shift, Slot(p)<<shift + Slot(1)<<shift - 1
}

// crc16 is CRC-16/XMODEM: polynomial 0x1021, initial value 0, not reflected.
// Two bytes are folded per step: the second table holds the first one's values
// carried on over a zero byte.
func crc16(b []byte) uint16 {
	var crc uint16
	for len(b) >= 2 {
		crc ^= uint16(b[0])<<8 | uint16(b[1])
		crc = crcTables[1][crc>>8] ^ crcTables[0][crc&0xff]
		b = b[2:]
	}
	if len(b) == 1 {
		crc = crc<<8 ^ crcTables[0][byte(crc>>8)^b[0]]
	}
	return crc
}

var crcTables = makeCRCTables()

func makeCRCTables() (t [2][256]uint16) {
	for i := range 256 {
		crc := uint16(i) << 8
		for range 8 {
			if crc&0x8000 != 0 {
				crc = crc<<1 ^ 0x1021
			} else {
				crc <<= 1
			}
		}
		t[0][i] = crc
	}
	for i := range 256 {
		crc := t[0][i]
		t[1][i] = crc<<8 ^ t[0][crc>>8]
	}
	return t
}
