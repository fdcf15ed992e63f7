package main

import (
	"fmt"
	"os"
	"time"
)

// clockOffsetFrom names an environment variable from which a node takes how far to set its
// wall clock off. It is empty but in builds for tests, which show what wrong clocks lead to:
// go build -ldflags "-X main.clockOffsetFrom=NAME".
var clockOffsetFrom string

// wallClock returns the wall clock of a node.
func wallClock() (now func() time.Time, err error) {
	text := ""
	if clockOffsetFrom != "" {
		text = os.Getenv(clockOffsetFrom)
	}
	if text == "" {
		return time.Now, nil
	}
	offset, err := time.ParseDuration(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", clockOffsetFrom, err)
	}
	return func() time.Time { return time.Now().Add(offset) }, nil
}
