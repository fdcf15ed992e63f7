package resp

import "errors"

// ProtocolError is a violation after which the stream cannot be followed any
// more: the client gets the text, then the connection is closed. The texts are
// those of Redis.
type ProtocolError string

func (e ProtocolError) Error() string { return "ERR Protocol error: " + string(e) }

const (
	errArrayLength           ProtocolError = "invalid multibulk length"
	errBulkLength            ProtocolError = "invalid bulk length"
	errQuotes                ProtocolError = "unbalanced quotes in request"
	errInlineTooBig          ProtocolError = "too big inline request"
	errCountTooBig           ProtocolError = "too big mbulk count string"
	errLengthTooBig          ProtocolError = "too big bulk count string"
	errUnauthenticatedCount  ProtocolError = "unauthenticated multibulk length"
	errUnauthenticatedLength ProtocolError = "unauthenticated bulk length"
)

// ErrCrossProtocol closes a connection without a reply: an HTTP request, most
// likely made by a web page in a browser, must not run as commands.
var ErrCrossProtocol = errors.New("possible cross-protocol scripting attack")

// IsCrossProtocol recognises the request line and the Host header of HTTP, which
// would otherwise be taken for inline commands.
func IsCrossProtocol(name []byte) bool { return Is(name, "POST") || Is(name, "HOST:") }
