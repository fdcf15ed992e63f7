package server

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/replica"
	"github.com/quorate/quorate/engine"
)

// Texts of Redis that several commands share.
const (
	textSyntax      = "ERR syntax error"
	textNotInteger  = "ERR value is not an integer or out of range"
	textNoSuchKey   = "ERR no such key"
	textNoAuth      = "NOAUTH Authentication required."
	textDBIndex     = "ERR DB index is out of range"
	textSameObject  = "ERR source and destination objects are the same"
	textNoCluster   = "ERR This instance has cluster support disabled"
	textMaxClients  = "ERR max number of clients reached"
	textWrongPass   = "WRONGPASS invalid username-password pair or user is disabled."
	textNoFloat     = "ERR value is not a valid float"
	textOverflow    = "ERR increment or decrement would overflow"
	textNaN         = "ERR increment would produce NaN or Infinity"
	textTooLong     = "ERR string exceeds maximum allowed size (proto-max-bulk-len)"
	textBadCursor   = "ERR invalid cursor"
	textOffset      = "ERR offset is out of range"
	textReplyTooBig = "ERR the reply would be larger than this node may buffer for one client"
)

// prefixes maps the errors of the store to the words that clients switch on:
// the first that matches. Everything else is an ERR. A text replaces an error
// that says nothing to a client.
var prefixes = []struct {
	err          error
	prefix, text string
}{
	{err: causal.ErrBadContext, prefix: "BADCONTEXT"},
	{err: register.ErrConflict, prefix: "CONFLICT"},
	{err: replica.ErrTooManySiblings, prefix: "TOOMANYSIBLINGS"},
	{err: replica.ErrClosing, prefix: "TRYAGAIN"},
	{err: engine.ErrClosed, prefix: "TRYAGAIN"},
	{err: context.Canceled, prefix: "TRYAGAIN", text: "node is shutting down"},
	{err: context.DeadlineExceeded, prefix: "TRYAGAIN", text: "the cluster did not answer in time"},
	{err: engine.ErrReadOnly, prefix: "MISCONF"}, // Redis's word for: the disk does not take writes
	{err: engine.ErrFatal, prefix: "MISCONF"},
}

// hints are what a client can do about an error, behind its text.
var hints = map[string]string{
	"BADCONTEXT":      "nothing was changed; read the key with GET key CONTEXT and use the context of that reply",
	"CONFLICT":        "read all values with GET key CONTEXT and write one with SET key value CONTEXT ctx",
	"TOOMANYSIBLINGS": "read them with GET key CONTEXT and write one with SET key value CONTEXT ctx",
}

// errorText renders an error of the store as an error line.
func errorText(err error) string {
	var quorum *replica.NoQuorumError
	if errors.As(err, &quorum) {
		return "NOQUORUM " + err.Error()
	}
	for _, p := range prefixes {
		if !errors.Is(err, p.err) {
			continue
		}
		text := p.prefix + " " + cmp.Or(p.text, err.Error())
		if hint := hints[p.prefix]; hint != "" {
			text += "; " + hint
		}
		return text
	}
	return "ERR " + err.Error()
}

// failureText renders what an update found in the way, with Redis's words.
func failureText(c *command, f register.Failure) string {
	switch f {
	case register.NotInteger:
		return textNotInteger
	case register.Overflow:
		return textOverflow
	case register.NotFloat:
		return textNoFloat
	case register.NaN:
		return textNaN
	case register.TooLong:
		return textTooLong
	case register.BadOffset:
		return textOffset
	case register.Conflict:
		return errorText(register.ErrConflict)
	}
	return invalidExpire(c)
}

func wrongArity(c *command) string {
	return "ERR wrong number of arguments for '" + c.full + "' command"
}

func invalidExpire(c *command) string {
	return "ERR invalid expire time in '" + c.full + "' command"
}

func unknownSubcommand(c *command, name []byte) string {
	return "ERR unknown subcommand '" + cut(name) + "'. Try " + strings.ToUpper(c.name) + " HELP."
}

// unknownCommand names the command and the beginnings of its arguments, 128
// bytes of each in all.
func unknownCommand(args [][]byte) string {
	var rest strings.Builder
	for _, arg := range args[1:] {
		room := 128 - rest.Len()
		if room <= 0 {
			break
		}
		rest.WriteByte('\'')
		rest.Write(arg[:min(len(arg), room)])
		rest.WriteString("' ")
	}
	return "ERR unknown command '" + cut(args[0]) + "', with args beginning with: " + rest.String()
}

func cut(name []byte) string { return string(name[:min(len(name), 128)]) }

// refuse makes an error the answer to the newest command of the batch, and
// takes back what it already planned.
func (s *session) refuse(e *entry, text string) {
	s.batch.takeBack(e)
	e.refusal, e.reply = text, replyRefusal
}

func replyRefusal(s *session, e *entry) { s.out.Error(e.refusal) }

// fail answers with an error of the store.
func (s *session) fail(err error) { s.out.Error(errorText(err)) }

// refused answers for a request that has an error or could not be applied, and
// tells whether it did.
func (s *session) refused(c *command, sl *slot) bool {
	switch {
	case sl.Err != nil:
		s.fail(sl.Err)
	case sl.Result.Failure != 0:
		s.out.Error(failureText(c, sl.Result.Failure))
	default:
		return false
	}
	return true
}
