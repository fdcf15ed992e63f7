package dump

// Bytes that Redis has compressed (LZF, of Marc Lehmann's liblzf) are runs. A run begins with a
// byte:
//
//	000 nnnnn                       the n+1 bytes that follow, as they are
//	lll ooooo, [length], offset     l+2 bytes that stand o+1 before: o is 13 bits, the last 8 of
//	                                them in the last byte; where l is 7, the byte length is added
const (
	mostLiteral = 1 << 5
	longMatch   = 7
	leastMatch  = 2

	// mostOfByte is how many bytes one compressed byte stands for, at most: a match has 3 bytes,
	// and stands for up to 264.
	mostOfByte = 88
)

// decompress returns the bytes, of which there must be size, that packed stands for.
func decompress(packed []byte, size int) (data []byte, ok bool) {
	if size > len(packed)*mostOfByte {
		return nil, false
	}
	data = make([]byte, 0, size)
	for len(packed) > 0 {
		control := int(packed[0])
		packed = packed[1:]
		if control < mostLiteral {
			n := control + 1
			if n > len(packed) || n > size-len(data) {
				return nil, false
			}
			data, packed = append(data, packed[:n]...), packed[n:]
			continue
		}
		n := control >> 5
		if n == longMatch && len(packed) > 0 {
			n, packed = n+int(packed[0]), packed[1:]
		}
		if n += leastMatch; len(packed) == 0 || n > size-len(data) {
			return nil, false
		}
		from := len(data) - (control&(mostLiteral-1)<<8 | int(packed[0])) - 1
		if packed = packed[1:]; from < 0 {
			return nil, false
		}
		for range n { // byte by byte: what is copied may go on in what it makes
			data = append(data, data[from])
			from++
		}
	}
	return data, len(data) == size
}
