package streamcmd

import (
	"math/rand/v2"
	"strconv"

	"github.com/quorate/quorate/cluster/core/datatype/collection"
	"github.com/quorate/quorate/cluster/core/number"
	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/resp"
)

// planAdd serves XADD key [NOMKSTREAM] [MAXLEN|MINID [=|~] threshold [LIMIT count]] id field value
// [field value …]. The time and the random number of an id are those of this node: wherever the
// update is carried out, and however often it is sent, they are the same.
func planAdd(c *command.Call) {
	a, fields, refusal := parseAddition(c.Args[2:], true)
	switch {
	case refusal != "":
	case len(fields) == 0 || len(fields)%2 != 0:
		refusal = command.WrongArity(c.Row)
	case a.id.Rule == collection.ExplicitID && a.id.ID == collection.StreamID{}:
		refusal = textNoZero
	}
	if refusal != "" {
		c.Refuse(refusal)
		return
	}
	change := collection.Command{
		Op: collection.StreamAdd, Number: c.Node.Now().UnixMilli(), Seed: rand.Uint64(),
		Args: [][]byte{a.id.Append(nil), collection.AppendFields(nil, fields), nil},
	}
	if a.trims {
		change.Args[2] = a.trim.Append(nil)
	}
	if a.present {
		change.Flags = collection.IfPresent
	}
	c.Change(c.Args[1], change)
	c.Reply = replyID
}

// replyID answers with the id of the new entry, or nil if there is none.
func replyID(c *command.Call) {
	a, ok := c.Changed(c.Requests[0], failures)
	switch {
	case !ok:
	case len(a.Values) == 0:
		c.Out.Null()
	default:
		id, _ := collection.ReadStreamID(a.Values[0])
		c.Out.Text(id.String())
	}
}

// planTrim serves XTRIM key MAXLEN|MINID [=|~] threshold [LIMIT count].
func planTrim(c *command.Call) {
	a, _, refusal := parseAddition(c.Args[2:], false)
	if refusal != "" {
		c.Refuse(refusal)
		return
	}
	c.Change(c.Args[1], collection.Command{Op: collection.StreamTrim, Args: [][]byte{a.trim.Append(nil)}})
	c.Reply = command.ReplyChanged
}

// planDelete serves XDEL key id [id …]. Of a stream that does not exist, a wrong id is not told.
func planDelete(c *command.Call) {
	names := make([][]byte, len(c.Args)-2)
	for i, word := range c.Args[2:] {
		id, ok := collection.ParseStreamID(word, 0)
		if !ok {
			planRead(func(c *command.Call, s collection.Stream) {
				if !s.Exists() {
					c.Out.Int(0)
					return
				}
				c.Out.Error(textBadID)
			})(c)
			return
		}
		names[i] = id.Append(nil)
	}
	c.Change(c.Args[1], collection.Command{Op: collection.StreamDelete, Args: names})
	c.Reply = command.ReplyChanged
}

// planSetID serves XSETID key id [ENTRIESADDED n] [MAXDELETEDID id].
func planSetID(c *command.Call) {
	last, ok := collection.ParseStreamID(c.Args[2], 0)
	deleted, added, refusal := collection.StreamID{}, int64(-1), ""
	if !ok {
		refusal = textBadID
	}
	for rest := c.Args[3:]; len(rest) > 0 && refusal == ""; {
		switch {
		case len(rest) > 1 && resp.Is(rest[0], "ENTRIESADDED"):
			if added, ok = number.ParseInt(rest[1]); !ok {
				refusal = command.TextNotInteger
			} else if added < 0 {
				refusal = textNegative
			}
			rest = rest[2:]
		case len(rest) > 1 && resp.Is(rest[0], "MAXDELETEDID"):
			if deleted, ok = collection.ParseStreamID(rest[1], 0); !ok {
				refusal = textBadID
			} else if last.Compare(deleted) < 0 {
				refusal = textBelowGiven
			}
			rest = rest[2:]
		default:
			refusal = command.TextSyntax
		}
	}
	if refusal != "" {
		c.Refuse(refusal)
		return
	}
	c.Change(c.Args[1], collection.Command{
		Op: collection.StreamSetID, Args: [][]byte{last.Append(nil), deleted.Append(nil), strconv.AppendInt(nil, added, 10)},
	})
	c.Reply = func(c *command.Call) {
		if _, ok := c.Changed(c.Requests[0], failures); ok {
			c.Out.OK()
		}
	}
}
