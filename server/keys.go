package server

import "github.com/quorate/quorate/server/resp"

// planExists serves EXISTS and TOUCH; both count a key named twice as two.
func planExists(s *session, e *entry) {
	for _, key := range e.args[1:] {
		s.read(e, key)
	}
	e.reply = replyCount
}

func planType(s *session, e *entry) {
	s.read(e, e.args[1])
	e.reply = replyType
}

// replyType answers for a key with conflicting values too: they are all
// strings.
func replyType(s *session, e *entry) {
	switch sl := e.slots[0]; {
	case sl.Err != nil:
		s.fail(sl.Err)
	case s.exists(sl):
		s.out.Status("string")
	default:
		s.out.Status("none")
	}
}

func planObjectEncoding(s *session, e *entry) {
	s.read(e, e.args[2])
	e.reply = replyObjectEncoding
}

// replyObjectEncoding answers as Redis would have stored the value.
func replyObjectEncoding(s *session, e *entry) {
	v, found, err := s.value(e.slots[0])
	switch {
	case err != nil:
		s.fail(err)
		return
	case !found:
		s.out.Null()
		return
	}
	if _, ok := resp.ParseInt(v.Data); ok {
		s.out.Text("int")
	} else if len(v.Data) <= 44 {
		s.out.Text("embstr")
	} else {
		s.out.Text("raw")
	}
}

// exists tells whether a read found anything alive, under whatever policy: a
// conflict is between values, so that something is there.
func (s *session) exists(sl *slot) bool {
	_, found, err := s.value(sl)
	return found || err != nil && sl.Err == nil
}
