package logsummary

import "time"

const (
	countInterval = time.Minute      // between two lines while something goes on
	quietTime     = 10 * time.Second // without it, before it has ended
)

// episode is the time from when something begins to happen until it has not happened for
// [quietTime]. The zero value is one that has not begun.
type episode struct {
	began, last, told time.Time // last: when it happened last; told: when it was logged last
}

// stage says what there is to log of an episode.
type stage int

const (
	nothing stage = iota
	begins
	goesOn
	ends
)

// step notes whether it happens now. After [ends] the episode is as new.
func (e *episode) step(now time.Time, happens bool) stage {
	if happens {
		e.last = now
	}
	switch {
	case e.began.IsZero() && happens:
		e.began, e.told = now, now
		return begins
	case e.began.IsZero():
		return nothing
	case now.Sub(e.last) >= quietTime:
		return ends
	case now.Sub(e.told) >= countInterval:
		e.told = now
		return goesOn
	}
	return nothing
}

// took returns how long the episode lasted, in whole seconds.
func (e *episode) took() time.Duration { return e.last.Sub(e.began).Round(time.Second) }
