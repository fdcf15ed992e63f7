package introspect

import (
	"context"
	"strconv"
	"time"

	"github.com/quorate/quorate/server/command"
)

// Commands that tools and libraries try. They are answered as a Redis does that has
// nothing to report.

func replyEmptyArray(_ context.Context, c *command.Call) { c.Out.Array(0) }

func (f *Family) runLastSave(_ context.Context, c *command.Call) {
	c.Out.Int(f.Born.Unix())
}

// runRole answers as a lone master: every node takes writes, and none follows
// another.
func runRole(_ context.Context, c *command.Call) {
	c.Out.Array(3)
	c.Out.Text("master")
	c.Out.Int(0)
	c.Out.Array(0)
}

func planTime(c *command.Call) {
	c.Reply = func(c *command.Call) {
		now := c.Node.Now()
		c.Out.Array(2)
		c.Out.Text(strconv.FormatInt(now.Unix(), 10))
		c.Out.Text(strconv.Itoa(now.Nanosecond() / int(time.Microsecond)))
	}
}

// runMonitor serves MONITOR.
func runMonitor(_ context.Context, c *command.Call) {
	c.Out.OK()
	c.Session.Watch()
}
