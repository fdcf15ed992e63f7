package number

import (
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestAddFloats(t *testing.T) {
	for _, c := range []struct {
		on, by, want string
		err          error
	}{
		{"0", "10.50", "10.5", nil},
		{"10.50", "0.1", "10.6", nil},
		{"10.6", "-5", "5.6", nil},
		{"5.0e3", "2.0e2", "5200", nil},
		{"3000", "0.1", "3000.10000000000000009", nil}, // as Redis prints it, long double and all
		{"0.1", "0.2", "0.3", nil},
		{"1", "2", "3", nil},
		{"3", "1.000000000000000005", "4.00000000000000001", nil},
		{"0", "0.00000000000000001", "0.00000000000000001", nil},
		{"0", "0.000000000000000001", "0", nil},
		{"0", "-0.000000000000000001", "0", nil},
		{"-0.0", "-0.0", "0", nil},
		{"5", "-5", "0", nil},
		{"1.5", "+1.5", "3", nil},
		{".5", "5.", "5.5", nil},
		{"100", "0", "100", nil}, // zeros before the point stay
		{"0x10", "0x1.8p1", "19", nil},
		{"1e17", "1", "100000000000000001", nil},
		{"9223372036854775807", "1", "9223372036854775808", nil},
		{"1E+2", "1e-2", "100.01", nil},
		{"1e4932", "1", "", nil},
		{"0e999999999999", "1", "1", nil},
		{"1", "inf", "", ErrNotFinite},
		{"1", "-Infinity", "", ErrNotFinite},
		{"inf", "1", "", ErrNotFinite},
		{"inf", "-inf", "", ErrNotFinite},
		{"1e4932", "1e4932", "", ErrNotFinite},
		{"1", "nan", "", ErrNotFloat},
		{"nan", "1", "", ErrNotFloat},
		{"1", "", "", ErrNotFloat},
		{" 1", "1", "", ErrNotFloat},
		{"1 ", "1", "", ErrNotFloat},
		{"1", "\t1", "", ErrNotFloat},
		{"1", "1x", "", ErrNotFloat},
		{"1", "1_0", "", ErrNotFloat},
		{"1", "0b1", "", ErrNotFloat},
		{"1", "1p5", "", ErrNotFloat},
		{"1", "0x", "", ErrNotFloat},
		{"1", "0x1e", "31", nil},
		{"1", "0x1p", "", ErrNotFloat},
		{"1", "1e", "", ErrNotFloat},
		{"1", "1e+", "", ErrNotFloat},
		{"1", "1e+-5", "", ErrNotFloat},
		{"1", "e5", "", ErrNotFloat},
		{"1", ".", "", ErrNotFloat},
		{"1", "-", "", ErrNotFloat},
		{"1", "--1", "", ErrNotFloat},
		{"1", "1.2.3", "", ErrNotFloat},
		{"1", "1e4933", "", ErrNotFloat},
		{"1", "1e-5000", "", ErrNotFloat},
		{"1", "3e-4951", "1", nil},
		{"1", "1e-4951", "", ErrNotFloat},
		{"1", "0x1p-16446", "", ErrNotFloat},
		{"1", "0x1.8p-16446", "1", nil},
		{"1", "1.1897314953572317651e4932", "", ErrNotFloat},
		{"1", "1e999999999999", "", ErrNotFloat},
		{"1", "-1e-999999999999", "", ErrNotFloat},
		{"1", "0x1p999999999999", "", ErrNotFloat},
		{"1", "in", "", ErrNotFloat},
		{"1", strings.Repeat("1", maxFloatLen+1), "", ErrNotFloat},
		{"abc", "1", "", ErrNotFloat},
		{"", "1", "", ErrNotFloat},
	} {
		sum, err := AddFloats([]byte(c.on), c.by)
		if !errors.Is(err, c.err) {
			t.Errorf("%s + %s: %v, want %v", c.on, c.by, err, c.err)
			continue
		}
		if c.want != "" && string(sum) != c.want {
			t.Errorf("%s + %s = %s, want %s", c.on, c.by, sum, c.want)
		}
	}
}

// Sums of short decimals, which is what people have, print as they would be
// written by hand, and read back as what was printed.
func TestAddFloats_ShortDecimals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Int64Range(-999999, 999999).Draw(t, "a"), rapid.Int64Range(-999999, 999999).Draw(t, "b")
		decimal := func(n int64) string { return big.NewRat(n, 1000).FloatString(3) }
		got, err := AddFloats([]byte(decimal(a)), decimal(b))
		if err != nil {
			t.Fatal(err)
		}
		exact, ok := new(big.Rat).SetString(string(got))
		if !ok || strings.ContainsAny(string(got), "eE+") {
			t.Fatalf("printed %s", got)
		}
		off := exact.Sub(exact, big.NewRat(a+b, 1000))
		if off.Abs(off).Cmp(big.NewRat(1, 10_000_000_000_000)) > 0 {
			t.Fatalf("%s + %s = %s", decimal(a), decimal(b), got)
		}
		if again, _ := AddFloats(got, "0"); string(again) != string(got) {
			t.Fatalf("%s + 0 = %s", got, again)
		}
	})
}

// No text costs more than a moment.
func TestParseFloat_HostileText_IsBounded(t *testing.T) {
	for _, s := range []string{
		strings.Repeat("9", maxFloatLen), "0." + strings.Repeat("0", maxFloatLen-3) + "1",
		"0." + strings.Repeat("3", maxFloatLen-8) + "e9999", strings.Repeat("9", maxFloatLen-7) + "e-9999",
		"0x" + strings.Repeat("f", maxFloatLen-2), "0x." + strings.Repeat("f", maxFloatLen-12) + "p-40000",
	} {
		start := time.Now()
		parseFloat(s)
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("%.20s…: %v", s, took)
		}
	}
}

func FuzzAddFloats(f *testing.F) {
	f.Add("10.5", "0.1")
	f.Add("-0x1p-3", "inf")
	f.Add("1e4932", "-1e4932")
	f.Add("0.1e-17", "+.5")
	f.Fuzz(func(t *testing.T, a, b string) {
		sum, err := AddFloats([]byte(a), b)
		if err != nil {
			return
		}
		if again, err := AddFloats(sum, "0"); err != nil || string(again) != string(sum) {
			t.Fatalf("%s + %s = %s, + 0 = %s (%v)", a, b, sum, again, err)
		}
	})
}
