package problem

import (
	"time"

	"github.com/quorate/quorate/admin/api"
)

// Tracker remembers when problems were first seen. The zero value is ready. It is not safe
// for concurrent use.
type Tracker struct {
	first map[identity]int64 // unix milliseconds
}

// identity says which problem a problem is, whatever its text.
type identity struct{ kind, node, peer string }

// Track fills in since when the problems last that do not say so, and forgets those that
// have ended. It changes the list and returns it.
func (t *Tracker) Track(now time.Time, all []api.Problem) []api.Problem {
	first := make(map[identity]int64, len(all))
	for i := range all {
		p := &all[i]
		id := identity{p.Kind, p.Node, p.Peer}
		since := earlier(t.first[id], now.UnixMilli())
		if first[id] = earlier(since, first[id]); p.SinceMillis == 0 {
			p.SinceMillis = since
		}
	}
	t.first = first
	return all
}
