package number

import (
	"math"
	"strconv"
	"strings"
)

// ParseDouble reads a float64 as Redis reads a score: what C's strtod reads, but for NaN and for
// blanks, and for a number too large or too small for the type.
func ParseDouble(text []byte) (f float64, ok bool) {
	f, exact, ok := scanDouble(string(text))
	if !ok || !exact {
		return 0, false
	}
	return f, true
}

// FormatDouble writes a float64 as Redis writes a score: with 17 digits, without zeros at the end,
// or as inf or -inf.
func FormatDouble(f float64) string {
	switch {
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	}
	return strconv.FormatFloat(f, 'g', 17, 64)
}

// NearestDouble reads a float64 as Redis reads the end of a range of scores: as ParseDouble, but
// no text at all is 0, and a number too large for the type is infinite.
func NearestDouble(text []byte) (f float64, ok bool) {
	if len(text) == 0 {
		return 0, true
	}
	f, _, ok = scanDouble(string(text))
	return f, ok
}

// scanDouble reads a float64. It is not exact if the type has no number as large or as small.
func scanDouble(text string) (f float64, exact, ok bool) {
	body := text
	if text != "" && (text[0] == '-' || text[0] == '+') {
		body = text[1:]
	}
	if strings.EqualFold(body, "inf") || strings.EqualFold(body, "infinity") {
		if text[0] == '-' {
			return math.Inf(-1), true, true
		}
		return math.Inf(1), true, true
	}
	n, ok := scanNumeral(body)
	if !ok {
		return 0, false, false
	}
	if n.hex && !strings.ContainsAny(body, "pP") {
		text += "p0" // which Go wants
	}
	f, err := strconv.ParseFloat(text, 64) // the error is that of the range
	return f, err == nil && (f != 0 || n.zero), true
}
