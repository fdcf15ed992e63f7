package main

import (
	"strings"
	"testing"
)

func TestTable_FitsTheTerminalOrBecomesBlocks(t *testing.T) {
	narrow := newTable("NODE", "ZONE", "CLIENT")
	narrow.add("A", "", "127.0.0.1:6379")
	narrow.add("grün", "", "h")
	wide := newTable("NODE", "ZONE", "CLIENT", "ADMIN")
	host := strings.Repeat("x", 70)
	wide.add("A", "", host+":6379", "h:1")
	wide.add("B", "", "", "h:2")
	for what, test := range map[string]struct {
		table *table
		want  string
	}{
		"narrow": {narrow, "NODE  CLIENT\nA     127.0.0.1:6379\ngrün  h\n"},
		"wide":   {wide, "A\n  client  " + host + ":6379\n  admin   h:1\nB\n  admin   h:2\n"},
		"empty":  {newTable("NODE", "ZONE"), "NODE  ZONE\n"},
	} {
		var out strings.Builder
		if err := test.table.print(&out); err != nil || out.String() != test.want {
			t.Errorf("%s: %v\n%s\nwant\n%s", what, err, out.String(), test.want)
		}
	}
}

func TestWrapped_LinesFitTheTerminal(t *testing.T) {
	long := strings.Repeat("x", 90)
	for _, test := range []struct{ text, want string }{
		{"", ""},
		{"a b", "> a b"},
		{strings.Repeat("1234567 ", 11), "> 1234567 1234567 1234567 1234567 1234567 1234567 1234567 1234567 1234567\n> 1234567 1234567"},
		{"a " + long + " b", "> a\n> " + long + "\n> b"},
	} {
		if got := wrapped(test.text, "> "); got != test.want {
			t.Errorf("%q: %q, want %q", test.text, got, test.want)
		}
	}
}
