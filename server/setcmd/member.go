package setcmd

import (
	"context"
	"math/rand/v2"

	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/server/command"
)

func planAdd(c *command.Call) {
	c.Change(c.Args[1], collection.Command{Op: collection.SetAdd, Args: c.Args[2:]})
	c.Reply = command.ReplyChanged
}

func showIsMember(c *command.Call, v collection.View) {
	found := v.Find(c.Args[2]) != nil
	c.Count(found)
	c.Out.Flag(found)
}

func showAreMembers(c *command.Call, v collection.View) {
	c.Count(len(v) > 0)
	c.Out.Array(len(c.Args) - 2)
	for _, member := range c.Args[2:] {
		c.Out.Flag(v.Find(member) != nil)
	}
}

func showMembers(c *command.Call, v collection.View) {
	c.Count(len(v) > 0)
	c.Out.Set(len(v))
	for _, e := range v {
		c.Out.Value(e.Name)
	}
}

func showMember(c *command.Call, e *object.Element) { c.Out.Value(e.Name) }

func planScan(c *command.Call) { c.PlanScan(object.Member, 1, showMember) }

// planPop serves SPOP key [count].
func planPop(c *command.Call) {
	count, counted := int64(1), len(c.Args) > 2
	if len(c.Args) > 3 {
		c.Refuse(command.TextSyntax)
		return
	}
	if counted {
		var ok bool
		if count, ok = number.ParseInt(c.Args[2]); !ok || count < 0 {
			c.Refuse("ERR value is out of range, must be positive")
			return
		}
	}
	c.Change(c.Args[1], collection.Command{Op: collection.SetPop, Number: count, Seed: rand.Uint64()})
	c.Reply = func(c *command.Call) {
		a, ok := c.Changed(c.Requests[0], nil)
		switch {
		case !ok:
		case counted:
			c.Out.Set(len(a.Values))
			for _, member := range a.Values {
				c.Out.Value(member)
			}
		default:
			command.ReplyTaken(c, a)
		}
	}
}

// planRandom serves SRANDMEMBER key [count].
func planRandom(c *command.Call) {
	if len(c.Args) > 3 {
		c.Refuse(command.TextSyntax)
		return
	}
	if len(c.Args) == 2 {
		c.PlanDraw(object.Member, 1, func(c *command.Call, drawn collection.View) {
			if len(drawn) == 0 {
				c.Out.Null()
				return
			}
			showMember(c, drawn[0])
		})
		return
	}
	count, refusal := command.ParseDraws(c.Args[2])
	if refusal != "" {
		c.Refuse(refusal)
		return
	}
	c.PlanDraw(object.Member, count, func(c *command.Call, drawn collection.View) {
		c.Out.Array(len(drawn))
		for _, e := range drawn {
			showMember(c, e)
		}
	})
}

// runMove serves SMOVE source destination member. It adds the member to the destination
// before it removes it from the source, so that a failure leaves it in both.
func runMove(ctx context.Context, c *command.Call) {
	from, ok := read(ctx, c, c.Args[1:2])
	if !ok {
		return
	}
	if len(from[0]) == 0 { // Redis does not look at the destination then
		c.Out.Int(0)
		return
	}
	if _, ok = read(ctx, c, c.Args[2:3]); !ok {
		return
	}
	member := c.Args[3]
	switch {
	case !from[0].has(member):
		c.Out.Int(0)
		return
	case string(c.Args[1]) == string(c.Args[2]):
		c.Out.Int(1)
		return
	}
	if _, ok := c.Changed(c.ChangeNow(ctx, c.Args[2], collection.Command{Op: collection.SetAdd, Args: c.Args[3:4]}), nil); !ok {
		return
	}
	if a, ok := c.Changed(c.ChangeNow(ctx, c.Args[1], collection.Command{Op: collection.SetRemove, Args: c.Args[3:4]}), nil); ok {
		c.Out.Int(a.Number)
	}
}
