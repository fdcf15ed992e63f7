package glob

import (
	"strings"
	"testing"
)

func TestMatch_AsRedisDoes(t *testing.T) {
	cases := []struct {
		pattern, subject string
		want             bool
	}{
		{"*", "", true}, {"", "", true}, {"", "a", false}, {"a*b*c", "aXbYc", true}, {"a*b*c", "aXbY", false},
		{"h?llo", "hello", true}, {"h[ae]llo", "hallo", true}, {"h[^e]llo", "hello", false}, {"h[a-c]llo", "hbllo", true},
		{"h[c-a]llo", "hbllo", true}, {`\*`, "*", true}, {`\*`, "a", false}, {`[\]]`, "]", true}, {"[a", "a", true},
		{"a**b", "axxb", true}, {`a\`, `a\`, true}, {"[^", "x", true}, {"[a-", "a", true}, {"[]", "a", false}, {"*a*a*a", "aaa", true},
	}
	for _, c := range cases {
		if got := Pattern(c.pattern).Match([]byte(c.subject)); got != c.want {
			t.Errorf("%q against %q: %v", c.pattern, c.subject, got)
		}
	}
	// Exponential in many matchers.
	if Pattern(strings.Repeat("a*", 50) + "b").Match([]byte(strings.Repeat("a", 5000))) {
		t.Error("matched")
	}
}
