package main

import (
	"io"
	"os"
)

// colourWriter is an output that shows colours: a terminal whose user has not set NO_COLOR.
type colourWriter struct{ io.Writer }

// standardOutput returns the process's output, with colours where they are shown.
func standardOutput() io.Writer {
	info, err := os.Stdout.Stat()
	terminal := err == nil && info.Mode()&os.ModeCharDevice != 0
	if !terminal || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return os.Stdout
	}
	return colourWriter{os.Stdout}
}

// colour is what a terminal is sent before a text to show it so.
type colour string

const (
	red    colour = "\x1b[31m"
	yellow colour = "\x1b[33m"
	plain  colour = "\x1b[0m"
)

// painted returns a text in a colour, or as it is where out shows none.
func painted(out io.Writer, c colour, text string) string {
	if _, shows := out.(colourWriter); !shows {
		return text
	}
	return string(c) + text + string(plain)
}
