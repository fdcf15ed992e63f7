package streamcmd

import (
	"slices"

	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/resp"
)

// planRead returns a Plan that reads a stream and answers with what show writes.
func planRead(show func(*command.Call, collection.Stream)) func(*command.Call) {
	return command.PlanView(object.Entry, func(c *command.Call, v collection.View) {
		s := collection.StreamOf(v)
		c.Count(s.Exists())
		show(c, s)
	})
}

func showLength(c *command.Call, s collection.Stream) { c.Out.Int(int64(len(s.Entries))) }

// entryOverhead is about what a reply has for an entry beside its bytes.
const entryOverhead = 64

// fits reports whether a reply with these entries is small enough. Otherwise it answers with the
// reason.
func fits(c *command.Call, entries collection.View) bool {
	size := int64(0)
	for _, e := range entries {
		size += int64(len(e.Data)) + entryOverhead
	}
	if size > c.Node.Limits.Output.Load() {
		c.Out.Error(command.TextReplyTooBig)
		return false
	}
	return true
}

// showEntries writes entries: of each its id, and its fields.
func showEntries(c *command.Call, entries collection.View) {
	c.Out.Array(len(entries))
	for _, e := range entries {
		showEntry(c, e)
	}
}

func showEntry(c *command.Call, e *object.Element) {
	c.Out.Array(2)
	c.Out.Text(collection.IDOf(e).String())
	fields := collection.FieldsOf(e.Data)
	c.Out.Array(len(fields))
	for _, f := range fields {
		c.Out.Value(f)
	}
}

// direction is the order of the entries of a range.
type direction bool

const (
	ascending  direction = false
	descending direction = true // the greatest id first, in the arguments too
)

// planRange returns a Plan that serves XRANGE key start end [COUNT n] or XREVRANGE key end start
// [COUNT n].
func planRange(d direction) func(*command.Call) {
	return func(c *command.Call) {
		first, last := c.Args[2], c.Args[3]
		if d == descending {
			first, last = last, first
		}
		from, to, refusal := parseSpan(first, last)
		most := int64(-1)
		for rest := c.Args[4:]; len(rest) > 0 && refusal == ""; rest = rest[min(2, len(rest)):] {
			var ok bool
			if len(rest) < 2 || !resp.Is(rest[0], "COUNT") {
				refusal = command.TextSyntax
			} else if most, ok = number.ParseInt(rest[1]); !ok {
				refusal = command.TextNotInteger
			}
			most = max(most, 0)
		}
		if refusal != "" {
			c.Refuse(refusal)
			return
		}
		planRead(func(c *command.Call, s collection.Stream) {
			if s.Exists() && most == 0 {
				c.Out.NullArray()
				return
			}
			found := slices.Clone(s.Between(from, to))
			if d == descending {
				slices.Reverse(found)
			}
			if most >= 0 && most < int64(len(found)) {
				found = found[:most]
			}
			if fits(c, found) {
				showEntries(c, found)
			}
		})(c)
	}
}
