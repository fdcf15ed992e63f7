package command

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/quorate/quorate/cluster/core/causal"
	"github.com/quorate/quorate/cluster/core/datatype/register"
	"github.com/quorate/quorate/cluster/coverage"
	"github.com/quorate/quorate/cluster/replica"
	"github.com/quorate/quorate/engine"
)

// Texts that several commands share. Most are those of Redis.
const (
	TextSyntax             = "ERR syntax error"
	TextNotInteger         = "ERR value is not an integer or out of range"
	TextNoSuchKey          = "ERR no such key"
	TextNoAuth             = "NOAUTH Authentication required."
	TextDBIndex            = "ERR DB index is out of range"
	TextSameObject         = "ERR source and destination objects are the same"
	TextNoCluster          = "ERR This instance has cluster support disabled"
	TextMaxClients         = "ERR max number of clients reached"
	TextDraining           = "ERR this node is about to be stopped: connect to another one"
	TextWrongPass          = "WRONGPASS invalid username-password pair or user is disabled."
	TextNoFloat            = "ERR value is not a valid float"
	TextOverflow           = "ERR increment or decrement would overflow"
	TextNaN                = "ERR increment would produce NaN or Infinity"
	TextTooLong            = "ERR string exceeds maximum allowed size (proto-max-bulk-len)"
	TextBadCursor          = "ERR invalid cursor"
	TextOffset             = "ERR offset is out of range"
	TextNotHyperLogLog     = "WRONGTYPE Key is not a valid HyperLogLog string value."
	TextCorruptHyperLogLog = "INVALIDOBJ Corrupted HLL object detected"
	TextReplyTooBig        = "ERR the reply would be larger than this node may buffer for one client"
)

// prefixes maps the errors of the store to the words that clients switch on; the
// first match counts. Any other error is an ERR. A text replaces an error whose
// own text means nothing to a client.
var prefixes = []struct {
	err          error
	prefix, text string
}{
	{err: causal.ErrBadContext, prefix: "BADCONTEXT"},
	{err: register.ErrConflict, prefix: "CONFLICT"},
	{err: register.ErrWrongType, prefix: "WRONGTYPE", text: "Operation against a key holding the wrong kind of value"},
	{err: replica.ErrTooManySiblings, prefix: "TOOMANYSIBLINGS"},
	{err: replica.ErrUnknownOutcome, prefix: "UNKNOWNOUTCOME"},
	{err: replica.ErrClosing, prefix: "TRYAGAIN"},
	{err: replica.ErrUnseen, prefix: "TRYAGAIN"},
	{err: engine.ErrClosed, prefix: "TRYAGAIN"},
	{err: coverage.ErrCounting, prefix: "TRYAGAIN"},
	{err: context.Canceled, prefix: "TRYAGAIN", text: "node is shutting down"},
	{err: context.DeadlineExceeded, prefix: "TRYAGAIN", text: "the cluster did not answer in time"},
	{err: engine.ErrReadOnly, prefix: "MISCONF"}, // as Redis says when the disk takes no writes
	{err: engine.ErrFatal, prefix: "MISCONF"},
}

// remedies tell a client what it can do about an error. They follow the error's text.
var remedies = map[string]string{
	"BADCONTEXT":      "nothing was changed; read the key with GET key CONTEXT and use the context of that reply",
	"CONFLICT":        "read all values with GET key CONTEXT and write one with SET key value CONTEXT ctx",
	"TOOMANYSIBLINGS": "read them with GET key CONTEXT and write one with SET key value CONTEXT ctx",
}

// ErrorText returns the error line for an error of the store.
func ErrorText(err error) string {
	var quorum *replica.NoQuorumError
	if errors.As(err, &quorum) {
		return "NOQUORUM " + err.Error()
	}
	for _, p := range prefixes {
		if !errors.Is(err, p.err) {
			continue
		}
		text := p.prefix + " " + cmp.Or(p.text, err.Error())
		if remedy := remedies[p.prefix]; remedy != "" {
			text += "; " + remedy
		}
		return text
	}
	return "ERR " + err.Error()
}

// failureText returns Redis's text for the reason why an update could not be applied.
func failureText(r *Row, f register.Failure) string {
	switch f {
	case register.NotInteger:
		return TextNotInteger
	case register.Overflow:
		return TextOverflow
	case register.NotFloat:
		return TextNoFloat
	case register.NaN:
		return TextNaN
	case register.TooLong:
		return TextTooLong
	case register.BadOffset:
		return TextOffset
	case register.NotHyperLogLog:
		return TextNotHyperLogLog
	case register.CorruptHyperLogLog:
		return TextCorruptHyperLogLog
	case register.BadData:
		return "ERR the coordinator could not read the update"
	case register.WrongType:
		return ErrorText(register.ErrWrongType)
	case register.Conflict:
		return ErrorText(register.ErrConflict)
	}
	return InvalidExpire(r)
}

// WrongArity returns the refusal of a wrong number of arguments.
func WrongArity(r *Row) string {
	return "ERR wrong number of arguments for '" + r.full + "' command"
}

// InvalidExpire returns the refusal of an impossible expiry.
func InvalidExpire(r *Row) string {
	return "ERR invalid expire time in '" + r.full + "' command"
}

// WrongSubcommand returns the refusal of a container whose subcommand has too many
// arguments.
func WrongSubcommand(r *Row, sub []byte) string {
	container, _, _ := strings.Cut(r.full, "|")
	return "ERR unknown subcommand or wrong number of arguments for '" + Cut(sub) + "'. Try " + strings.ToUpper(container) + " HELP."
}

func quorumRange(side byte, limit int) string {
	return "ERR " + string(side) + " must be between 1 and N, which is " + strconv.Itoa(limit)
}

func unknownSubcommand(r *Row, name []byte) string {
	return "ERR unknown subcommand '" + Cut(name) + "'. Try " + strings.ToUpper(r.Name) + " HELP."
}

// unknownCommand names the command and its first arguments, up to 128 bytes of
// each of the two.
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
	return "ERR unknown command '" + Cut(args[0]) + "', with args beginning with: " + rest.String()
}

// Cut returns the beginning of a name that a client sent, for an error text.
func Cut(name []byte) string { return string(name[:min(len(name), 128)]) }
