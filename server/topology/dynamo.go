package topology

import (
	"context"
	"fmt"
	"time"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/message"
	"github.com/quorate/quorate/cluster/core/ring"
	"github.com/quorate/quorate/cluster/replica"
	"github.com/quorate/quorate/server/command"
)

// Handlers of DYNAMO, which shows in a terminal how the cluster carries out requests.

// planTrace serves DYNAMO TRACE GET|SET|DEL …. It runs the command, with its options, and
// answers with its reply and the steps that the request took. INFO counts it as that
// command.
func planTrace(c *command.Call) {
	r := c.Node.Table.Find(c.Args[2])
	if r == nil || !r.Traceable {
		c.Refuse("ERR DYNAMO TRACE takes GET, SET or DEL")
		return
	}
	args := c.Args[2:]
	if !r.Fits(len(args)) {
		c.Refuse(command.WrongArity(r))
		return
	}
	c.Row, c.Args = r, args
	r.Plan(c)
	switch {
	case c.Refused():
		return
	case len(c.Requests) != 1: // of DEL with many keys
		c.Refuse(command.WrongArity(r))
		return
	}
	trace := new(replica.Trace)
	c.Requests[0].Trace = trace
	answer := c.Reply
	c.Reply = func(c *command.Call) {
		c.Out.Array(2)
		answer(c)
		traceLines(c, trace)
	}
}

// traceLines writes a trace as lines with aligned columns.
func traceLines(c *command.Call, t *replica.Trace) {
	view := c.Node.Store.Ring()
	c.Out.Array(len(t.Steps) + 3)
	c.Out.Text(fmt.Sprintf("partition %d: %s", t.Partition, walkText(view, t.Walk, t.N)))
	c.Out.Text(fmt.Sprintf("%s took the request, %s coordinated it", view.Name(t.Node), view.Name(t.Coordinator)))
	for i := range t.Steps {
		c.Out.Text(stepText(view, &t.Steps[i]))
	}
	c.Out.Text(fmt.Sprintf("%9s  %d of %d needed answers, %d %s now%s", millis(t.Took), t.Got, t.Need,
		t.Siblings, plural(t.Siblings, "value"), repairText(view, t.Repaired)))
}

func stepText(view *ring.Ring, step *replica.Step) string {
	took := "no answer"
	if step.Took >= 0 {
		took = "took " + millis(step.Took)
	}
	text := fmt.Sprintf("%9s  %-8s %-11s %-7s %-6s %s", millis(step.At), view.Name(step.Node), step.Role, step.Action, step.Outcome, took)
	if step.For != 0 {
		text += ", kept for " + view.Name(step.For)
	}
	if step.Clock != nil {
		text += "  " + step.Clock.Format(view.Name)
	}
	if step.Error != "" {
		text += "  " + step.Error
	}
	return text
}

func walkText(view *ring.Ring, walk []ring.NodeID, primaries int) string {
	text := "primaries"
	for i, id := range walk {
		if i == primaries {
			text += "; fallbacks"
		}
		text += " " + view.Name(id)
	}
	return text
}

func repairText(view *ring.Ring, repaired []ring.NodeID) string {
	if len(repaired) == 0 {
		return ""
	}
	text := "; brought up to date:"
	for _, id := range repaired {
		text += " " + view.Name(id)
	}
	return text
}

func millis(d time.Duration) string {
	return fmt.Sprintf("%.3f ms", float64(d)/float64(time.Millisecond))
}

func plural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}

// runPreflist serves DYNAMO PREFLIST key. It shows the nodes that hold the key.
func runPreflist(_ context.Context, c *command.Call) {
	key, view := c.Args[2], c.Node.Store.Ring()
	p := view.PartitionOf(key)
	walk, primaries := view.Walk(p), len(view.Primaries(p))
	c.Out.Map(3)
	c.Out.Text("slot")
	c.Out.Int(int64(ring.SlotOf(key)))
	c.Out.Text("partition")
	c.Out.Int(int64(p))
	c.Out.Text("preference list")
	c.Out.Array(len(walk))
	for i, id := range walk {
		m, _ := view.Member(id)
		role, state := replica.RolePrimary, "up"
		if i >= primaries {
			role = replica.RoleFallback
		}
		if !c.Node.Store.Alive(id) {
			state = "down"
		}
		c.Out.Text(fmt.Sprintf("%s %s %s %s", m.Name, role, state, m.ClientAddr))
	}
}

// runVersions serves DYNAMO VERSIONS key. It lists the versions that led to the key's
// value, the oldest first, as far as the nodes that answer remember them.
func runVersions(ctx context.Context, c *command.Call) {
	h := c.Node.Store.History(ctx, c.Args[2])
	view := c.Node.Store.Ring()
	c.Out.Array(len(h.Versions))
	for i := range h.Versions {
		v := &h.Versions[i]
		c.Out.Map(5)
		c.Out.Text("version")
		c.Out.Text(dotText(view, v.Dot))
		c.Out.Text("time")
		c.Out.Text(time.UnixMilli(v.Time.UnixMilli()).UTC().Format("2006-01-02T15:04:05.000Z"))
		c.Out.Text("had seen")
		c.Out.Text(v.Past.Vector.Format(view.Name))
		c.Out.Text("follows")
		parents := message.Parents(v, h.Versions)
		c.Out.Array(len(parents))
		for _, at := range parents {
			c.Out.Text(dotText(view, h.Versions[at].Dot))
		}
		c.Out.Text("value")
		if v.Tombstone {
			c.Out.Null()
		} else {
			c.Out.Bulk(v.Data)
		}
	}
}

func dotText(view *ring.Ring, d causal.Dot) string {
	return fmt.Sprintf("(%s, %d)", view.Name(d.Actor.Node), d.Counter)
}
