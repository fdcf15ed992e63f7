package server

import "github.com/quorate/quorate/server/resp"

// OBJECT: what there is to say about one key.

const textNoFrequency = "ERR An LFU maxmemory policy is not selected, access frequency not tracked. " +
	"Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust."

func planObjectFreq(s *session, e *entry) {
	s.read(e, e.args[2])
	e.reply = func(s *session, e *entry) {
		if _, found := s.stored(e.slots[0]); found {
			s.out.Error(textNoFrequency)
		}
	}
}

// planObjectIdletime serves OBJECT IDLETIME: the seconds since the key was
// written. Reads leave no trace.
func planObjectIdletime(s *session, e *entry) {
	s.read(e, e.args[2])
	e.reply = func(s *session, e *entry) {
		if _, found := s.stored(e.slots[0]); !found {
			return
		}
		var newest int64
		for _, sibling := range e.slots[0].Object.Siblings {
			newest = max(newest, sibling.Time.UnixMilli())
		}
		s.out.Int(max(s.now-newest, 0) / 1000)
	}
}

// planObjectRefcount answers as Redis does, which shares the objects of small
// numbers.
func planObjectRefcount(s *session, e *entry) {
	s.read(e, e.args[2])
	e.reply = func(s *session, e *entry) {
		data, found := s.stored(e.slots[0])
		if !found {
			return
		}
		if n, ok := resp.ParseInt(data); ok && n >= 0 && n < 10_000 {
			s.out.Int(1<<31 - 1)
			return
		}
		s.out.Int(1)
	}
}

// stored returns what a read found; else it has answered.
func (s *session) stored(sl *slot) (data []byte, found bool) {
	v, found, err := s.value(sl)
	switch {
	case err != nil:
		s.fail(err)
	case !found:
		s.out.Null()
	default:
		return v.Data, true
	}
	return nil, false
}
