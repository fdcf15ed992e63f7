package admin

import (
	"context"
	"fmt"
	"time"

	"github.com/quorate/quorate/admin/api"
)

// maxClockOffset is half of what the nodes' clocks may differ by: stamps of a node whose
// clock is set off are followed by all others, so that none is refused afterwards.
const maxClockOffset = 30 * time.Second

// postClock sets the clock of a node off.
func (h *chaosHandlers) postClock(ctx context.Context, c *call) (any, error) {
	var want api.ClockRequest
	if err := c.json(&want); err != nil {
		return nil, err
	}
	if most := maxClockOffset.Milliseconds(); want.OffsetMillis < -most || want.OffsetMillis > most {
		return nil, fmt.Errorf("%w: offset_ms is %d, want %d to %d", errBadRequest, want.OffsetMillis, -most, most)
	}
	node := c.text("node")
	if err := h.cfg.Process.SetClock(node, time.Duration(want.OffsetMillis)*time.Millisecond); err != nil {
		return h.forward(ctx, c, node, want, err)
	}
	h.log.Info("clock set off", "node", node, "offset_ms", want.OffsetMillis)
	return api.NodeClock{Node: node, OffsetMillis: want.OffsetMillis}, nil
}

// postDisk makes the disk of a node count as full, or as it is.
func (h *chaosHandlers) postDisk(ctx context.Context, c *call) (any, error) {
	var want api.DiskRequest
	if err := c.json(&want); err != nil {
		return nil, err
	}
	change := h.cfg.Process.UnfillDisk
	if want.Full {
		change = h.cfg.Process.FillDisk
	}
	node := c.text("node")
	if err := change(node); err != nil {
		return h.forward(ctx, c, node, want, err)
	}
	return api.NodeDisk{Node: node, Full: want.Full}, nil
}

// postHold holds the hints of all nodes.
func (h *chaosHandlers) postHold(ctx context.Context, c *call) (any, error) {
	if err := c.json(new(struct{})); err != nil {
		return nil, err
	}
	if !h.cfg.Process.Chaos() {
		return nil, ErrChaosForbidden
	}
	c.node.Repair.HoldHints()
	return h.holdEverywhere(ctx, c, "/api/hints/hold")
}

// postRelease lets the hints of all nodes go.
func (h *chaosHandlers) postRelease(ctx context.Context, c *call) (any, error) {
	if err := c.json(new(struct{})); err != nil {
		return nil, err
	}
	c.node.Repair.ReleaseHints()
	return h.holdEverywhere(ctx, c, "/api/hints/release")
}

// holdEverywhere has the other nodes do the same, and answers which nodes hold their hints.
func (h *chaosHandlers) holdEverywhere(ctx context.Context, c *call, path string) (any, error) {
	own := api.HeldHints{Node: c.node.Name(), HeldMillis: millisOf(c.node.Repair.Status().HintsHeld)}
	return api.HintHold(everywhere(ctx, h.ports, c, path, own)), nil
}
