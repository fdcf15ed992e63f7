package zsetcmd

import (
	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/server/command"
)

// detail says what a reply shows of each member.
type detail uint8

const (
	names  detail = iota
	scores        // the score, too
)

// memberOverhead is about what a reply has for a member beside its bytes.
const memberOverhead = 24

// fits reports whether a reply with these members is small enough. Otherwise it answers with the
// reason.
func fits(c *command.Call, r collection.Ranking) bool {
	size := int64(0)
	for _, s := range r {
		size += int64(len(s.Member)) + memberOverhead
	}
	if size > c.Node.Limits.Output.Load() {
		c.Out.Error(command.TextReplyTooBig)
		return false
	}
	return true
}

// reply answers with members, unless they are too many.
func reply(c *command.Call, r collection.Ranking, d detail) {
	if fits(c, r) {
		write(c, r, d)
	}
}

// write writes members, in RESP3 each with its score as a pair.
func write(c *command.Call, r collection.Ranking, d detail) {
	switch {
	case d == names:
		c.Out.Array(len(r))
		for _, s := range r {
			c.Out.Value(s.Member)
		}
	case c.Out.RESP3:
		replyPairs(c, r)
	default:
		c.Out.Array(2 * len(r))
		for _, s := range r {
			replyPair(c, s)
		}
	}
}

// replyPairs writes members as pairs with their scores, whatever the protocol.
func replyPairs(c *command.Call, r collection.Ranking) {
	c.Out.Array(len(r))
	for _, s := range r {
		c.Out.Array(2)
		replyPair(c, s)
	}
}

func replyPair(c *command.Call, s collection.Scored) {
	c.Out.Value(s.Member)
	c.Out.Double(s.Score)
}

// planView returns a Plan that reads a sorted set and answers with what show writes.
func planView(show func(*command.Call, collection.View)) func(*command.Call) {
	return command.PlanView(object.Scored, counted(show))
}

// planNamed does what planView does, for a show that looks at the members alone that the arguments
// name.
func planNamed(show func(*command.Call, collection.View)) func(*command.Call) {
	return command.PlanNamed(object.Scored, counted(show))
}

// counted counts whether the key was found.
func counted(show func(*command.Call, collection.View)) func(*command.Call, collection.View) {
	return func(c *command.Call, v collection.View) {
		c.Count(len(v) > 0)
		show(c, v)
	}
}
