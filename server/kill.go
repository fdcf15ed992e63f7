package server

import (
	"context"

	"github.com/quorate/quorate/server/resp"
)

// runClientKill serves CLIENT KILL addr and CLIENT KILL filter value ….
func runClientKill(_ context.Context, s *session, _ *command, args [][]byte) {
	if len(args) == 3 {
		victims := s.server.clients()
		for _, other := range victims {
			if other.conn.RemoteAddr().String() == string(args[2]) {
				s.kill(other)
				s.out.OK()
				return
			}
		}
		s.out.Error("ERR No such client")
		return
	}
	f := killFilter{skipMe: true}
	if refusal := f.parse(args[2:]); refusal != "" {
		s.out.Error(refusal)
		return
	}
	killed := int64(0)
	for _, other := range s.server.clients() {
		if f.matches(other) && !(f.skipMe && other == s) {
			s.kill(other)
			killed++
		}
	}
	s.out.Int(killed)
}

// kill closes another client's connection at once, its own after the reply.
func (s *session) kill(other *session) {
	if other == s {
		s.ending = true
		return
	}
	other.killed.Store(true)
	_ = other.conn.Close()
}

// killFilter selects clients; all of its conditions must hold.
type killFilter struct {
	id                int64
	addr, laddr, user string
	byType, normal    bool
	skipMe            bool
}

func (f *killFilter) parse(args [][]byte) (refusal string) {
	if len(args)%2 != 0 {
		return textSyntax
	}
	for ; len(args) > 0 && refusal == ""; args = args[2:] {
		value := args[1]
		switch option := args[0]; {
		case resp.Is(option, "ID"):
			var ok bool
			if f.id, ok = resp.ParseInt(value); !ok || f.id < 1 {
				refusal = "ERR client-id should be greater than 0"
			}
		case resp.Is(option, "ADDR"):
			f.addr = string(value)
		case resp.Is(option, "LADDR"):
			f.laddr = string(value)
		case resp.Is(option, "TYPE"):
			f.byType = true
			f.normal, refusal = normalType(value)
		case resp.Is(option, "USER"):
			if f.user = string(value); f.user != defaultUser {
				refusal = "ERR No such user '" + f.user + "'"
			}
		case resp.Is(option, "SKIPME"):
			f.skipMe = resp.Is(value, "YES")
			if !f.skipMe && !resp.Is(value, "NO") {
				refusal = textSyntax
			}
		default:
			refusal = textSyntax
		}
	}
	return refusal
}

func (f *killFilter) matches(s *session) bool {
	return (f.id == 0 || f.id == s.id) &&
		(f.addr == "" || f.addr == s.conn.RemoteAddr().String()) &&
		(f.laddr == "" || f.laddr == s.conn.LocalAddr().String()) &&
		(!f.byType || f.normal)
}
