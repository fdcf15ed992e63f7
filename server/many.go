package server

import (
	"bytes"
	"context"

	"github.com/quorate/quorate/cluster/core/datatype/register"
)

// sum gathers the results of a command on many keys. One key that cannot be
// answered for makes the whole command fail, though others may have been
// written.
type sum struct {
	keys    int
	count   int64    // of those that existed
	values  [][]byte // of MGET; nil where missing
	bytes   int64
	refusal string
}

// add takes the results of one entry. Values alias it: own them to keep them.
func (m *sum) add(s *session, e *entry, keep bool) {
	for _, sl := range e.slots {
		m.keys++
		switch {
		case sl.Err != nil:
			m.refusal = errorText(sl.Err)
		case sl.Update != nil && sl.Result.Failure != 0:
			m.refusal = failureText(e.command, sl.Result.Failure)
		case sl.Update != nil:
			m.count += int64(b2b(sl.Result.Existed))
		case keep:
			m.addValue(s, sl)
		default:
			m.count += int64(b2b(s.exists(sl)))
		}
	}
}

func (m *sum) addValue(s *session, sl *slot) {
	v, found, err := s.value(sl)
	if err != nil {
		m.refusal = errorText(err)
		return
	}
	if !found {
		s.misses++
		m.values = append(m.values, nil)
		return
	}
	s.hits++
	if v.Data == nil {
		v.Data = []byte{}
	}
	m.bytes += int64(len(v.Data))
	m.values = append(m.values, v.Data)
	if m.bytes > s.server.limits.output.Load() {
		m.refusal = textReplyTooBig
	}
}

// own makes the values from the given one on memory of their own, for the
// requests that they came with are about to be used again.
func (m *sum) own(from int) {
	for i, v := range m.values[from:] {
		m.values[from+i] = bytes.Clone(v)
	}
}

func replyCount(s *session, e *entry) {
	var m sum
	m.add(s, e, false)
	m.replyCount(s)
}

func (m *sum) replyCount(s *session) {
	if m.refusal != "" {
		s.out.Error(m.refusal)
		return
	}
	s.out.Int(m.count)
}

func planMGet(s *session, e *entry) {
	for _, key := range e.args[1:] {
		s.read(e, key)
	}
	e.reply = replyMGet
}

func replyMGet(s *session, e *entry) {
	m := sum{values: s.values[:0]}
	m.add(s, e, true)
	m.replyValues(s)
	clear(m.values)
	s.values = m.values[:0]
}

func (m *sum) replyValues(s *session) {
	if m.refusal != "" {
		s.out.Error(m.refusal)
		return
	}
	s.out.Array(m.keys)
	for _, value := range m.values {
		if value == nil {
			s.out.Null()
			continue
		}
		s.out.Value(value)
	}
}

func planMSet(s *session, e *entry) {
	if len(e.args)%2 == 0 {
		s.refuse(e, wrongArity(e.command))
		return
	}
	for i := 1; i < len(e.args); i += 2 {
		s.store(e, e.args[i], register.Set, e.args[i+1])
	}
	e.reply = replyMSet
}

func replyMSet(s *session, e *entry) {
	var m sum
	m.add(s, e, false)
	m.replyOK(s)
}

func (m *sum) replyOK(s *session) {
	if m.refusal != "" {
		s.out.Error(m.refusal)
		return
	}
	s.out.OK()
}

// Commands on more keys than a batch should hold are carried out piece by
// piece: with memory for a piece at a time, apart from the values of MGET.

func runManyMGet(ctx context.Context, s *session, c *command, args [][]byte) {
	m := s.inPieces(ctx, c, args, planMGet, true)
	m.replyValues(s)
}

func runManyExists(ctx context.Context, s *session, c *command, args [][]byte) {
	m := s.inPieces(ctx, c, args, planExists, false)
	m.replyCount(s)
}

func runManyDelete(ctx context.Context, s *session, c *command, args [][]byte) {
	m := s.inPieces(ctx, c, args, planDeleteKeys, false)
	m.replyCount(s)
}

func runManyMSet(ctx context.Context, s *session, c *command, args [][]byte) {
	if len(args)%2 == 0 {
		s.out.Error(wrongArity(c))
		return
	}
	m := s.inPieces(ctx, c, args, planMSet, false)
	m.replyOK(s)
}

// inPieces carries out args[1:] with plan, batchMax arguments at a time.
func (s *session) inPieces(ctx context.Context, c *command, args [][]byte, plan func(*session, *entry), keep bool) sum {
	var m sum
	for at := 1; at < len(args) && m.refusal == ""; at += batchMax {
		piece := args[at-1 : min(at+batchMax, len(args))] // as if its first were the name
		e := entry{command: c, args: piece}
		plan(s, &e)
		s.server.store.Do(ctx, s.batch.requests)
		have := len(m.values)
		m.add(s, &e, keep)
		m.own(have)
		s.batch.release()
	}
	return m
}
