package problem

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/quorate/quorate/admin/api"
	"github.com/quorate/quorate/cluster/core/ring"
)

// findNoQuorum finds nodes through which requests on some keys cannot succeed. Any node
// stands in for a primary, but a read needs one primary at least.
func findNoQuorum(v *View) (all []api.Problem) {
	reach := make(map[string][]string) // nodes by what fails through them
	for _, name := range slices.Sorted(maps.Keys(v.Reports)) {
		if v.Reports[name].Detail == nil {
			continue
		}
		if fails := v.failing(name); fails != "" {
			reach[fails] = append(reach[fails], name)
		}
	}
	for _, fails := range slices.Sorted(maps.Keys(reach)) {
		names := reach[fails]
		p := api.Problem{
			Kind: NoQuorum, Level: levelError, Node: names[0], What: fmt.Sprintf("requests through %s fail: %s", list(names), fails),
			Means: "They are answered -NOQUORUM.",
			Do:    "Bring the nodes back that are down, or mend the links to them. Until then 'quorate admin config' can lower r or w.",
		}
		all = append(all, p)
	}
	return all
}

// failing says which requests fail through a node; empty: none.
func (v *View) failing(name string) string {
	up, seats := make(map[ring.NodeID]bool), v.Ring.Walk(0)
	answering := 0
	for _, id := range seats {
		reaches, known := v.reaches(name, v.Ring.Name(id))
		if reaches || !known {
			up[id] = true
			answering++
		}
	}
	var few []string
	q := v.Ring.Quorums()
	if answering < q.R {
		few = append(few, fmt.Sprintf("reads (r=%d)", q.R))
	}
	if answering < q.W {
		few = append(few, fmt.Sprintf("writes (w=%d)", q.W))
	}
	if len(few) > 0 {
		return fmt.Sprintf("%d of %d nodes are in reach there, too few for %s", answering, len(seats), strings.Join(few, " and "))
	}
	lost := 0
	for p := range v.Ring.Partitions() {
		if !slices.ContainsFunc(v.Ring.Primaries(ring.Partition(p)), func(id ring.NodeID) bool { return up[id] }) {
			lost++
		}
	}
	if lost == 0 {
		return ""
	}
	return fmt.Sprintf("reads of the keys in %d of %d partitions, because none of the primaries is in reach", lost, v.Ring.Partitions())
}
