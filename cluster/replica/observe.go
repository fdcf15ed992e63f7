package replica

import (
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
)

// Observe makes this node's later stamps come after t, which another node has given. It
// returns false if t is more than [causal.MaxDrift] ahead of this node's clock: then that
// stays as it is, and the log says so, once a minute at most.
func (c *Coordinator) Observe(t causal.Timestamp) bool {
	err := c.cfg.Clock.Observe(t)
	if err == nil {
		return true
	}
	c.count.ClockRefused.Add(1)
	now := time.Now().UnixMilli()
	if last := c.warned.Load(); now-last >= time.Minute.Milliseconds() && c.warned.CompareAndSwap(last, now) {
		c.cfg.Logger.Warn("the clock of a node is wrong: check the time of all nodes", "err", err)
	}
	return false
}
