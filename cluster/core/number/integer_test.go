package number

import (
	"math"
	"strconv"
	"testing"
)

func TestParseInt_StrictAsRedis(t *testing.T) {
	for in, want := range map[string]int64{
		"0": 0, "1": 1, "-1": -1, "9223372036854775807": math.MaxInt64, "-9223372036854775808": math.MinInt64,
	} {
		if got, ok := ParseInt([]byte(in)); !ok || got != want {
			t.Errorf("%q: %d, %v", in, got, ok)
		}
	}
	for _, in := range []string{"", "-", "+1", "01", "-0", "-01", " 1", "1 ", "a", "1.0", "9223372036854775808", "-9223372036854775809", "99999999999999999999"} {
		if got, ok := ParseInt([]byte(in)); ok {
			t.Errorf("%q: %d", in, got)
		}
	}
}

// FuzzParseInt compares with the standard library: whatever is read must be the
// number's only spelling.
func FuzzParseInt(f *testing.F) {
	for _, seed := range []string{"0", "-0", "-1", "9223372036854775807", "-9223372036854775808", "18446744073709551615", "007"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		want, err := strconv.ParseInt(text, 10, 64)
		strict := err == nil && strconv.FormatInt(want, 10) == text
		if got, ok := ParseInt([]byte(text)); ok != strict || ok && got != want {
			t.Errorf("%q is read as %d, %v", text, got, ok)
		}
		unsigned, err := strconv.ParseUint(text, 10, 64)
		strict = err == nil && strconv.FormatUint(unsigned, 10) == text
		if got, ok := ParseUint([]byte(text)); ok != strict || ok && got != unsigned {
			t.Errorf("%q is read as %d, %v without a sign", text, got, ok)
		}
	})
}
