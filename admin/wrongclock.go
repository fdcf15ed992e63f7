package admin

import (
	"slices"

	"github.com/quorate/quorate/admin/api"
	"github.com/quorate/quorate/cluster/core/causal"
)

// wrongClocks returns, by name, how many milliseconds the clocks of nodes are ahead of the
// others', or behind, if that is so far that one does not follow the other's times. The
// nodes are compared with the clock in the middle; if there is none, with the earlier one
// of the two, since those that are ahead are not followed. The reports are of one
// moment, as far as a second matters.
func wrongClocks(reports map[string]api.Node) map[string]int64 {
	var times []int64
	for _, r := range reports {
		if r.TimeMillis != 0 {
			times = append(times, r.TimeMillis)
		}
	}
	wrong := make(map[string]int64)
	if len(times) == 0 {
		return wrong
	}
	slices.Sort(times)
	middle := times[(len(times)-1)/2]
	for name, r := range reports {
		if off := r.TimeMillis - middle; r.TimeMillis != 0 && max(off, -off) > causal.MaxDrift.Milliseconds() {
			wrong[name] = off
		}
	}
	return wrong
}
