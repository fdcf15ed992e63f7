package commandtest

import "github.com/quorate/quorate/server/command"

// Session is the connection of a [Conn]: an address and nothing else. Tests of what a
// family asks of the connection embed it.
type Session struct {
	command.Session // nil

	Addr string
}

// Address returns s.Addr.
func (s Session) Address() string { return s.Addr }
