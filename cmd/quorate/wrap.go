package main

import "strings"

// lineWidth is how long a line for the terminal may be.
const lineWidth = 80

// wrapped breaks a text into lines of [lineWidth] bytes at most, each of which begins with
// indent. A word that is longer has a line of its own.
func wrapped(text, indent string) string {
	var b strings.Builder
	at := 0
	for _, word := range strings.Fields(text) {
		switch {
		case at == 0:
			b.WriteString(indent)
			at = len(indent)
		case at+1+len(word) > lineWidth:
			b.WriteString("\n" + indent)
			at = len(indent)
		default:
			b.WriteByte(' ')
			at++
		}
		b.WriteString(word)
		at += len(word)
	}
	return b.String()
}
