package admin

import (
	"time"

	"github.com/quorate/quorate/admin/api"
)

// clockOffset says how far the clock of a member is ahead of this node's, and how wrong that
// may be.
type clockOffset struct{ ahead, within time.Duration }

// middle is the middle of the time that a question took, and half of that time.
type middle struct {
	at   time.Time
	half time.Duration
}

func middleOf(sent, received time.Time) middle {
	half := received.Sub(sent) / 2
	return middle{at: sent.Add(half), half: half}
}

// offsetsOf compares the clocks in reports with this node's own, as NTP does: a report tells a
// time that was read between the question and its answer. shift is how far the node's wall
// clock is ahead of the one of the times.
func offsetsOf(reports map[string]api.Node, times map[string]middle, shift time.Duration) map[string]clockOffset {
	offsets := make(map[string]clockOffset, len(times))
	for name, asked := range times {
		if r := reports[name]; r.TimeMillis != 0 {
			offsets[name] = clockOffset{ahead: time.UnixMilli(r.TimeMillis).Sub(asked.at.Add(shift)), within: asked.half + time.Millisecond}
		}
	}
	return offsets
}
