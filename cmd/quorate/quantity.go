package main

import (
	"strings"
	"time"

	"github.com/quorate/quorate/cluster/core/number"
)

// size is a number of bytes: see [number.ParseSize].
type size int64

// UnmarshalText implements [encoding.TextUnmarshaler].
func (s *size) UnmarshalText(text []byte) error {
	n, err := number.ParseSize(string(text))
	*s = size(n)
	return err
}

func (s size) String() string { return number.FormatSize(int64(s)) }

// span is a length of time: see [number.ParseDuration].
type span time.Duration

// UnmarshalText implements [encoding.TextUnmarshaler].
func (s *span) UnmarshalText(text []byte) error {
	d, err := number.ParseDuration(string(text))
	*s = span(d)
	return err
}

func (s span) String() string { return number.FormatDuration(time.Duration(s)) }

// listOf is a list of words separated by commas.
type listOf []string

// UnmarshalText implements [encoding.TextUnmarshaler].
func (l *listOf) UnmarshalText(text []byte) error {
	*l = nil
	for word := range strings.SplitSeq(string(text), ",") {
		if word = strings.TrimSpace(word); word != "" {
			*l = append(*l, word)
		}
	}
	return nil
}
