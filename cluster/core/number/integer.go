package number

import "math"

// ParseInt reads a decimal int64 as strictly as Redis: no plus sign, no
// leading zero, no blanks, no "-0", and not nothing.
func ParseInt(b []byte) (int64, bool) {
	if len(b) == 0 || len(b) > len("-9223372036854775808") {
		return 0, false
	}
	digits, negative := b, b[0] == '-'
	if negative {
		digits = b[1:]
	}
	n, ok := ParseUint(digits)
	switch {
	case !ok:
		return 0, false
	case !negative:
		return int64(n), n <= math.MaxInt64
	case n == 0 || n > 1<<63:
		return 0, false
	}
	return -int64(n), true
}

// ParseUint is ParseInt for a uint64.
func ParseUint(b []byte) (uint64, bool) {
	if len(b) == 0 || len(b) > 20 || b[0] == '0' && len(b) > 1 {
		return 0, false
	}
	var n uint64
	for _, c := range b {
		d := uint64(c - '0')
		if d > 9 || n > (math.MaxUint64-d)/10 {
			return 0, false
		}
		n = n*10 + d
	}
	return n, true
}
