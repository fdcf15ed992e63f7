package number

import (
	"errors"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// Redis adds in x86's long double and prints with "%.17Lf", less the trailing
// zeros. A big.Float of 64 bits of mantissa rounds as that type does, so sums come
// out the same to the last digit, on every architecture.
const (
	longDoubleBits   = 64
	longDoubleMaxExp = 16384  // the exponent of the first power of two too large
	longDoubleMinExp = -16446 // of the largest power of two that is rounded to zero
	floatDecimals    = 17

	maxFloatLen      = 5*1024 - 1 // of the text of a number, as in Redis
	maxFloatExponent = 12_000     // in decimal; further out than any text of that length can bring back
)

// Why two numbers have no sum.
var (
	ErrNotFloat  = errors.New("not a number")
	ErrNotFinite = errors.New("the sum is not a finite number")
)

var roundsToZero = new(big.Float).SetMantExp(big.NewFloat(1), longDoubleMinExp)

// AddFloats returns the sum of two numbers as Redis's INCRBYFLOAT writes it. The error is
// [ErrNotFloat] or [ErrNotFinite].
func AddFloats(a []byte, b string) ([]byte, error) {
	x, ok := parseFloat(string(a))
	if !ok {
		return nil, ErrNotFloat
	}
	y, ok := parseFloat(b)
	if !ok {
		return nil, ErrNotFloat
	}
	if x.IsInf() || y.IsInf() {
		return nil, ErrNotFinite
	}
	sum := new(big.Float).SetPrec(longDoubleBits).Add(x, y)
	if sum.MantExp(nil) > longDoubleMaxExp {
		return nil, ErrNotFinite
	}
	return formatFloat(sum), nil
}

// formatFloat writes f as Redis does, without trailing zeros.
func formatFloat(f *big.Float) []byte {
	text := f.Append(nil, 'f', floatDecimals)
	end := len(text)
	for text[end-1] == '0' {
		end--
	}
	if text[end-1] == '.' {
		end--
	}
	if text = text[:end]; string(text) == "-0" {
		return []byte("0")
	}
	return text
}

// parseFloat reads what strtold reads, but for NaN and for blanks, which Redis
// refuses, like a number too large or too small for a long double.
func parseFloat(text string) (*big.Float, bool) {
	if len(text) == 0 || len(text) > maxFloatLen {
		return nil, false
	}
	negative := text[0] == '-'
	body := text
	if negative || text[0] == '+' {
		body = text[1:]
	}
	if strings.EqualFold(body, "inf") || strings.EqualFold(body, "infinity") {
		return new(big.Float).SetInf(negative), true
	}
	n, ok := scanNumeral(body)
	if !ok {
		return nil, false
	}
	f := new(big.Float).SetPrec(longDoubleBits)
	if n.zero {
		if negative {
			f.Neg(f)
		}
		return f, true
	}
	if n.exponent < -4*maxFloatExponent || n.exponent > 4*maxFloatExponent ||
		!n.hex && (n.exponent < -maxFloatExponent || n.exponent > maxFloatExponent) {
		return nil, false // and no time spent on powers of that size
	}
	// Enough bits to hold the digits exactly, so that there is one rounding: the
	// last one, to a long double.
	exact := new(big.Float).SetPrec(uint(4*len(text) + 4*longDoubleBits))
	base := 10
	if n.hex {
		base = 0
	}
	if _, _, err := exact.Parse(body, base); err != nil {
		return nil, false
	}
	f.Set(exact)
	if f.MantExp(nil) > longDoubleMaxExp || f.Cmp(roundsToZero) <= 0 {
		return nil, false
	}
	if negative {
		f.Neg(f)
	}
	return f, true
}

// numeral holds what a text says before it is computed.
type numeral struct {
	hex      bool
	zero     bool
	exponent int // as written; far out ones are cut to ±math.MaxInt32
}

// scanNumeral checks the grammar of C's strtold: decimal digits with a point and
// an exponent of ten, or, after 0x, hexadecimal ones with an exponent of two.
func scanNumeral(s string) (n numeral, ok bool) {
	isDigit, mark := isDecimal, byte('e')
	if len(s) > 2 && s[0] == '0' && s[1]|0x20 == 'x' {
		n.hex, isDigit, mark = true, isHexadecimal, 'p'
		s = s[2:]
	}
	n.zero = true
	digits, points := 0, 0
	for ; len(s) > 0; s = s[1:] {
		if c := s[0]; c == '.' && points == 0 {
			points++
		} else if isDigit(c) {
			digits++
			n.zero = n.zero && c == '0'
		} else {
			break
		}
	}
	if digits == 0 {
		return n, false
	}
	if len(s) == 0 {
		return n, true
	}
	if s[0]|0x20 != mark || len(s) == 1 {
		return n, false
	}
	s = s[1:]
	unsigned := strings.TrimLeft(s[:1], "+-") + s[1:]
	for i := range len(unsigned) {
		if !isDecimal(unsigned[i]) {
			return n, false
		}
	}
	if unsigned == "" {
		return n, false
	}
	e, err := strconv.ParseInt(s, 10, 32)
	if err != nil { // the digits are sound: it is out of range, and e the nearest end
		e = max(e, -math.MaxInt32)
	}
	n.exponent = int(e)
	return n, true
}

func isDecimal(c byte) bool { return '0' <= c && c <= '9' }

func isHexadecimal(c byte) bool {
	return isDecimal(c) || 'a' <= c|0x20 && c|0x20 <= 'f'
}
