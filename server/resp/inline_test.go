package resp

import (
	"slices"
	"testing"
)

func TestSplitInline_AsRedis(t *testing.T) {
	cases := []struct {
		in   string
		want []string // nil: unbalanced quotes
	}{
		{"PING\r\n", []string{"PING"}},
		{"  SET  a\tb \r\n", []string{"SET", "a", "b"}},
		{`SET a "b c"` + "\n", []string{"SET", "a", "b c"}},
		{`ECHO "\x41\n\r\t\b\a\\\"\q"`, []string{"ECHO", "A\n\r\t\b\a\\\"q"}},
		{`ECHO "\xZZ"`, []string{"ECHO", "xZZ"}},
		{`ECHO 'it\'s \n'`, []string{"ECHO", `it's \n`}},
		{`ECHO ""`, []string{"ECHO", ""}},
		{`ECHO a"b c"`, []string{"ECHO", "ab c"}},
		{`ECHO "a`, nil},
		{`ECHO "a"b`, nil},
		{`ECHO 'a`, nil},
		{`ECHO 'a'b`, nil},
		{"", []string{}},
		{"\r\n", []string{}},
	}
	for _, c := range cases {
		words, err := SplitInline(nil, []byte(c.in))
		if (err != nil) != (c.want == nil) {
			t.Errorf("%q: %v", c.in, err)
			continue
		}
		var got []string
		for _, w := range words {
			got = append(got, string(w))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, want %q", c.in, got, c.want)
		}
	}
}

// FuzzAppendQuoted checks that an inline command reads back any bytes that were
// quoted.
func FuzzAppendQuoted(f *testing.F) {
	f.Add([]byte("a\"b\\c\r\n\x00\xff"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, word []byte) {
		words, err := SplitInline(nil, AppendQuoted(nil, word))
		if err != nil || len(words) != 1 || string(words[0]) != string(word) {
			t.Fatalf("%q was read back as %q, %v", word, words, err)
		}
	})
}
