package streamcmd

import (
	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/resp"
)

const (
	textUnbalanced = "ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified."
	textNoWait     = "ERR BLOCK is not supported: no command waits for entries; ask again without BLOCK"
	textNoGroups   = "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option."
)

// position is from where a stream is read: the entries behind an id, or behind all that there are
// now.
type position struct {
	after  collection.StreamID
	newest bool
}

// streamsAt returns the position of the word STREAMS of XREAD, or -1.
func streamsAt(args [][]byte) int {
	for i := 1; i < len(args); i += 2 { // behind options, each of which has a value
		if resp.Is(args[i], "STREAMS") {
			return i
		}
	}
	return -1
}

// keysOfRead returns the positions of the keys of XREAD.
func keysOfRead(args [][]byte) (positions []int) {
	at := streamsAt(args)
	if at < 0 {
		return nil
	}
	for i := range (len(args) - at - 1) / 2 {
		positions = append(positions, at+1+i)
	}
	return positions
}

// parseRead reads [COUNT n] STREAMS key [key …] id [id …].
func parseRead(c *command.Call) (keys [][]byte, from []position, most int64, refusal string) {
	at := streamsAt(c.Args)
	options := c.Args[1:max(at, 1)]
	if at < 0 {
		options = c.Args[1:]
	}
	for ; len(options) > 0; options = options[2:] {
		var ok bool
		switch {
		case len(options) > 1 && resp.Is(options[0], "COUNT"):
			if most, ok = number.ParseInt(options[1]); !ok {
				return nil, nil, 0, command.TextNotInteger
			}
		case len(options) > 1 && resp.Is(options[0], "BLOCK"):
			return nil, nil, 0, textNoWait
		default:
			return nil, nil, 0, command.TextSyntax
		}
	}
	if at < 0 || at == len(c.Args)-1 {
		return nil, nil, 0, command.TextSyntax
	}
	rest := c.Args[at+1:]
	if len(rest)%2 != 0 {
		return nil, nil, 0, textUnbalanced
	}
	keys = rest[:len(rest)/2]
	for _, word := range rest[len(keys):] {
		p := position{newest: string(word) == "$"}
		if string(word) == ">" {
			return nil, nil, 0, textNoGroups
		}
		var ok bool
		if p.after, ok = collection.ParseStreamID(word, 0); !ok && !p.newest {
			return nil, nil, 0, textBadID
		}
		from = append(from, p)
	}
	return keys, from, most, ""
}

// planXRead serves XREAD [COUNT n] STREAMS key [key …] id [id …]. The answer is nil if no stream
// has an entry.
func planXRead(c *command.Call) {
	keys, from, most, refusal := parseRead(c)
	if refusal != "" {
		c.Refuse(refusal)
		return
	}
	for _, key := range keys {
		c.Read(key)
	}
	c.Reply = func(c *command.Call) { replyRead(c, keys, from, most) }
}

func replyRead(c *command.Call, keys [][]byte, from []position, most int64) {
	found, some, all := make([]collection.View, len(keys)), 0, collection.View(nil)
	for i := range keys {
		v, ok := c.View(c.Requests[i], object.Entry)
		if !ok {
			return
		}
		s := collection.StreamOf(v)
		c.Count(s.Exists())
		if from[i].newest {
			continue
		}
		if first, ok := from[i].after.Next(); ok {
			found[i] = s.Between(first, collection.MaxStreamID)
		}
		if most > 0 && most < int64(len(found[i])) {
			found[i] = found[i][:most]
		}
		if len(found[i]) > 0 {
			some, all = some+1, append(all, found[i]...)
		}
	}
	switch {
	case some == 0:
		c.Out.NullArray()
		return
	case !fits(c, all):
		return
	case c.Out.RESP3:
		c.Out.Map(some)
	default:
		c.Out.Array(some)
	}
	for i, key := range keys {
		if len(found[i]) == 0 {
			continue
		}
		if !c.Out.RESP3 {
			c.Out.Array(2)
		}
		c.Out.Bulk(key)
		showEntries(c, found[i])
	}
}
