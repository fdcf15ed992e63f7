package server

import (
	"math"

	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/server/resp"
)

// unit is how a client names a moment.
type unit struct {
	factor   int64 // milliseconds
	relative bool  // to now
}

var (
	relativeSeconds = unit{1000, true}
	relativeMillis  = unit{1, true}
	absoluteSeconds = unit{1000, false}
	absoluteMillis  = unit{1, false}
)

// unitOf recognises the options EX, PX, EXAT and PXAT.
func unitOf(arg []byte) (unit, bool) {
	switch {
	case resp.Is(arg, "EX"):
		return relativeSeconds, true
	case resp.Is(arg, "PX"):
		return relativeMillis, true
	case resp.Is(arg, "EXAT"):
		return absoluteSeconds, true
	case resp.Is(arg, "PXAT"):
		return absoluteMillis, true
	}
	return unit{}, false
}

// moment turns n units into unix milliseconds; ok is false beyond their range.
func (u unit) moment(n, now int64) (at int64, ok bool) {
	if n > math.MaxInt64/u.factor || n < math.MinInt64/u.factor {
		return 0, false
	}
	at = n * u.factor
	if u.relative {
		if at > math.MaxInt64-now {
			return 0, false
		}
		at += now
	}
	return at, true
}

// expiry reads the moment at which a value that is being written ends, or says
// why not.
func (s *session) expiry(c *command, u unit, arg []byte) (at int64, refusal string) {
	n, ok := resp.ParseInt(arg)
	if !ok {
		return 0, textNotInteger
	}
	at, ok = u.moment(n, s.server.cfg.Now().UnixMilli())
	if !ok || n <= 0 {
		return 0, invalidExpire(c)
	}
	return at, ""
}

// planExpire serves EXPIRE, PEXPIRE, EXPIREAT and PEXPIREAT. A moment that is
// past deletes the key.
func planExpire(s *session, e *entry) {
	condition, refusal := expireCondition(e.args[3:])
	if refusal != "" {
		s.refuse(e, refusal)
		return
	}
	n, ok := resp.ParseInt(e.args[2])
	if !ok {
		s.refuse(e, textNotInteger)
		return
	}
	var u unit
	switch e.command.name {
	case "expire":
		u = relativeSeconds
	case "pexpire":
		u = relativeMillis
	case "expireat":
		u = absoluteSeconds
	default:
		u = absoluteMillis
	}
	at, ok := u.moment(n, s.server.cfg.Now().UnixMilli())
	if !ok {
		s.refuse(e, invalidExpire(e.command))
		return
	}
	_, up := s.write(e, e.args[1], register.Expire)
	up.Condition = condition
	up.Expiry = max(at, 1) // 0 would be never
	e.reply = replyApplied
}

func expireCondition(options [][]byte) (register.Condition, string) {
	var nx, xx, gt, lt bool
	for _, option := range options {
		switch {
		case resp.Is(option, "NX"):
			nx = true
		case resp.Is(option, "XX"):
			xx = true
		case resp.Is(option, "GT"):
			gt = true
		case resp.Is(option, "LT"):
			lt = true
		default:
			return register.Always, "ERR Unsupported option " + string(option)
		}
	}
	switch {
	case nx && (xx || gt || lt):
		return register.Always, "ERR NX and XX, GT or LT options at the same time are not compatible"
	case gt && lt:
		return register.Always, "ERR GT and LT options at the same time are not compatible"
	case xx && gt:
		return register.IfPresentGreater, ""
	case xx && lt:
		return register.IfPresentLess, ""
	case nx:
		return register.IfAbsent, ""
	case xx:
		return register.IfPresent, ""
	case gt:
		return register.IfGreater, ""
	case lt:
		return register.IfLess, ""
	}
	return register.Always, ""
}

func planPersist(s *session, e *entry) {
	s.write(e, e.args[1], register.Persist)
	e.reply = replyApplied
}

// planTTL serves TTL, PTTL, EXPIRETIME and PEXPIRETIME.
func planTTL(s *session, e *entry) {
	s.read(e, e.args[1])
	e.reply = replyTTL
}

func replyTTL(s *session, e *entry) {
	v, found, err := s.value(e.slots[0])
	switch {
	case err != nil:
		s.fail(err)
		return
	case !found:
		s.out.Int(-2)
		return
	case v.Expiry == 0:
		s.out.Int(-1)
		return
	}
	left := max(v.Expiry-s.now, 0)
	switch e.command.name {
	case "ttl":
		s.out.Int(left/1000 + (left%1000+500)/1000)
	case "pttl":
		s.out.Int(left)
	case "expiretime":
		s.out.Int(v.Expiry/1000 + (v.Expiry%1000+500)/1000)
	default:
		s.out.Int(v.Expiry)
	}
}

// planGetEx serves GETEX key [EX s | PX ms | EXAT s | PXAT ms | PERSIST].
func planGetEx(s *session, e *entry) {
	var at []byte
	var u unit
	persist := false
	for i := 2; i < len(e.args); i++ {
		unit, timed := unitOf(e.args[i])
		switch {
		case timed && i+1 < len(e.args) && !persist && (at == nil || u == unit): // twice the same: the last counts
			i++
			at, u = e.args[i], unit
		case resp.Is(e.args[i], "PERSIST") && at == nil:
			persist = true
		default:
			s.refuse(e, textSyntax)
			return
		}
	}
	switch {
	case persist:
		_, up := s.write(e, e.args[1], register.Persist)
		up.WantOld = true
		e.reply = replyOld
	case at == nil:
		s.read(e, e.args[1])
		e.reply = replyValue
	default:
		planGetExAt(s, e, u, at)
	}
}

// planGetExAt reads even where the time is impossible: a key that is not there
// is nil before the time is judged.
func planGetExAt(s *session, e *entry, u unit, arg []byte) {
	at, refusal := s.expiry(e.command, u, arg)
	if refusal != "" {
		s.read(e, e.args[1])
		e.refusal, e.reply = refusal, replyGetExRefused
		return
	}
	_, up := s.write(e, e.args[1], register.GetEx)
	up.Expiry, up.WantOld = at, true
	e.reply = replyOld
}

func replyGetExRefused(s *session, e *entry) {
	switch _, found, err := s.value(e.slots[0]); {
	case err != nil:
		s.fail(err)
	case !found:
		s.found(nil, false)
	default:
		s.out.Error(e.refusal)
	}
}
