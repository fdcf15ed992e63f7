package server

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"strconv"
	"time"

	"github.com/quorate/quorate/server/resp"
)

func planPing(s *session, e *entry) {
	e.reply = replyPing
	if len(e.args) > 2 {
		s.refuse(e, wrongArity(e.command))
	}
}

func replyPing(s *session, e *entry) {
	if len(e.args) == 2 {
		s.out.Value(e.args[1])
		return
	}
	s.out.Status("PONG")
}

func planEcho(_ *session, e *entry) {
	e.reply = func(s *session, e *entry) { s.out.Value(e.args[1]) }
}

func planTime(_ *session, e *entry) {
	e.reply = func(s *session, _ *entry) {
		now := s.server.cfg.Now()
		s.out.Array(2)
		s.out.Text(strconv.FormatInt(now.Unix(), 10))
		s.out.Text(strconv.Itoa(now.Nanosecond() / int(time.Microsecond)))
	}
}

func runSelect(_ context.Context, s *session, _ *command, args [][]byte) {
	refusal := checkDatabase(args[1])
	if refusal == textDBIndex && !s.server.cfg.Standalone {
		refusal = "ERR SELECT is not allowed in cluster mode"
	}
	if refusal != "" {
		s.out.Error(refusal)
		return
	}
	s.out.OK()
}

func runQuit(_ context.Context, s *session, _ *command, _ [][]byte) {
	s.out.OK()
	s.ending = true
}

func runReset(_ context.Context, s *session, _ *command, _ [][]byte) {
	s.choices = choices{}
	s.unwatch()
	s.admit(s.server.settings.openToAll())
	s.out.RESP3 = false
	s.describe(func(i *identity) { *i = identity{} })
	s.out.Status("RESET")
}

// admit sets what depends on whether the client has authenticated.
func (s *session) admit(trusted bool) {
	s.authenticated, s.framer.Authenticated = trusted, trusted
}

// The one user there is: quorate has no access control lists.
const defaultUser = "default"

// login checks a password, in time that depends on the length of the client's
// own bytes only.
func (s *session) login(user, password []byte) bool {
	expected := s.server.settings.password()
	got, want := sha256.Sum256(password), sha256.Sum256([]byte(expected))
	right := subtle.ConstantTimeCompare(got[:], want[:]) == 1 || expected == ""
	if !right || string(user) != defaultUser {
		return false
	}
	s.admit(true)
	return true
}

// runAuth serves AUTH password and AUTH user password.
func runAuth(_ context.Context, s *session, _ *command, args [][]byte) {
	user, password := []byte(defaultUser), args[1]
	switch {
	case len(args) > 3:
		s.out.Error(textSyntax)
		return
	case len(args) == 3:
		user, password = args[1], args[2]
	case s.server.settings.openToAll():
		s.out.Error("ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?")
		return
	}
	if !s.login(user, password) {
		s.out.Error(textWrongPass)
		return
	}
	s.out.OK()
}

// runHello serves HELLO [2|3 [AUTH user password] [SETNAME name]]: version, then
// options, then password; a refusal changes nothing.
func runHello(_ context.Context, s *session, _ *command, args [][]byte) {
	resp3 := s.out.RESP3
	if len(args) > 1 {
		switch n, ok := resp.ParseInt(args[1]); {
		case !ok:
			s.out.Error("ERR Protocol version is not an integer or out of range")
			return
		case n != 2 && n != 3:
			s.out.Error("NOPROTO unsupported protocol version")
			return
		default:
			resp3 = n == 3
		}
	}
	var o helloOptions
	if refusal := o.parse(args[min(2, len(args)):]); refusal != "" {
		s.out.Error(refusal)
		return
	}
	if o.password != nil && !s.login(o.user, o.password) {
		s.out.Error(textWrongPass)
		return
	}
	if !s.authenticated {
		s.out.Error("NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time")
		return
	}
	if o.name != nil {
		s.describe(func(i *identity) { i.name = string(o.name) })
	}
	s.out.RESP3 = resp3
	s.describe(func(i *identity) { i.resp3 = resp3 })
	s.replyHello()
}

type helloOptions struct {
	user, password, name []byte
}

func (o *helloOptions) parse(args [][]byte) string {
	for i := 0; i < len(args); i++ {
		left := len(args) - i - 1
		switch {
		case resp.Is(args[i], "AUTH") && left >= 2:
			o.user, o.password = args[i+1], args[i+2]
			i += 2
		case resp.Is(args[i], "SETNAME") && left >= 1:
			o.name = args[i+1]
			if !printable(o.name) {
				return textBadName
			}
			i++
		default:
			return "ERR Syntax error in HELLO option '" + string(args[i]) + "'"
		}
	}
	return ""
}

func (s *session) replyHello() {
	s.out.Map(7)
	s.out.Text("server")
	s.out.Text("redis")
	s.out.Text("version")
	s.out.Text(RedisVersion)
	s.out.Text("proto")
	s.out.Int(2 + int64(b2b(s.out.RESP3)))
	s.out.Text("id")
	s.out.Int(s.id)
	s.out.Text("mode")
	s.out.Text(s.server.mode())
	s.out.Text("role")
	s.out.Text("master")
	s.out.Text("modules")
	s.out.Array(0)
}
