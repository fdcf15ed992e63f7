package admin

import (
	"context"
	"slices"

	"github.com/quorate/quorate/admin/api"
	"github.com/quorate/quorate/cluster/core/ring"
)

// ringHandlers serves the ring and the place of a key on it.
type ringHandlers struct{ *backend }

func (h *ringHandlers) getRing(_ context.Context, c *call) (any, error) {
	view := c.node.Ring()
	v := api.Ring{
		Partitions: view.Partitions(), Slots: ring.Slots, Version: view.Version(), N: view.Quorums().N,
		Owners: make([]string, view.Partitions()), Primaries: make([][]string, view.Partitions()), Nodes: []api.RingNode{},
	}
	for p := range v.Owners {
		v.Owners[p] = view.Name(view.Owner(ring.Partition(p)))
		v.Primaries[p] = []string{}
		for _, id := range view.Primaries(ring.Partition(p)) {
			v.Primaries[p] = append(v.Primaries[p], view.Name(id))
		}
	}
	if view.InTransition() {
		next := make([]string, view.Partitions())
		for p := range next {
			next[p] = view.Name(view.TargetPrimaries(ring.Partition(p))[0])
		}
		v.Next = &next
	}
	for _, m := range view.Members() {
		v.Nodes = append(v.Nodes, api.RingNode{Name: m.Name, Status: statusOfMember(c.node, m, api.Node{})})
	}
	return v, nil
}

func (h *ringHandlers) getRingKey(_ context.Context, c *call) (any, error) {
	view, key := c.node.Ring(), c.key()
	p := view.PartitionOf(key)
	walk := view.Walk(p)
	v := api.KeyPlace{
		Key: keyOf(key), Slot: int(ring.SlotOf(key)), Partition: int(p),
		PreferenceList: places(view, walk, len(view.Primaries(p)), func(i int) bool { return c.node.Alive(walk[i]) }),
	}
	if at := slices.IndexFunc(v.PreferenceList, func(p api.Place) bool { return p.Alive }); at >= 0 {
		v.Coordinator = v.PreferenceList[at].Node
	}
	return v, nil
}
