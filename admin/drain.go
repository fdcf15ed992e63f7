package admin

import (
	"context"

	"github.com/quorate/quorate/admin/api"
)

// postDrain makes the node refuse new clients.
func (h *nodeHandlers) postDrain(_ context.Context, c *call) (any, error) {
	if err := c.json(new(struct{})); err != nil {
		return nil, err
	}
	if err := h.cfg.Process.Drain(); err != nil {
		return nil, err
	}
	return h.drain(), nil
}

// deleteDrain makes the node take clients again.
func (h *nodeHandlers) deleteDrain(context.Context, *call) (any, error) {
	if err := h.cfg.Process.Undrain(); err != nil {
		return nil, err
	}
	return h.drain(), nil
}

func (h *nodeHandlers) drain() api.Drain {
	return api.Drain{Node: h.cfg.Name, DrainingMillis: millisOf(h.cfg.Process.DrainingSince())}
}
