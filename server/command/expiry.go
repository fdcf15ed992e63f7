package command

import (
	"math"

	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/server/resp"
)

// TimeUnit is the unit in which a client gives a time, and whether it counts from now.
type TimeUnit struct {
	factor   int64 // milliseconds
	relative bool  // to now
}

// The units of EX, PX, EXAT and PXAT.
var (
	SecondsFromNow = TimeUnit{1000, true}
	MillisFromNow  = TimeUnit{1, true}
	UnixSeconds    = TimeUnit{1000, false}
	UnixMillis     = TimeUnit{1, false}
)

// ParseTimeUnit recognises the options EX, PX, EXAT and PXAT.
func ParseTimeUnit(option []byte) (TimeUnit, bool) {
	switch {
	case resp.Is(option, "EX"):
		return SecondsFromNow, true
	case resp.Is(option, "PX"):
		return MillisFromNow, true
	case resp.Is(option, "EXAT"):
		return UnixSeconds, true
	case resp.Is(option, "PXAT"):
		return UnixMillis, true
	}
	return TimeUnit{}, false
}

// moment turns n units into unix milliseconds; ok is false beyond their range.
func (u TimeUnit) moment(n, now int64) (at int64, ok bool) {
	if n > math.MaxInt64/u.factor || n < math.MinInt64/u.factor {
		return 0, false
	}
	at = n * u.factor
	if u.relative {
		if at > math.MaxInt64-now {
			return 0, false
		}
		at += now
	}
	return at, true
}

// Moment reads a moment in unix milliseconds, which may be past, or returns the
// refusal.
func (c *Call) Moment(u TimeUnit, arg []byte) (at int64, refusal string) {
	n, ok := number.ParseInt(arg)
	if !ok {
		return 0, TextNotInteger
	}
	if at, ok = u.moment(n, c.Node.Now().UnixMilli()); !ok {
		return 0, InvalidExpire(c.Row)
	}
	return at, ""
}

// Expiry reads the expiry of a value that is being written. It does as Moment, but the
// number must be positive.
func (c *Call) Expiry(u TimeUnit, arg []byte) (at int64, refusal string) {
	at, refusal = c.Moment(u, arg)
	if n, _ := number.ParseInt(arg); refusal == "" && n <= 0 {
		return 0, InvalidExpire(c.Row)
	}
	return at, refusal
}

// The ways in which commands show an expiry, given it and the present in unix milliseconds.

// ShowSecondsLeft returns the seconds until the expiry, rounded as Redis does.
func ShowSecondsLeft(expiry, now int64) int64 { return toSeconds(ShowMillisLeft(expiry, now)) }

// ShowMillisLeft returns the milliseconds until the expiry.
func ShowMillisLeft(expiry, now int64) int64 { return max(expiry-now, 0) }

// ShowUnixSeconds returns the expiry in unix seconds, rounded as Redis does.
func ShowUnixSeconds(expiry, _ int64) int64 { return toSeconds(expiry) }

// ShowUnixMillis returns the expiry in unix milliseconds.
func ShowUnixMillis(expiry, _ int64) int64 { return expiry }

// toSeconds rounds half a second up.
func toSeconds(millis int64) int64 { return millis/1000 + (millis%1000+500)/1000 }
