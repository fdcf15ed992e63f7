package wire

import "hash/crc32"

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// ChecksumLen is the length of an encoded checksum in bytes.
const ChecksumLen = 4

// Checksum returns the CRC-32C of the parts, one after the other.
func Checksum(parts ...[]byte) (sum uint32) {
	for _, part := range parts {
		for len(part) > Piece {
			sum, part = crc32.Update(sum, castagnoli, part[:Piece]), part[Piece:]
		}
		sum = crc32.Update(sum, castagnoli, part)
	}
	return sum
}
