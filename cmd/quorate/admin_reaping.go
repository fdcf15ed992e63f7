package main

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/quorate/quorate/admin/api"
)

// reapingDelays says what keeps some nodes from removing old tombstones, and for how long:
// a line for data that moves, and one for each member that the nodes wait for.
func reapingDelays(nodes []api.Repair, now time.Time) (lines []string) {
	var moving int64 // since when
	var waited []api.Blocker
	for _, n := range nodes {
		if n.Reaping.InTransition {
			moving = earlier(moving, n.Reaping.TransitionSinceMillis)
		}
		for _, b := range n.Reaping.Blocking {
			i := slices.IndexFunc(waited, func(w api.Blocker) bool { return w.Node == b.Node })
			if i < 0 {
				waited = append(waited, b)
				continue
			}
			w := &waited[i]
			w.SinceMillis = earlier(w.SinceMillis, b.SinceMillis)
			w.Keys += b.Keys
			w.Reason = cmp.Or(w.Reason, b.Reason)
		}
	}
	slices.SortFunc(waited, func(a, b api.Blocker) int { return cmp.Compare(a.Node, b.Node) })
	if moving != 0 {
		lines = append(lines, "tombstones wait until data has moved"+lasting(moving, now))
	}
	for _, b := range waited {
		what := "tombstones wait"
		if b.Keys > 0 {
			what = fmt.Sprintf("%d tombstones wait", b.Keys)
		}
		lines = append(lines, fmt.Sprintf("%s for %s, which %s%s", what, b.Node, cmp.Or(b.Reason, "does not answer"), lasting(b.SinceMillis, now)))
	}
	return lines
}

// earlier returns the lesser of two times, of which 0 is unknown.
func earlier(a, b int64) int64 {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// lasting says how long ago something began, or nothing if that is unknown.
func lasting(sinceMillis int64, now time.Time) string {
	if sinceMillis == 0 {
		return ""
	}
	return fmt.Sprintf(", for %v", max(0, now.Sub(time.UnixMilli(sinceMillis)).Round(time.Second)))
}
