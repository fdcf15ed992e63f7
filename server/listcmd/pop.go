package listcmd

import (
	"context"
	"strconv"

	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/resp"
)

// failures are the texts for what cannot be removed.
var failures = map[collection.Failure]string{collection.TooLong: command.TextReplyTooBig}

// planPop returns a Plan that serves LPOP or RPOP key [count].
func planPop(flags collection.Flags) func(*command.Call) {
	return func(c *command.Call) {
		what := collection.Command{Op: collection.ListPop, Flags: flags, Number: 1}
		switch len(c.Args) {
		case 2:
			change(c, what)
			c.Reply = replyPopped
			return
		case 3:
		default:
			c.Refuse(command.WrongArity(c.Row))
			return
		}
		var ok bool
		if what.Number, ok = number.ParseInt(c.Args[2]); !ok || what.Number < 0 {
			c.Refuse("ERR value is out of range, must be positive")
			return
		}
		what.Limit = c.Node.Limits.Output.Load()
		change(c, what)
		c.Reply = replySomePopped
	}
}

func replyPopped(c *command.Call) {
	if a, ok := c.Changed(c.Requests[0], nil); ok {
		c.Count(!a.None)
		command.ReplyTaken(c, a)
	}
}

func replySomePopped(c *command.Call) {
	a, ok := c.Changed(c.Requests[0], failures)
	if !ok {
		return
	}
	if c.Count(!a.None); a.None {
		c.Out.NullArray()
		return
	}
	showItems(c, a.Values)
}

func showItems(c *command.Call, items [][]byte) {
	c.Out.Array(len(items))
	for _, item := range items {
		c.Out.Value(item)
	}
}

// planRemove serves LREM key count item.
func planRemove(c *command.Call) {
	count, ok := number.ParseInt(c.Args[2])
	if !ok {
		c.Refuse(command.TextNotInteger)
		return
	}
	change(c, collection.Command{Op: collection.ListRemove, Number: count, Args: c.Args[3:]})
}

// planTrim serves LTRIM key first last.
func planTrim(c *command.Call) {
	stay, ok := parseIndexes(c.Args[2:])
	if !ok {
		c.Refuse(command.TextNotInteger)
		return
	}
	change(c, collection.Command{Op: collection.ListTrim, Number: stay.First, Args: [][]byte{strconv.AppendInt(nil, stay.Last, 10)}})
	c.Reply = replyOK
}

// parseIndexes reads the indexes of the first and the last item of a range.
func parseIndexes(args [][]byte) (at collection.Indexes, ok bool) {
	if at.First, ok = number.ParseInt(args[0]); ok {
		at.Last, ok = number.ParseInt(args[1])
	}
	return at, ok
}

// parseEnd reads LEFT or RIGHT, and returns the flag for RIGHT.
func parseEnd(arg []byte, right collection.Flags) (flags collection.Flags, ok bool) {
	if resp.Is(arg, "RIGHT") {
		return right, true
	}
	return 0, resp.Is(arg, "LEFT")
}

// runPopFirst serves LMPOP numkeys key [key …] LEFT|RIGHT [COUNT count]: it pops from the
// first list that has items.
func runPopFirst(ctx context.Context, c *command.Call) {
	keys, what, refusal := parsePopFirst(c)
	if refusal != "" {
		c.Out.Error(refusal)
		return
	}
	for _, key := range keys {
		a, ok := c.Changed(c.ChangeNow(ctx, key, what), failures)
		if !ok {
			return
		}
		if a.None {
			continue
		}
		c.Count(true)
		c.Out.Array(2)
		c.Out.Value(key)
		showItems(c, a.Values)
		return
	}
	c.Count(false)
	c.Out.NullArray()
}

func parsePopFirst(c *command.Call) (keys [][]byte, what collection.Command, refusal string) {
	what = collection.Command{Op: collection.ListPop, Number: 1, Limit: c.Node.Limits.Output.Load()}
	n, ok := number.ParseInt(c.Args[1])
	switch {
	case !ok || n < 1:
		return nil, what, "ERR numkeys should be greater than 0"
	case n > int64(len(c.Args)-3): // one more says LEFT or RIGHT
		return nil, what, command.TextSyntax
	}
	keys, rest := c.Args[2:2+n], c.Args[2+n:]
	if what.Flags, ok = parseEnd(rest[0], collection.AtTail); !ok {
		return nil, what, command.TextSyntax
	}
	counted := false
	for rest = rest[1:]; len(rest) > 0; rest = rest[2:] {
		if counted || len(rest) < 2 || !resp.Is(rest[0], "COUNT") {
			return nil, what, command.TextSyntax
		}
		counted = true
		if what.Number, ok = number.ParseInt(rest[1]); !ok || what.Number < 1 {
			return nil, what, "ERR count should be greater than 0"
		}
	}
	return keys, what, ""
}
