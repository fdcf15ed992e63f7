package server

import (
	"context"
	"time"

	"github.com/quorate/quorate/server/command"
	"github.com/quorate/quorate/server/introspect"
	"github.com/quorate/quorate/server/resp"
)

// Bounds of one batch. It starts small and grows with the client's pipelines, but
// shrinks when values are large: the results of a batch are all in memory at once.
const (
	batchStart = 16       // requests
	batchBytes = 16 << 20 // of replies that should be in memory at once
)

// dispatch plans one whole command, or runs it after the batch. An error ends the
// connection.
func (s *session) dispatch(ctx context.Context, raw []byte, shape resp.Shape) error {
	args, err := s.client.Batch.Parse(raw, shape)
	if err != nil || len(args) == 0 {
		return err
	}
	silent := s.mode.silent()
	r, refusal := s.server.table.Choose(args, command.Rights{Authenticated: s.authenticated, Standalone: s.server.cfg.Standalone})
	if r == nil && resp.IsCrossProtocol(args[0]) {
		return resp.ErrCrossProtocol
	}
	if refusal == "" && s.server.hooks.armed.Load() {
		if args, err = s.runHooks(ctx, r, args, unparsed{raw, shape}); err != nil {
			return err
		}
	}
	if refusal == "" && r.Alone(len(args)) {
		if len(s.client.Batch.Calls) > 0 {
			s.flushBatch(ctx)
			if args, err = s.client.Batch.Parse(raw, shape); err != nil {
				return err
			}
		}
		c := s.client.Batch.Add(&s.client, r, args)
		c.Silent = silent
		s.runAlone(ctx, c)
		return nil
	}
	c := s.client.Batch.Add(&s.client, r, args)
	c.Silent = silent
	if refusal != "" {
		c.Refuse(refusal)
		if r != nil {
			s.server.counters.Reject(r)
		}
	} else {
		r.Plan(c)
	}
	if s.batchIsFull() {
		s.flushBatch(ctx)
	}
	return nil
}

// batchIsFull reports whether the batch should run before more is added.
func (s *session) batchIsFull() bool {
	b := s.client.Batch
	return len(b.Requests) >= s.batchLimit || len(b.Calls) >= command.BatchMax
}

// flushBatch executes the planned calls and renders the replies.
func (s *session) flushBatch(ctx context.Context) {
	b := s.client.Batch
	if len(b.Calls) == 0 {
		b.Reset()
		return
	}
	start := time.Now()
	if len(b.Requests) > 0 {
		if s.server.node.Tracer != nil {
			s.traceBatch(start)
		}
		s.server.node.Store.Do(ctx, b.Requests)
		s.noteSlow(&b.Calls[0], len(b.Calls)-1, start)
	}
	s.client.Look()
	before := s.output.sent + int64(len(s.client.Out.Buf))
	for i := range b.Calls {
		c := &b.Calls[i]
		mark := s.beginReply(c.Silent)
		failures := s.client.Out.Failures
		c.Reply(c)
		s.endReply(mark, c.Silent)
		c.Failed = min(s.client.Out.Failures-failures, 1)
	}
	s.adaptBatch(s.output.sent + int64(len(s.client.Out.Buf)) - before)
	s.account(start)
	if s.server.node.Tracer != nil {
		s.recordBatch()
	}
	b.Reset()
}

// runAlone executes one call that is not part of a batch.
func (s *session) runAlone(ctx context.Context, c *command.Call) {
	start := time.Now()
	s.client.Look()
	r := c.Row
	mark := s.beginReply(c.Silent)
	failures := s.client.Out.Failures
	if t := s.server.node.Tracer; t != nil && t.Sample() {
		c.BeginTrace(start)
	}
	r.Run(ctx, c)
	silent := c.Silent
	if r.DecidesSilence {
		silent = silent && s.mode.off
	}
	s.endReply(mark, silent)
	s.noteSlow(c, 0, start)
	c.Failed = min(s.client.Out.Failures-failures, 1)
	c.EndTrace(nil)
	s.client.Batch.Reset()
	took := time.Since(start)
	s.server.counters.Record(r, 1, s.client.Out.Failures-failures, took, took)
	s.noteActivity(r, start)
}

func (s *session) beginReply(silent bool) int {
	s.client.Out.Muted = silent
	return len(s.client.Out.Buf)
}

func (s *session) endReply(mark int, silent bool) {
	if silent {
		s.client.Out.Buf = s.client.Out.Buf[:mark]
	}
	s.client.Out.Muted = false
	s.client.Out.Trim()
}

// adaptBatch moves the batch's limit after one whose replies took this many bytes.
func (s *session) adaptBatch(bytes int64) {
	switch used := len(s.client.Batch.Requests); {
	case bytes > batchBytes:
		s.batchLimit = max(1, int(int64(used)*batchBytes/bytes))
	case used >= s.batchLimit:
		s.batchLimit = min(2*s.batchLimit, command.BatchMax)
	}
}

// account counts the calls of the batch, and gives each command its share of the time.
func (s *session) account(start time.Time) {
	calls := s.client.Batch.Calls
	took := time.Since(start)
	share := took / time.Duration(len(calls))
	for i := 0; i < len(calls); {
		r, count, failed := calls[i].Row, int64(0), int64(0)
		for i < len(calls) && calls[i].Row == r {
			count++
			failed += calls[i].Failed
			i++
		}
		if r != nil {
			s.server.counters.Record(r, count, failed, share*time.Duration(count), took)
		}
	}
	s.noteActivity(calls[len(calls)-1].Row, start)
	if s.client.Hits+s.client.Misses > 0 {
		s.server.counters.Hits.Add(s.client.Hits)
		s.server.counters.Misses.Add(s.client.Misses)
		s.client.Hits, s.client.Misses = 0, 0
	}
}

// noteSlow adds a call that took long to the slow log and to the samples of LATENCY.
// followers is the number of commands behind it in its pipeline.
func (s *session) noteSlow(c *command.Call, followers int, start time.Time) {
	took := time.Since(start)
	if s.server.slowlog.Slow(took) {
		s.server.slowlog.Add(introspect.SlowCall{Call: c, Followers: followers, At: start, Took: took})
	}
	if s.server.latency.Slow(took) {
		s.server.latency.Add(c.Row, start, took)
	}
}

// noteActivity records what CLIENT LIST and INFO show of the traffic.
func (s *session) noteActivity(r *command.Row, at time.Time) {
	s.active.Store(at.UnixNano())
	if r != nil {
		s.last.Store(r)
	}
	s.server.counters.Received.Add(s.received)
	s.server.counters.Sent.Add(s.output.sent - s.sentCounted)
	s.received, s.sentCounted = 0, s.output.sent
}
