package server

import (
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/core/object"
	"github.com/quorate/quorate/server/resp"
)

// read adds a read of key with the connection's quorum.
func (s *session) read(e *entry, key []byte) *slot {
	sl := s.batch.read(e, key)
	sl.R, sl.W = s.r, s.w
	return sl
}

// write adds an update of key with the connection's quorum.
func (s *session) write(e *entry, key []byte, kind register.Kind) (*slot, *register.Update) {
	sl, u := s.batch.write(e, key)
	sl.R, sl.W = s.r, s.w
	u.Kind = kind
	return sl, u
}

// store adds an update that carries a value from the client.
func (s *session) store(e *entry, key []byte, kind register.Kind, data []byte) (*slot, *register.Update) {
	sl, u := s.write(e, key, kind)
	u.Data = data
	if int64(len(data)) > s.server.cfg.WarnValueSize {
		s.server.large.Do(func() {
			s.server.cfg.Logger.Warn("large value stored", "bytes", len(data), "client", s.conn.RemoteAddr().String())
		})
	}
	return sl, u
}

func planSetNX(s *session, e *entry) {
	_, u := s.store(e, e.args[1], register.Set, e.args[2])
	u.Condition = register.IfAbsent
	e.reply = replyApplied
}

// planSetEX serves SETEX and PSETEX.
func planSetEX(s *session, e *entry) {
	unit := relativeSeconds
	if e.command.name == "psetex" {
		unit = relativeMillis
	}
	at, refusal := s.expiry(e.command, unit, e.args[2])
	if refusal != "" {
		s.refuse(e, refusal)
		return
	}
	_, u := s.store(e, e.args[1], register.Set, e.args[3])
	u.Expiry = at
	e.reply = replySet
}

func planGetSet(s *session, e *entry) {
	_, u := s.store(e, e.args[1], register.Set, e.args[2])
	u.WantOld = true
	e.reply = replyOld
}

func planGetDel(s *session, e *entry) {
	_, u := s.write(e, e.args[1], register.Delete)
	u.WantOld = true
	e.reply = replyOld
}

func planAppend(s *session, e *entry) {
	_, u := s.store(e, e.args[1], register.Append, e.args[2])
	u.Limit = s.server.limits.protocol.BulkBytes.Load()
	e.reply = replyNumber
}

func planSetRange(s *session, e *entry) {
	offset, ok := resp.ParseInt(e.args[2])
	switch {
	case !ok:
		s.refuse(e, textNotInteger)
		return
	case offset < 0:
		s.refuse(e, textOffset)
		return
	case len(e.args[3]) > 0 && offset > s.server.limits.protocol.BulkBytes.Load()-int64(len(e.args[3])):
		s.refuse(e, textTooLong)
		return
	}
	_, u := s.store(e, e.args[1], register.SetRange, e.args[3])
	u.Amount, u.Limit = offset, s.server.limits.protocol.BulkBytes.Load()
	e.reply = replyNumber
}

func planStrLen(s *session, e *entry) {
	s.read(e, e.args[1])
	e.reply = replyStrLen
}

func replyStrLen(s *session, e *entry) {
	v, _, err := s.value(e.slots[0])
	if err != nil {
		s.fail(err)
		return
	}
	s.out.Int(int64(len(v.Data)))
}

func planGetRange(s *session, e *entry) {
	var ok1, ok2 bool
	e.a, ok1 = resp.ParseInt(e.args[2])
	e.b, ok2 = resp.ParseInt(e.args[3])
	if !ok1 || !ok2 {
		s.refuse(e, textNotInteger)
		return
	}
	s.read(e, e.args[1])
	e.reply = replyGetRange
}

func replyGetRange(s *session, e *entry) {
	v, _, err := s.value(e.slots[0])
	if err != nil {
		s.fail(err)
		return
	}
	s.out.Value(cutRange(v.Data, e.a, e.b))
}

// cutRange is data from start to end, both included and, if negative, counted
// from the end. As in Redis up to 7, an end before the first byte is the first
// byte, unless both are negative and the wrong way round.
func cutRange(data []byte, start, end int64) []byte {
	size := int64(len(data))
	if start < 0 && end < 0 && start > end {
		return nil
	}
	if start < 0 {
		start = max(size+start, 0)
	}
	if end < 0 {
		end = max(size+end, 0)
	}
	end = min(end, size-1)
	if start > end {
		return nil
	}
	return data[start : end+1]
}

func planIncr(s *session, e *entry) { planIncrement(s, e, 1) }

func planDecr(s *session, e *entry) { planIncrement(s, e, -1) }

func planIncrBy(s *session, e *entry) {
	delta, ok := resp.ParseInt(e.args[2])
	if !ok {
		s.refuse(e, textNotInteger)
		return
	}
	planIncrement(s, e, delta)
}

func planDecrBy(s *session, e *entry) {
	delta, ok := resp.ParseInt(e.args[2])
	switch {
	case !ok:
		s.refuse(e, textNotInteger)
	case delta == -delta && delta != 0: // the one that has no opposite
		s.refuse(e, "ERR decrement would overflow")
	default:
		planIncrement(s, e, -delta)
	}
}

func planIncrement(s *session, e *entry, delta int64) {
	_, u := s.write(e, e.args[1], register.Increment)
	u.Amount = delta
	e.reply = replyNumber
}

func replyNumber(s *session, e *entry) {
	if sl := e.slots[0]; !s.refused(e.command, sl) {
		s.out.Int(sl.Result.Number)
	}
}

func replyApplied(s *session, e *entry) {
	if sl := e.slots[0]; !s.refused(e.command, sl) {
		s.out.Flag(sl.Result.Applied)
	}
}

// replyOld answers with the value that the update replaced.
func replyOld(s *session, e *entry) {
	if sl := e.slots[0]; !s.refused(e.command, sl) {
		s.found(sl.Result.Old, sl.Result.Existed)
	}
}

// found writes a value or nil, and counts which.
func (s *session) found(data []byte, found bool) {
	if !found {
		s.misses++
		s.out.Null()
		return
	}
	s.hits++
	s.out.Value(data)
}

func replyValue(s *session, e *entry) {
	v, found, err := s.value(e.slots[0])
	if err != nil {
		s.fail(err)
		return
	}
	s.found(v.Data, found)
}

// liveSiblings counts the values that a client would be shown.
func liveSiblings(o *object.Object, now int64) int {
	n := 0
	for i := range o.Siblings {
		if o.Siblings[i].Live(now) {
			n++
		}
	}
	return n
}

func planIncrByFloat(s *session, e *entry) {
	_, u := s.write(e, e.args[1], register.IncrementFloat)
	u.Float = string(e.args[2])
	e.reply = replyFloat
}

func replyFloat(s *session, e *entry) {
	if sl := e.slots[0]; !s.refused(e.command, sl) {
		s.out.Bulk(sl.Result.Data)
	}
}
