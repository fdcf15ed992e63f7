package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// size is a number of bytes. It is written the way redis.conf writes it: 64mb
// is 64*1024*1024, 64m is 64,000,000; the case of the unit does not matter.
type size int64

var sizeUnits = []struct {
	suffix string
	bytes  int64
}{ // longest suffix first
	{"kb", 1 << 10}, {"mb", 1 << 20}, {"gb", 1 << 30},
	{"k", 1e3}, {"m", 1e6}, {"g", 1e9}, {"b", 1}, {"", 1},
}

// UnmarshalText implements [encoding.TextUnmarshaler].
func (s *size) UnmarshalText(text []byte) error {
	word := strings.ToLower(strings.TrimSpace(string(text)))
	for _, unit := range sizeUnits {
		digits, ok := strings.CutSuffix(word, unit.suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(digits, 10, 64)
		if err != nil || n < 0 || n > math.MaxInt64/unit.bytes {
			break
		}
		*s = size(n * unit.bytes)
		return nil
	}
	return fmt.Errorf("%q is not a size: write a number of bytes, or one with k, kb, m, mb, g or gb", text)
}

func (s size) String() string {
	for _, unit := range []struct {
		suffix string
		bytes  int64
	}{{"gb", 1 << 30}, {"mb", 1 << 20}, {"kb", 1 << 10}} {
		if s != 0 && int64(s)%unit.bytes == 0 {
			return strconv.FormatInt(int64(s)/unit.bytes, 10) + unit.suffix
		}
	}
	return strconv.FormatInt(int64(s), 10)
}

// span is a length of time: Go's notation (1h30m, 500ms), days (10d), or a bare
// number of seconds, as in redis.conf.
type span time.Duration

// UnmarshalText implements [encoding.TextUnmarshaler].
func (s *span) UnmarshalText(text []byte) error {
	word := strings.ToLower(strings.TrimSpace(string(text)))
	unit, digits := time.Second, word
	if days, ok := strings.CutSuffix(word, "d"); ok {
		unit, digits = 24*time.Hour, days
	}
	if n, err := strconv.ParseInt(digits, 10, 64); err == nil {
		if n >= 0 && n <= math.MaxInt64/int64(unit) {
			*s = span(time.Duration(n) * unit)
			return nil
		}
	} else if d, err := time.ParseDuration(word); err == nil && d >= 0 {
		*s = span(d)
		return nil
	}
	return fmt.Errorf("%q is not a length of time: write it like 500ms, 2s, 3h or 10d", text)
}

func (s span) String() string {
	const day = 24 * time.Hour
	if d := time.Duration(s); d != 0 && d%day == 0 {
		return strconv.FormatInt(int64(d/day), 10) + "d"
	}
	return time.Duration(s).String()
}

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
