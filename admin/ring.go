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
	now := c.node.Ring()
	v := api.Ring{
		Partitions: now.Partitions(), Slots: ring.Slots, Version: now.Version(), N: now.Quorums().N,
		Owners: make([]string, now.Partitions()), Primaries: make([][]string, now.Partitions()), Nodes: []api.RingNode{},
	}
	for p := range v.Owners {
		v.Owners[p] = now.Name(now.Owner(ring.Partition(p)))
		v.Primaries[p] = []string{}
		for _, id := range now.Primaries(ring.Partition(p)) {
			v.Primaries[p] = append(v.Primaries[p], now.Name(id))
		}
	}
	if now.InTransition() {
		next := make([]string, now.Partitions())
		for p := range next {
			next[p] = now.Name(now.TargetPrimaries(ring.Partition(p))[0])
		}
		v.Next = &next
	}
	for _, m := range now.Members() {
		v.Nodes = append(v.Nodes, api.RingNode{Name: m.Name, Status: statusOfMember(c.node, m, api.Node{})})
	}
	return v, nil
}

func (h *ringHandlers) getRingKey(_ context.Context, c *call) (any, error) {
	now, key := c.node.Ring(), c.key()
	p := now.PartitionOf(key)
	walk := now.Walk(p)
	v := api.KeyPlace{
		Key: keyOf(key), Slot: int(ring.SlotOf(key)), Partition: int(p),
		PreferenceList: places(now, walk, len(now.Primaries(p)), func(i int) bool { return c.node.Alive(walk[i]) }),
	}
	if at := slices.IndexFunc(v.PreferenceList, func(p api.Place) bool { return p.Alive }); at >= 0 {
		v.Coordinator = v.PreferenceList[at].Node
	}
	return v, nil
}
