package number

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

const day = 24 * time.Hour

// ParseDuration reads a length of time that is not negative: in Go's notation
// (1h30m, 500ms), in days (10d), or as a bare number of seconds, as in redis.conf.
func ParseDuration(text string) (time.Duration, error) {
	word := strings.ToLower(strings.TrimSpace(text))
	unit, digits := time.Second, word
	if days, ok := strings.CutSuffix(word, "d"); ok {
		unit, digits = day, days
	}
	if n, err := strconv.ParseInt(digits, 10, 64); err == nil {
		if n >= 0 && n <= math.MaxInt64/int64(unit) {
			return time.Duration(n) * unit, nil
		}
	} else if d, err := time.ParseDuration(word); err == nil && d >= 0 {
		return d, nil
	}
	return 0, fmt.Errorf("%q is not a length of time: write it like 500ms, 2s, 3h or 10d", text)
}

// FormatDuration writes a length of time: whole days, hours, minutes or seconds as
// one number, others in Go's notation.
func FormatDuration(d time.Duration) string {
	for _, unit := range []struct {
		suffix string
		length time.Duration
	}{{"d", day}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}} {
		if d != 0 && d%unit.length == 0 {
			return strconv.FormatInt(int64(d/unit.length), 10) + unit.suffix
		}
	}
	return d.String()
}
