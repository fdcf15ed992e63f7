package main

import "strings"

// lineWidth is how long a line for the terminal may be.
const lineWidth = 80

// wrapped breaks a text into lines of [lineWidth] bytes at most, each of which begins with
// indent. A word that is longer has a line of its own.
func wrapped(text, indent string) string { return indented(text, [2]string{indent, indent}) }

// hanging breaks a text into lines, of which all but the first are indented.
func hanging(text string) string { return indented(text, [2]string{"", "    "}) }

// indented breaks a text into lines, of which the first begins with indent[0], and the others
// with indent[1].
func indented(text string, indent [2]string) string {
	var b strings.Builder
	at := -1
	for _, word := range strings.Fields(text) {
		switch {
		case at < 0:
			b.WriteString(indent[0])
			at = len(indent[0])
		case at+1+len(word) > lineWidth:
			b.WriteString("\n" + indent[1])
			at = len(indent[1])
		default:
			b.WriteByte(' ')
			at++
		}
		b.WriteString(word)
		at += len(word)
	}
	return b.String()
}
