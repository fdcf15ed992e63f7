package admin

import (
	"context"

	"github.com/quorate/quorate/admin/api"
)

// repairHandlers pauses anti-entropy, and resumes it.
type repairHandlers struct{ *backend }

func (h *repairHandlers) postPause(ctx context.Context, c *call) (any, error) {
	if err := c.json(new(struct{})); err != nil {
		return nil, err
	}
	c.node.Repair.Pause()
	return h.everywhere(ctx, c, "/api/repair/pause")
}

func (h *repairHandlers) postResume(ctx context.Context, c *call) (any, error) {
	if err := c.json(new(struct{})); err != nil {
		return nil, err
	}
	c.node.Repair.Resume()
	return h.everywhere(ctx, c, "/api/repair/resume")
}

// everywhere has the other nodes do the same, and answers which nodes are paused.
func (h *repairHandlers) everywhere(ctx context.Context, c *call, path string) (any, error) {
	own := api.PausedNode{Node: c.node.Name(), PausedMillis: millisOf(c.node.Repair.Status().Paused)}
	return api.RepairPause(everywhere(ctx, h.ports, c, path, own)), nil
}
