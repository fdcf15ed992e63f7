package admin

import (
	"context"
	"slices"

	"github.com/quorate/quorate/cluster/core/ring"
)

// RingView is what GET /api/ring answers. A partition has one token, whose owner
// is the first of its preference list.
type RingView struct {
	Partitions int        `json:"partitions"`
	Slots      int        `json:"slots"`
	Version    uint64     `json:"version"`
	N          int        `json:"n"`
	Owners     []string   `json:"owners"` // by partition
	Next       *[]string  `json:"next"`   // after the change under way; null: there is none
	Nodes      []RingNode `json:"nodes"`
}

// RingNode is one member of a [RingView].
type RingNode struct {
	Name   string `json:"name"`
	Status string `json:"status"`
}

func (s *Server) getRing(_ context.Context, c *call) (any, error) {
	now := c.node.Ring()
	v := RingView{
		Partitions: now.Partitions(), Slots: ring.Slots, Version: now.Version(), N: now.Quorums().N,
		Owners: make([]string, now.Partitions()), Nodes: []RingNode{},
	}
	for p := range v.Owners {
		v.Owners[p] = now.Name(now.Owner(ring.Partition(p)))
	}
	if now.InTransition() {
		next := make([]string, now.Partitions())
		for p := range next {
			next[p] = now.Name(now.TargetPrimaries(ring.Partition(p))[0])
		}
		v.Next = &next
	}
	for _, m := range now.Members() {
		v.Nodes = append(v.Nodes, RingNode{m.Name, statusOfMember(c.node, m, Facts{})})
	}
	return v, nil
}

// KeyPlace is where a key lives.
type KeyPlace struct {
	Key
	Slot           int     `json:"slot"`
	Partition      int     `json:"partition"`
	PreferenceList []Place `json:"preference_list"`
	Coordinator    string  `json:"coordinator"` // of a write now: the first that answers; empty: none does
}

func (s *Server) getRingKey(_ context.Context, c *call) (any, error) {
	now, key := c.node.Ring(), c.key()
	p := now.PartitionOf(key)
	walk := now.Walk(p)
	v := KeyPlace{
		Key: keyOf(key), Slot: int(ring.SlotOf(key)), Partition: int(p),
		PreferenceList: places(now, walk, len(now.Primaries(p)), func(i int) bool { return c.node.Alive(walk[i]) }),
	}
	if at := slices.IndexFunc(v.PreferenceList, func(p Place) bool { return p.Alive }); at >= 0 {
		v.Coordinator = v.PreferenceList[at].Node
	}
	return v, nil
}
