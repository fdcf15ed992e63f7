package server

import (
	"context"
	"time"

	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/server/resp"
)

// dispatch plans one whole command, or runs it after the batch. An error ends
// the connection.
func (s *session) dispatch(ctx context.Context, raw []byte, kind resp.Shape) error {
	args, err := s.batch.parse(raw, kind)
	if err != nil || len(args) == 0 {
		return err
	}
	silent := s.mute || s.skip
	s.skip = false
	c, refusal := s.server.choose(args, s.authenticated)
	if c == nil && resp.IsCrossProtocol(args[0]) {
		return resp.ErrCrossProtocol
	}
	if refusal == "" && s.server.attention.Load() {
		if args, err = s.attend(ctx, c, args, raw, kind); err != nil {
			return err
		}
	}
	if refusal == "" && c.alone(len(args)) {
		if len(s.batch.entries) > 0 {
			s.flushBatch(ctx)
			if args, err = s.batch.parse(raw, kind); err != nil {
				return err
			}
		}
		s.runAlone(ctx, c, args, silent)
		return nil
	}
	e := s.batch.add(c, args)
	e.silent = silent
	if refusal != "" {
		s.refuse(e, refusal)
		s.server.reject(c)
	} else {
		c.plan(s, e)
	}
	if s.full() {
		s.flushBatch(ctx)
	}
	return nil
}

// choose finds the command and what speaks against it, in Redis's order: does
// it exist, is it complete, may this client run it. The command is nil if there
// is none of that name.
func (s *Server) choose(args [][]byte, authenticated bool) (*command, string) {
	c := s.table.find(args[0])
	switch {
	case c == nil:
		return s.chooseUnsupported(args, authenticated)
	case len(c.subcommands) > 0 && len(args) > 1:
		sub := s.table.findSub(c, args[1])
		if sub == nil {
			return c, s.refuseSub(c, args[1], authenticated)
		}
		c = sub
	}
	switch {
	case !c.fits(len(args)):
		return c, wrongArity(c)
	case !authenticated && !c.stranger:
		return c, textNoAuth
	}
	return c, ""
}

// flushBatch executes what is planned and renders the replies.
func (s *session) flushBatch(ctx context.Context) {
	b := s.batch
	if len(b.entries) == 0 {
		b.reset()
		return
	}
	start := time.Now()
	if len(b.requests) > 0 {
		s.server.store.Do(ctx, b.requests)
		s.noteSlow(b.entries[0].command, b.entries[0].args, len(b.entries)-1, start)
	}
	s.look()
	before := s.out.sent + int64(len(s.out.Buf))
	for i := range b.entries {
		e := &b.entries[i]
		mark := s.beginReply(e.silent)
		failures := s.out.Failures
		e.reply(s, e)
		s.endReply(mark, e.silent)
		e.failed = min(s.out.Failures-failures, 1)
	}
	s.adapt(s.out.sent + int64(len(s.out.Buf)) - before)
	s.account(start)
	b.reset()
}

// runAlone executes one command that is not part of a batch.
func (s *session) runAlone(ctx context.Context, c *command, args [][]byte, silent bool) {
	start := time.Now()
	s.look()
	mark := s.beginReply(silent)
	failures := s.out.Failures
	c.run(ctx, s, c, args)
	if c.full == "client|reply" { // it decides for itself whether it is answered
		silent = silent && s.mute
	}
	s.endReply(mark, silent)
	s.noteSlow(c, args, 0, start)
	s.batch.reset()
	took := time.Since(start)
	s.server.counters.record(c, 1, s.out.Failures-failures, took, took)
	s.noteActivity(c, start)
}

// look takes what all replies of a batch share.
func (s *session) look() {
	s.now = s.server.cfg.Now().UnixMilli()
	s.policy = s.server.store.Policy()
}

func (s *session) beginReply(silent bool) int {
	s.out.Muted = silent
	return len(s.out.Buf)
}

func (s *session) endReply(mark int, silent bool) {
	if silent {
		s.out.Buf = s.out.Buf[:mark]
	}
	s.out.Muted = false
	s.out.Trim()
}

// account counts the batch: runs of one command at once, each with its share of
// the time.
func (s *session) account(start time.Time) {
	entries := s.batch.entries
	took := time.Since(start)
	share := took / time.Duration(len(entries))
	for i := 0; i < len(entries); {
		c, calls, failed := entries[i].command, int64(0), int64(0)
		for i < len(entries) && entries[i].command == c {
			calls++
			failed += entries[i].failed
			i++
		}
		if c != nil {
			s.server.counters.record(c, calls, failed, share*time.Duration(calls), took)
		}
	}
	s.noteActivity(entries[len(entries)-1].command, start)
	if s.hits+s.misses > 0 {
		s.server.counters.hits.Add(s.hits)
		s.server.counters.misses.Add(s.misses)
		s.hits, s.misses = 0, 0
	}
}

// noteSlow remembers what took long: in the slow log, and as an event of LATENCY.
func (s *session) noteSlow(c *command, args [][]byte, more int, start time.Time) {
	took := time.Since(start)
	if s.server.slowlog.slow(took) {
		s.server.slowlog.add(s, c, args, more, start, took)
	}
	if s.server.latency.slow(took) {
		s.server.latency.add(c, start, took)
	}
}

func (s *session) noteActivity(c *command, at time.Time) {
	s.active.Store(at.UnixNano())
	if c != nil {
		s.last.Store(c)
	}
	s.server.counters.received.Add(s.drained)
	s.server.counters.sent.Add(s.out.sent - s.counted)
	s.drained, s.counted = 0, s.out.sent
}

// value is what a read found, as the policy for siblings has it.
func (s *session) value(sl *slot) (object.Value, bool, error) {
	if sl.Err != nil {
		return object.Value{}, false, sl.Err
	}
	return register.Resolve(&sl.Object, s.policy, s.now)
}
