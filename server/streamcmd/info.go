package streamcmd

import (
	"fmt"

	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/resp"
)

const (
	// blockLen is the number of entries that Redis keeps together.
	blockLen = 100
	// mostOfFull is how many entries XINFO STREAM FULL shows, if the client does not say.
	mostOfFull = 10

	textBadInfo = "ERR unknown subcommand or wrong number of arguments for 'STREAM'. Try XINFO HELP."
)

// planInfo serves XINFO STREAM key [FULL [COUNT n]].
func planInfo(c *command.Call) {
	most, ok := int64(mostOfFull), true
	switch rest := c.Args[3:]; {
	case len(rest) == 0:
		planInfoOf(c, showInfo)
		return
	case len(rest) == 3 && resp.Is(rest[1], "COUNT"):
		if most, ok = number.ParseInt(rest[2]); !ok {
			c.Refuse(command.TextNotInteger)
			return
		}
		if most < 0 {
			most = mostOfFull
		}
		fallthrough
	case len(rest) == 1:
		if !resp.Is(rest[0], "FULL") {
			c.Refuse(textBadInfo)
			return
		}
		planInfoOf(c, func(c *command.Call, s collection.Stream) { showFull(c, s, most) })
	default:
		c.Refuse(textBadInfo)
	}
}

// planInfoOf plans a read of the stream that XINFO speaks of, which must exist.
func planInfoOf(c *command.Call, show func(*command.Call, collection.Stream)) {
	c.Read(c.Args[2])
	c.Reply = func(c *command.Call) {
		v, ok := c.View(c.Requests[0], object.Entry)
		if !ok {
			return
		}
		s := collection.StreamOf(v)
		if c.Count(s.Exists()); !s.Exists() {
			c.Out.Error(command.TextNoSuchKey)
			return
		}
		show(c, s)
	}
}

// showCounts writes what both forms of XINFO STREAM begin with. Redis would keep this many blocks.
func showCounts(c *command.Call, s collection.Stream) {
	blocks := (len(s.Entries) + blockLen - 1) / blockLen
	first := collection.StreamID{}
	if len(s.Entries) > 0 {
		first = collection.IDOf(s.Entries[0])
	}
	for _, field := range []struct {
		name  string
		value int
	}{{"length", len(s.Entries)}, {"radix-tree-keys", blocks}, {"radix-tree-nodes", blocks + 1}} {
		c.Out.Text(field.name)
		c.Out.Int(int64(field.value))
	}
	c.Out.Text("last-generated-id")
	c.Out.Text(s.Last.String())
	c.Out.Text("max-deleted-entry-id")
	c.Out.Text(s.Deleted.String())
	c.Out.Text("entries-added")
	c.Out.Int(int64(s.Added()))
	c.Out.Text("recorded-first-entry-id")
	c.Out.Text(first.String())
}

func showInfo(c *command.Call, s collection.Stream) {
	if n := len(s.Entries); n > 0 && !fits(c, collection.View{s.Entries[0], s.Entries[n-1]}) {
		return
	}
	c.Out.Map(10)
	showCounts(c, s)
	c.Out.Text("groups")
	c.Out.Int(0)
	for _, end := range []struct {
		name string
		at   int
	}{{"first-entry", 0}, {"last-entry", len(s.Entries) - 1}} {
		if c.Out.Text(end.name); len(s.Entries) == 0 {
			c.Out.Null()
			continue
		}
		showEntry(c, s.Entries[end.at])
	}
}

// showFull writes the first entries, too; all of them if most is 0.
func showFull(c *command.Call, s collection.Stream, most int64) {
	entries := s.Entries
	if most > 0 && most < int64(len(entries)) {
		entries = entries[:most]
	}
	if !fits(c, entries) {
		return
	}
	c.Out.Map(9)
	showCounts(c, s)
	c.Out.Text("entries")
	showEntries(c, entries)
	c.Out.Text("groups")
	c.Out.Array(0)
}

// planGroups serves XINFO GROUPS key. There are none.
func planGroups(c *command.Call) {
	planInfoOf(c, func(c *command.Call, _ collection.Stream) { c.Out.Array(0) })
}

// planConsumers serves XINFO CONSUMERS key group.
func planConsumers(c *command.Call) {
	planInfoOf(c, func(c *command.Call, _ collection.Stream) {
		c.Out.Error(fmt.Sprintf("NOGROUP No such consumer group '%s' for key name '%s'", c.Args[3], c.Args[2]))
	})
}
