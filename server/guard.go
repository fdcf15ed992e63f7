package server

import (
	"bytes"
	"errors"
)

// Bounds of the protocol itself. Those that an operator may move are in
// [Config].
const (
	maxLine              = 64 << 10 // an unfinished inline command or header line
	maxStrangerArguments = 10       // arguments of a client that has not authenticated
	maxStrangerBulk      = 16384    // bytes of one such argument
)

// protocolError is a violation after which the stream cannot be followed any
// more: the client gets the text, then the connection is closed. The texts are
// Redis's own.
type protocolError string

func (e protocolError) Error() string { return "ERR Protocol error: " + string(e) }

const (
	errMultibulkLength protocolError = "invalid multibulk length"
	errBulkLength      protocolError = "invalid bulk length"
	errQuotes          protocolError = "unbalanced quotes in request"
	errInlineTooBig    protocolError = "too big inline request"
	errCountTooBig     protocolError = "too big mbulk count string"
	errLengthTooBig    protocolError = "too big bulk count string"
	errStrangerCount   protocolError = "unauthenticated multibulk length"
	errStrangerLength  protocolError = "unauthenticated bulk length"
)

// errCrossProtocol closes a connection without a word: an HTTP request, most
// likely made by a web page in someone's browser, must not run as commands.
var errCrossProtocol = errors.New("possible cross-protocol scripting attack")

// shape says what kind of bytes the guard found.
type shape uint8

const (
	shapeBlank     shape = iota // an empty request: no command, no reply
	shapeInline                 // one line of words
	shapeMultibulk              // what client libraries send
)

type guardState uint8

const (
	atStart  guardState = iota
	inInline            // before the newline of an inline command
	inCount             // in the "*3\r\n" line
	atLength            // before the '$' of an argument
	inLength            // behind it, in "5\r\n"
	inBody              // in the bytes of an argument and the two that follow
)

// guard finds the end of each command in a stream and refuses what breaks the
// protocol or its limits, before anything parses it. It is a state machine
// that remembers how far it looked: a command that arrives in many pieces is
// looked at once, whatever its size.
//
// The two bytes that end a line or an argument are not checked by Redis beyond
// the CR of a line; the guard makes them CR LF in place, so that the parser
// behind it, which is stricter, agrees with Redis.
type guard struct {
	limits  *limits
	trusted bool // the client has authenticated, or need not

	state     guardState
	offset    int // bytes of the unfinished command already looked at
	mark      int // where the line now looked at starts
	arguments int // arguments still to come, the present one included
	body      int // length of the present argument
}

// next looks for the end of the command that b starts with. It returns the
// command's length, or 0 if b ends before the command does: next must then be
// called again with the same bytes and more. After an error the stream is lost.
func (g *guard) next(b []byte) (int, shape, error) {
	for {
		switch g.state {
		case atStart:
			if len(b) == 0 {
				return 0, shapeBlank, nil
			}
			if b[0] != '*' {
				g.state = inInline
				continue
			}
			g.state, g.offset, g.mark = inCount, 1, 1
		case inInline:
			return g.inline(b)
		case inCount:
			line, ok, err := g.line(b, errCountTooBig)
			if !ok {
				return 0, shapeBlank, err
			}
			if err := g.count(line); err != nil {
				return 0, shapeBlank, err
			}
			if g.arguments <= 0 {
				return g.done(), shapeBlank, nil
			}
			g.state = atLength
		case atLength:
			if g.mark == len(b) {
				return 0, shapeBlank, nil
			}
			if b[g.mark] != '$' {
				return 0, shapeBlank, protocolError("expected '$', got '" + string(b[g.mark:g.mark+1]) + "'")
			}
			g.state, g.offset, g.mark = inLength, g.mark+1, g.mark+1
		case inLength:
			line, ok, err := g.line(b, errLengthTooBig)
			if !ok {
				return 0, shapeBlank, err
			}
			if err := g.length(line); err != nil {
				return 0, shapeBlank, err
			}
			g.state = inBody
		case inBody:
			end := g.offset + g.body + 2
			if len(b) < end {
				return 0, shapeBlank, nil
			}
			terminate(b[end-2 : end])
			g.offset, g.mark = end, end
			if g.arguments--; g.arguments == 0 {
				return g.done(), shapeMultibulk, nil
			}
			g.state = atLength
		}
	}
}

// missing is how many bytes more the unfinished command needs at the least.
func (g *guard) missing(have int) int {
	if g.state == inBody {
		return g.offset + g.body + 2 - have
	}
	return 1
}

func (g *guard) done() int {
	end := g.offset
	g.state, g.offset, g.mark = atStart, 0, 0
	return end
}

func (g *guard) inline(b []byte) (int, shape, error) {
	at := bytes.IndexByte(b[g.offset:], '\n')
	if at < 0 {
		if g.offset = len(b); g.offset > maxLine {
			return 0, shapeBlank, errInlineTooBig
		}
		return 0, shapeBlank, nil
	}
	g.offset += at + 1
	return g.done(), shapeInline, nil
}

// line returns the rest of the line that starts at mark, once it is there.
func (g *guard) line(b []byte, tooBig protocolError) ([]byte, bool, error) {
	for i := g.offset; i < len(b); i++ {
		if b[i] != '\r' {
			continue
		}
		if g.offset = i; i+1 == len(b) {
			return nil, false, nil
		}
		b[i+1] = '\n'
		line := b[g.mark:i]
		g.offset, g.mark = i+2, i+2
		return line, true, nil
	}
	if g.offset = len(b); g.offset-g.mark > maxLine {
		return nil, false, tooBig
	}
	return nil, false, nil
}

func (g *guard) count(line []byte) error {
	n, ok := parseInteger(line)
	switch {
	case !ok || n > g.limits.arguments.Load():
		return errMultibulkLength
	case n > maxStrangerArguments && !g.trusted:
		return errStrangerCount
	}
	g.arguments = int(max(n, 0))
	return nil
}

func (g *guard) length(line []byte) error {
	n, ok := parseInteger(line)
	switch {
	case !ok || n < 0 || n > g.limits.bulk.Load():
		return errBulkLength
	case n > maxStrangerBulk && !g.trusted:
		return errStrangerLength
	}
	g.body = int(n)
	return nil
}

func terminate(b []byte) {
	if b[0] != '\r' || b[1] != '\n' {
		b[0], b[1] = '\r', '\n'
	}
}
