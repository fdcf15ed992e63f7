package number

import (
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

func TestSum_To(t *testing.T) {
	float := func(text string) Amount {
		a, ok := Amount{}.PlusFloat(text)
		if !ok || !a.Valid() {
			t.Fatalf("%q: %+v, %v", text, a, ok)
		}
		return a
	}
	for _, c := range []struct {
		text    string
		amounts []Amount
		want    string
	}{
		{"5", nil, "5"}, {"abc", []Amount{{Int: 1}}, "abc"}, {"", []Amount{{Int: 1}}, ""},
		{"007", []Amount{{Int: 2}, {Int: -2}}, "007"}, {"5", []Amount{{Int: 2}, {Int: 3}}, "10"},
		{"9223372036854775807", []Amount{{Int: 1}, {Int: -1}}, "9223372036854775807"},
		{"-9223372036854775808", []Amount{{Int: 9223372036854775807}, {Int: 9223372036854775807}}, "9223372036854775806"},
		{"1", []Amount{float("0.1"), float("0.2")}, "1.3"}, {"1.5", []Amount{{Int: 2}}, "3.5"}, {"1.5", []Amount{float("0.5")}, "2"},
		{"1", []Amount{float("1e300"), float("-1e300"), float("0.25")}, "1.25"}, {"inf", []Amount{{Int: 1}}, "inf"},
		{"1e4932", []Amount{float("1e4932")}, "1e4932"},
	} {
		var sum Sum
		for _, a := range c.amounts {
			sum.Add(a)
		}
		if got := string(sum.To([]byte(c.text))); got != c.want {
			t.Errorf("%q and %+v: %q, want %q", c.text, c.amounts, got, c.want)
		}
	}
	if _, ok := (Amount{}).PlusFloat("inf"); ok {
		t.Error("infinity was added")
	}
	if full := float("1e4932"); full.Float != "" {
		if _, ok := full.PlusFloat("1e4932"); ok {
			t.Error("a sum beyond the type's range was added")
		}
	}
	for _, bad := range []string{"0", "x", "inf", "1.5", "0x.8p+00", "0x.4p+1"} {
		if (Amount{Float: bad}).Valid() {
			t.Errorf("%q counts as an amount", bad)
		}
	}
}

// The order and the grouping of additions cannot be seen, and what is taken off again is gone.
func TestSum_AnyOrder_GivesTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string {
			return strconv.FormatFloat(rapid.Float64Range(-1e9, 1e9).Draw(t, "amount"), 'f', 6, 64)
		}), 1, 20).Draw(t, "amounts")
		var together Amount
		var apart, reversed, none Sum
		for i := range texts {
			one, _ := Amount{}.PlusFloat(texts[i])
			apart.Add(one)
			other, _ := Amount{}.PlusFloat(texts[len(texts)-1-i])
			reversed.Add(other)
			together, _ = together.PlusFloat(texts[i])
		}
		if !together.Valid() {
			t.Fatalf("%+v is no amount", together)
		}
		var whole Sum
		whole.Add(together)
		none.Add(together)
		none.Subtract(together)
		a, b, c, d := string(apart.To([]byte("1"))), string(reversed.To([]byte("1"))), string(whole.To([]byte("1"))), string(none.To([]byte("1")))
		if a != b || a != c || d != "1" {
			t.Fatalf("apart %s, reversed %s, together %s, less itself %s", a, b, c, d)
		}
	})
}
