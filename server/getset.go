package server

import (
	"strconv"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/server/resp"
)

// GET, SET and DEL, with what quorate adds to them: CONTEXT, R and W.

// planGet serves GET key [CONTEXT] [R n].
func planGet(s *session, e *entry) {
	sl := s.read(e, e.args[1])
	e.reply = replyGet
	for i := 2; i < len(e.args); i++ {
		switch arg := e.args[i]; {
		case resp.Is(arg, "CONTEXT"):
			e.reply = replySiblings
		case resp.Is(arg, "R") && i+1 < len(e.args):
			i++
			n, refusal := s.quorum('R', e.args[i])
			if refusal != "" {
				s.refuse(e, refusal)
				return
			}
			sl.R = n
		default:
			s.refuse(e, wrongArity(e.command)) // what Redis says to a third argument
			return
		}
	}
}

// replyGet answers with one value, chosen by policy. A client that asked for it
// gets the context and the number of siblings as an attribute.
func replyGet(s *session, e *entry) {
	sl := e.slots[0]
	if s.contexts && s.out.RESP3 && sl.Err == nil {
		s.out.Attribute(2)
		s.out.Text("context")
		s.context(sl.Key, sl.Object.Clock)
		s.out.Text("siblings")
		s.out.Int(int64(liveSiblings(&sl.Object, s.now)))
	}
	replyValue(s, e)
}

// replySiblings answers GET key CONTEXT: the context, then all values.
func replySiblings(s *session, e *entry) {
	sl := e.slots[0]
	if sl.Err != nil {
		s.fail(sl.Err)
		return
	}
	s.out.Array(2)
	s.context(sl.Key, sl.Object.Clock)
	n := liveSiblings(&sl.Object, s.now)
	s.out.Array(n)
	for i := range sl.Object.Siblings {
		if sibling := &sl.Object.Siblings[i]; sibling.Live(s.now) {
			s.out.Value(sibling.Data)
		}
	}
	if n == 0 {
		s.misses++
	} else {
		s.hits++
	}
}

// context writes a causal context as a bulk string; of a key nobody ever wrote
// it is empty. A writer's has its own event beside what it had seen.
func (s *session) context(key []byte, clock causal.Vector, own ...causal.Dot) {
	s.token = s.token[:0]
	if len(clock)+len(own) > 0 {
		s.token = causal.AppendContext(s.token, key, clock, own...)
	}
	s.out.Bulk(s.token)
}

// quorum reads the number of an R or W option.
func (s *session) quorum(side byte, arg []byte) (int, string) {
	n, ok := resp.ParseInt(arg)
	if limit := s.server.store.Ring().Configured().N; !ok || n < 1 || n > int64(limit) {
		return 0, "ERR " + string(side) + " must be between 1 and N, which is " + strconv.Itoa(limit)
	}
	return int(n), ""
}

// planSet serves SET with all its options.
func planSet(s *session, e *entry) {
	sl, u := s.store(e, e.args[1], register.Set, e.args[2])
	e.reply = replySet
	if len(e.args) == 3 {
		return
	}
	o := setOptions{slot: sl, update: u}
	if refusal := o.parse(s, e.args); refusal != "" {
		s.refuse(e, refusal)
		return
	}
	if o.at != nil {
		at, refusal := s.expiry(e.command, o.unit, o.at)
		if refusal != "" {
			s.refuse(e, refusal)
			return
		}
		u.Expiry = at
	}
	switch {
	case u.HasContext:
		e.reply = replyContext
	case u.WantOld:
		e.reply = replyOld
	}
}

// setOptions collects the options of one SET into its update.
type setOptions struct {
	slot   *slot
	update *register.Update
	at     []byte // of EX, PX, EXAT or PXAT
	unit   unit
}

func (o *setOptions) parse(s *session, args [][]byte) string {
	u := o.update
	for i := 3; i < len(args); i++ {
		arg := args[i]
		var next []byte
		if i+1 < len(args) {
			next = args[i+1]
		}
		unit, timed := unitOf(arg)
		switch {
		case resp.Is(arg, "NX") && u.Condition != register.IfPresent:
			u.Condition = register.IfAbsent
		case resp.Is(arg, "XX") && u.Condition != register.IfAbsent:
			u.Condition = register.IfPresent
		case resp.Is(arg, "GET") && !u.HasContext:
			u.WantOld = true
		case resp.Is(arg, "KEEPTTL") && o.at == nil:
			u.KeepTTL = true
		case timed && next != nil && (o.at == nil || o.unit == unit) && !u.KeepTTL:
			o.at, o.unit = next, unit
			i++
		case resp.Is(arg, "CONTEXT") && next != nil && !u.HasContext && !u.WantOld:
			var err error
			if u.Context, u.Own, err = causal.ParseDotted(args[1], next); err != nil {
				return errorText(err)
			}
			u.HasContext = true
			i++
		case resp.Is(arg, "W") && next != nil:
			n, refusal := s.quorum('W', next)
			if refusal != "" {
				return refusal
			}
			o.slot.W = n
			i++
		default:
			return textSyntax
		}
	}
	return ""
}

func replySet(s *session, e *entry) {
	switch sl := e.slots[0]; {
	case s.refused(e.command, sl):
	case sl.Result.Applied:
		s.out.OK()
	default:
		s.out.Null()
	}
}

// replyContext answers a SET with CONTEXT: what to pass with the next one.
func replyContext(s *session, e *entry) {
	switch sl := e.slots[0]; {
	case s.refused(e.command, sl):
	case sl.Result.Applied:
		s.context(sl.Key, sl.Result.Context, sl.Result.Dot)
	default:
		s.out.Null()
	}
}

// planDelete serves DEL key … and DEL key CONTEXT ctx [W n], and UNLINK. The
// second form is told by its second word alone: a key named CONTEXT has to come
// first, or last.
func planDelete(s *session, e *entry) {
	if withContext(e.args) {
		planDeleteContext(s, e)
		return
	}
	planDeleteKeys(s, e)
}

func planDeleteKeys(s *session, e *entry) {
	for _, key := range e.args[1:] {
		s.write(e, key, register.Delete)
	}
	e.reply = replyCount
}

func withContext(args [][]byte) bool {
	return len(args) == 4 && resp.Is(args[2], "CONTEXT") ||
		len(args) == 6 && resp.Is(args[2], "CONTEXT") && resp.Is(args[4], "W")
}

func planDeleteContext(s *session, e *entry) {
	context, own, err := causal.ParseDotted(e.args[1], e.args[3])
	if err != nil {
		s.refuse(e, errorText(err))
		return
	}
	w := s.w
	if len(e.args) == 6 {
		n, refusal := s.quorum('W', e.args[5])
		if refusal != "" {
			s.refuse(e, refusal)
			return
		}
		w = n
	}
	sl, u := s.write(e, e.args[1], register.Delete)
	u.Context, u.Own, u.HasContext = context, own, true
	sl.W = w
	e.reply = replyCount
}
