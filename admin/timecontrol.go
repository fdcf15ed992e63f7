package admin

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/quorate/quorate/admin/api"
	"github.com/quorate/quorate/admin/fanout"
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

// postHold holds the hints of all nodes.
func (h *chaosHandlers) postHold(ctx context.Context, c *call) (any, error) {
	if err := c.json(new(struct{})); err != nil {
		return nil, err
	}
	if !h.cfg.Process.Chaos() {
		return nil, ErrChaosForbidden
	}
	c.node.Repair.HoldHints()
	return h.holdEverywhere(ctx, c, "/api/hints/hold?local=1")
}

// postRelease lets the hints of all nodes go.
func (h *chaosHandlers) postRelease(ctx context.Context, c *call) (any, error) {
	if err := c.json(new(struct{})); err != nil {
		return nil, err
	}
	c.node.Repair.ReleaseHints()
	return h.holdEverywhere(ctx, c, "/api/hints/release?local=1")
}

// holdEverywhere asks the other ports for the same, unless the caller means this node alone,
// and answers the state of all.
func (h *chaosHandlers) holdEverywhere(ctx context.Context, c *call, path string) (any, error) {
	here := snapshotOf(c.node)
	all, missing := map[string]api.HintHold{}, []string{}
	if !c.local() {
		all, missing = fanout.All[api.HintHold](ctx, h.ports, here.Others(), fanout.Question{
			Method: http.MethodPost, Path: fanout.Same(path), Body: struct{}{},
		})
	}
	all[here.Self] = api.HintHold{Nodes: []api.HeldHints{{Node: here.Self, HeldMillis: millisOf(c.node.Repair.Status().HintsHeld)}}}
	out := api.HintHold{Nodes: []api.HeldHints{}, Missing: missing}
	for _, m := range here.Ring.Members() {
		out.Nodes = append(out.Nodes, all[m.Name].Nodes...)
	}
	return out, nil
}
