package register

import (
	"math/big"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestIncrementFloat(t *testing.T) {
	for _, c := range []struct {
		on, by, want string // "" on: missing
		failure      Failure
	}{
		{"", "10.50", "10.5", None},
		{"10.50", "0.1", "10.6", None},
		{"10.6", "-5", "5.6", None},
		{"5.0e3", "2.0e2", "5200", None},
		{"3000", "0.1", "3000.10000000000000009", None}, // as Redis prints it, long double and all
		{"0.1", "0.2", "0.3", None},
		{"1", "2", "3", None},
		{"3", "1.000000000000000005", "4.00000000000000001", None},
		{"0", "0.00000000000000001", "0.00000000000000001", None},
		{"0", "0.000000000000000001", "0", None},
		{"0", "-0.000000000000000001", "0", None},
		{"-0.0", "-0.0", "0", None},
		{"5", "-5", "0", None},
		{"1.5", "+1.5", "3", None},
		{".5", "5.", "5.5", None},
		{"100", "0", "100", None}, // zeros before the point stay
		{"0x10", "0x1.8p1", "19", None},
		{"1e17", "1", "100000000000000001", None},
		{"9223372036854775807", "1", "9223372036854775808", None},
		{"1E+2", "1e-2", "100.01", None},
		{"1e4932", "1", "", None},
		{"0e999999999999", "1", "1", None},
		{"1", "inf", "", NaN},
		{"1", "-Infinity", "", NaN},
		{"inf", "1", "", NaN},
		{"inf", "-inf", "", NaN},
		{"1e4932", "1e4932", "", NaN},
		{"1", "nan", "", NotFloat},
		{"nan", "1", "", NotFloat},
		{"1", "", "", NotFloat},
		{" 1", "1", "", NotFloat},
		{"1 ", "1", "", NotFloat},
		{"1", "\t1", "", NotFloat},
		{"1", "1x", "", NotFloat},
		{"1", "1_0", "", NotFloat},
		{"1", "0b1", "", NotFloat},
		{"1", "1p5", "", NotFloat},
		{"1", "0x", "", NotFloat},
		{"1", "0x1e", "31", None},
		{"1", "0x1p", "", NotFloat},
		{"1", "1e", "", NotFloat},
		{"1", "1e+", "", NotFloat},
		{"1", "1e+-5", "", NotFloat},
		{"1", "e5", "", NotFloat},
		{"1", ".", "", NotFloat},
		{"1", "-", "", NotFloat},
		{"1", "--1", "", NotFloat},
		{"1", "1.2.3", "", NotFloat},
		{"1", "1e4933", "", NotFloat},
		{"1", "1e-5000", "", NotFloat},
		{"1", "3e-4951", "1", None},
		{"1", "1e-4951", "", NotFloat},
		{"1", "0x1p-16446", "", NotFloat},
		{"1", "0x1.8p-16446", "1", None},
		{"1", "1.1897314953572317651e4932", "", NotFloat},
		{"1", "1e999999999999", "", NotFloat},
		{"1", "-1e-999999999999", "", NotFloat},
		{"1", "0x1p999999999999", "", NotFloat},
		{"1", "in", "", NotFloat},
		{"1", strings.Repeat("1", maxFloatLen+1), "", NotFloat},
		{"abc", "1", "", NotFloat},
	} {
		on := value(c.on)
		if c.on == "" {
			on = nil
		}
		u := Update{Kind: IncrementFloat, Float: c.by}
		next, write, r := u.on(on)
		if r.Failure != c.failure || write != (c.failure == None) || r.Applied != write {
			t.Errorf("%s + %s: %+v", c.on, c.by, r)
			continue
		}
		if c.want != "" && string(next.Data) != c.want || string(r.Data) != string(next.Data) {
			t.Errorf("%s + %s = %s, want %s", c.on, c.by, next.Data, c.want)
		}
	}
	u := Update{Kind: IncrementFloat, Float: "1"}
	if _, _, r := u.on(value("")); r.Failure != NotFloat {
		t.Errorf("an empty value: %+v", r)
	}
	if next, _, _ := u.on(expires("1", now+5)); next.Expiry != now+5 {
		t.Error("INCRBYFLOAT dropped the TTL")
	}
}

// Sums of short decimals, which is what people have, print as they would be
// written by hand, and read back as what was printed.
func TestIncrementFloat_ShortDecimals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Int64Range(-999999, 999999).Draw(t, "a"), rapid.Int64Range(-999999, 999999).Draw(t, "b")
		decimal := func(n int64) string { return big.NewRat(n, 1000).FloatString(3) }
		got, failure := addFloats([]byte(decimal(a)), decimal(b))
		if failure != None {
			t.Fatal(failure)
		}
		exact, ok := new(big.Rat).SetString(string(got))
		if !ok || strings.ContainsAny(string(got), "eE+") {
			t.Fatalf("printed %s", got)
		}
		off := exact.Sub(exact, big.NewRat(a+b, 1000))
		if off.Abs(off).Cmp(big.NewRat(1, 10_000_000_000_000)) > 0 {
			t.Fatalf("%s + %s = %s", decimal(a), decimal(b), got)
		}
		if again, _ := addFloats(got, "0"); string(again) != string(got) {
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
		if took := time.Since(start); took > time.Second {
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
		sum, failure := addFloats([]byte(a), b)
		if failure != None {
			return
		}
		if again, failure := addFloats(sum, "0"); failure != None || string(again) != string(sum) {
			t.Fatalf("%s + %s = %s, + 0 = %s (%d)", a, b, sum, again, failure)
		}
	})
}
