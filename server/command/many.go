package command

import (
	"bytes"
	"context"
	"errors"

	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/object"
)

// Sum collects the results of a command on many keys. If one of them fails, the whole
// command does, though other keys may have been written.
type Sum struct {
	Keys    int
	Count   int64    // of those that existed
	Values  [][]byte // nil where missing
	Refusal string

	bytes int64 // of Values
}

// AddCounts counts the keys of a call that existed.
func (m *Sum) AddCounts(c *Call) {
	for _, r := range c.Requests {
		m.Keys++
		switch {
		case r.Err != nil:
			m.Refusal = ErrorText(r.Err)
		case r.Update != nil && r.Result.Failure != 0:
			m.Refusal = failureText(c.Row, r.Result.Failure)
		case r.Update != nil && r.Result.Existed, r.Update == nil && c.Exists(r):
			m.Count++
		}
	}
}

// AddValues takes the values of a call's reads. They alias its results: see own. A key of
// another type is an error.
func (m *Sum) AddValues(c *Call) {
	for _, r := range c.Requests {
		m.Keys++
		v, found, err := c.Value(r)
		m.addValue(c, v, found, err)
	}
}

// AddStrings takes values as AddValues does, and keys of other types as missing.
func (m *Sum) AddStrings(c *Call) {
	for _, r := range c.Requests {
		m.Keys++
		v, found, err := c.Value(r)
		if errors.Is(err, register.ErrWrongType) {
			err = nil
		}
		m.addValue(c, v, found, err)
	}
}

func (m *Sum) addValue(c *Call, v object.Value, found bool, err error) {
	if err != nil {
		m.Refusal = ErrorText(err)
		return
	}
	c.Count(found)
	if !found {
		m.Values = append(m.Values, nil)
		return
	}
	if v.Data == nil {
		v.Data = []byte{}
	}
	m.bytes += int64(len(v.Data))
	m.Values = append(m.Values, v.Data)
	if m.bytes > c.Node.Limits.Output.Load() {
		m.Refusal = TextReplyTooBig
	}
}

// own copies the values from an index on, because the requests that hold them are about
// to be used again.
func (m *Sum) own(from int) {
	for i, v := range m.Values[from:] {
		m.Values[from+i] = bytes.Clone(v)
	}
}

// ReplyCount answers with the number of keys that existed.
func (m *Sum) ReplyCount(c *Call) {
	if m.Refusal != "" {
		c.Out.Error(m.Refusal)
		return
	}
	c.Out.Int(m.Count)
}

// ReplyOK answers with OK.
func (m *Sum) ReplyOK(c *Call) {
	if m.Refusal != "" {
		c.Out.Error(m.Refusal)
		return
	}
	c.Out.OK()
}

// ReplyValues answers with all values, nil where a key is missing.
func (m *Sum) ReplyValues(c *Call) {
	if m.Refusal != "" {
		c.Out.Error(m.Refusal)
		return
	}
	c.Out.Array(m.Keys)
	for _, value := range m.Values {
		if value == nil {
			c.Out.Null()
			continue
		}
		c.Out.Value(value)
	}
}

// ReplyCount answers a planned call with the number of its keys that existed.
func ReplyCount(c *Call) {
	var m Sum
	m.AddCounts(c)
	m.ReplyCount(c)
}

// ReplyAllOK answers a planned call with OK, or the failure of one of its keys.
func ReplyAllOK(c *Call) {
	var m Sum
	m.AddCounts(c)
	m.ReplyOK(c)
}

// ReplyValues answers a planned call with the values of all its keys that are strings.
func ReplyValues(c *Call) {
	m := Sum{Values: c.values[:0]}
	m.AddStrings(c)
	m.ReplyValues(c)
	clear(m.Values)
	c.values = m.Values[:0]
}

// PlanReads plans a read of each of the arguments.
func PlanReads(c *Call) {
	for _, key := range c.Args[1:] {
		c.Read(key)
	}
}

// InPieces carries out args[1:] with plan, BatchMax arguments at a time, and adds up the
// results with gather. It needs memory for one piece at a time and for the values that
// gather keeps. It is for Run.
func (c *Call) InPieces(ctx context.Context, args [][]byte, plan func(*Call), gather func(*Sum, *Call)) Sum {
	var m Sum
	for at := 1; at < len(args) && m.Refusal == ""; at += BatchMax {
		piece := Call{Client: c.Client, Row: c.Row}
		piece.Args = args[at-1 : min(at+BatchMax, len(args))] // as if its first were the name
		plan(&piece)
		c.execute(ctx, piece.Requests)
		have := len(m.Values)
		gather(&m, &piece)
		m.own(have)
		c.Batch.release()
	}
	return m
}
