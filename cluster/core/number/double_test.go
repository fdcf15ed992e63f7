package number

import (
	"math"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

func TestDouble(t *testing.T) {
	bad := math.NaN()
	for _, c := range []struct {
		text          string
		score, nearby float64
	}{
		{"1", 1, 1}, {"+1.5", 1.5, 1.5}, {"-0.25e2", -25, -25}, {".5", .5, .5}, {"5.", 5, 5}, {"0x10", 16, 16}, {"0x1.8p1", 3, 3}, {"-0X.8", -.5, -.5},
		{"inf", math.Inf(1), math.Inf(1)}, {"+INF", math.Inf(1), math.Inf(1)}, {"-Infinity", math.Inf(-1), math.Inf(-1)},
		{"1e308", 1e308, 1e308}, {"1e309", bad, math.Inf(1)}, {"-1e309", bad, math.Inf(-1)}, {"1e999999999999", bad, math.Inf(1)},
		{"5e-324", 5e-324, 5e-324}, {"1e-400", bad, 0}, {"0e-400", 0, 0}, {"0x0p-9999", 0, 0}, {"", bad, 0},
		{" 1", bad, bad}, {"1 ", bad, bad}, {"nan", bad, bad}, {"-nan", bad, bad}, {"x", bad, bad}, {"-", bad, bad}, {"1e", bad, bad}, {"0x", bad, bad},
		{"1_0", bad, bad}, {"0x_1p0", bad, bad}, {"1.2.3", bad, bad}, {"--1", bad, bad}, {"infin", bad, bad}, {"1p3", bad, bad},
	} {
		if f, ok := ParseDouble([]byte(c.text)); ok == math.IsNaN(c.score) || ok && f != c.score {
			t.Errorf("%q: %v, %v, want %v", c.text, f, ok, c.score)
		}
		if f, ok := NearestDouble([]byte(c.text)); ok == math.IsNaN(c.nearby) || ok && f != c.nearby {
			t.Errorf("%q at the end of a range: %v, %v, want %v", c.text, f, ok, c.nearby)
		}
	}
}

func TestParseDouble_EveryNumber_IsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.Float64().Draw(t, "number")
		form := rapid.SampledFrom([]byte("efgx")).Draw(t, "form")
		text := strconv.FormatFloat(want, form, -1, 64)
		if rapid.Bool().Draw(t, "as Redis writes it") {
			text = FormatDouble(want)
		}
		if got, ok := ParseDouble([]byte(text)); !ok || got != want {
			t.Fatalf("%s is read as %v, %v", text, got, ok)
		}
	})
}
