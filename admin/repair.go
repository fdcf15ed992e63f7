package admin

import (
	"context"
	"net/http"

	"github.com/quorate/quorate/admin/api"
	"github.com/quorate/quorate/admin/fanout"
)

// repairHandlers pauses anti-entropy, and resumes it.
type repairHandlers struct{ *backend }

func (h *repairHandlers) postPause(ctx context.Context, c *call) (any, error) {
	if err := c.json(new(struct{})); err != nil {
		return nil, err
	}
	c.node.Repair.Pause()
	return h.everywhere(ctx, c, "/api/repair/pause?local=1")
}

func (h *repairHandlers) postResume(ctx context.Context, c *call) (any, error) {
	if err := c.json(new(struct{})); err != nil {
		return nil, err
	}
	c.node.Repair.Resume()
	return h.everywhere(ctx, c, "/api/repair/resume?local=1")
}

// everywhere asks the other ports for the same, unless the caller means this node alone, and
// answers the state of all.
func (h *repairHandlers) everywhere(ctx context.Context, c *call, path string) (any, error) {
	here := snapshotOf(c.node)
	all, missing := map[string]api.RepairPause{}, []string{}
	if !c.local() {
		all, missing = fanout.All[api.RepairPause](ctx, h.ports, here.Others(), fanout.Question{
			Method: http.MethodPost, Path: fanout.Same(path), Body: struct{}{},
		})
	}
	all[here.Self] = api.RepairPause{Nodes: []api.PausedNode{{Node: here.Self, PausedMillis: millisOf(c.node.Repair.Status().Paused)}}}
	out := api.RepairPause{Nodes: []api.PausedNode{}, Missing: missing}
	for _, m := range here.Ring.Members() {
		out.Nodes = append(out.Nodes, all[m.Name].Nodes...)
	}
	return out, nil
}
