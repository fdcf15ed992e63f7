package sim

import "time"

// Jumps of a wall clock: what a correction by NTP does now and then, what a machine
// that was suspended shows, and a clock that was set to another hour. One step is
// longer than causal.MaxDrift.
var jumps = [...]time.Duration{50 * time.Millisecond, 2 * time.Second, 20 * time.Second, time.Hour}

// jumping is by how much a clock jumps: mostly a little, forwards or back.
func (s *schedule) jumping() time.Duration {
	most := jumps[s.rng.IntN(1+s.rng.IntN(len(jumps)))]
	d := time.Duration(s.rng.Int64N(int64(most)))
	if s.rng.IntN(2) == 0 {
		return -d
	}
	return d
}

// shows returns what a node's wall clock shows at a simulated time, in unix milliseconds.
func (n *node) shows(at time.Duration) int64 {
	return unixMilli(at + n.skew + time.Duration(n.jump.Load()))
}

// setClock sets a node's wall clock ahead of its monotonic clock.
func (c *cluster) setClock(n *node, ahead int64) {
	if n.jump.Load() != ahead {
		c.note("%s has a wall clock that is %v ahead", n.name, time.Duration(ahead))
		n.jump.Store(ahead)
	}
}

// wall is the time that the node's wall clock shows. It must be called within a
// bubble.
func (n *node) wall() time.Time { return time.Now().Add(time.Duration(n.jump.Load())) }
