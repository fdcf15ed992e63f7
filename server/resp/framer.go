package resp

import (
	"bytes"
	"sync/atomic"

	"github.com/quorate/quorate/cluster/core/number"
)

// Bounds of the protocol itself. An operator may move those of [Limits].
const (
	maxLine                     = 64 << 10 // bytes of an unfinished inline command or header line
	maxUnauthenticatedArguments = 10       // of a client that has not authenticated
	// MaxUnauthenticatedBulk bounds an argument of a client that has not
	// authenticated, in bytes.
	MaxUnauthenticatedBulk = 16384
)

// Limits are the bounds of one command. They may change at any time.
type Limits struct {
	BulkBytes atomic.Int64 // bytes of one argument
	Arguments atomic.Int64 // of one command
}

// Shape is the kind of request that the framer found.
type Shape uint8

const (
	ShapeBlank  Shape = iota // an empty request: no command, no reply
	ShapeInline              // one line of words
	ShapeArray               // an array of bulk strings: what client libraries send
)

type framerState uint8

const (
	atStart  framerState = iota
	inInline             // before the newline of an inline command
	inCount              // in the "*3\r\n" line
	atLength             // before the '$' of an argument
	inLength             // behind it, in "5\r\n"
	inBody               // in the bytes of an argument and the two that follow
)

// Framer finds the end of each command in a stream and refuses bytes that break
// the protocol or its limits, before anything parses them. It is a state machine
// that remembers how far it looked: a command that arrives in many pieces is
// looked at once, whatever its size.
//
// Redis does not check the two bytes that end a line or an argument, apart from
// the CR of a line. The framer overwrites them with CR LF in place, so that the
// parser behind it, which is stricter, agrees with Redis.
type Framer struct {
	Limits        *Limits
	Authenticated bool // the client has authenticated, or need not

	state     framerState
	offset    int // bytes of the unfinished command already looked at
	mark      int // where the line now looked at starts
	arguments int // arguments still to come, the present one included
	body      int // length of the present argument
}

// Next looks for the end of the command that b starts with. It returns the
// command's length, or 0 if b ends before the command does: Next must then be
// called again with the same bytes and more. The error is a [ProtocolError];
// after it the stream cannot be followed.
func (f *Framer) Next(b []byte) (int, Shape, error) {
	for {
		switch f.state {
		case atStart:
			if len(b) == 0 {
				return 0, ShapeBlank, nil
			}
			if b[0] != '*' {
				f.state = inInline
				continue
			}
			f.state, f.offset, f.mark = inCount, 1, 1
		case inInline:
			return f.inline(b)
		case inCount:
			line, ok, err := f.line(b, errCountTooBig)
			if !ok {
				return 0, ShapeBlank, err
			}
			if err := f.count(line); err != nil {
				return 0, ShapeBlank, err
			}
			if f.arguments <= 0 {
				return f.done(), ShapeBlank, nil
			}
			f.state = atLength
		case atLength:
			if f.mark == len(b) {
				return 0, ShapeBlank, nil
			}
			if b[f.mark] != '$' {
				return 0, ShapeBlank, ProtocolError("expected '$', got '" + string(b[f.mark:f.mark+1]) + "'")
			}
			f.state, f.offset, f.mark = inLength, f.mark+1, f.mark+1
		case inLength:
			line, ok, err := f.line(b, errLengthTooBig)
			if !ok {
				return 0, ShapeBlank, err
			}
			if err := f.length(line); err != nil {
				return 0, ShapeBlank, err
			}
			f.state = inBody
		case inBody:
			end := f.offset + f.body + 2
			if len(b) < end {
				return 0, ShapeBlank, nil
			}
			terminate(b[end-2 : end])
			f.offset, f.mark = end, end
			if f.arguments--; f.arguments == 0 {
				return f.done(), ShapeArray, nil
			}
			f.state = atLength
		}
	}
}

// Missing returns how many more bytes the unfinished command needs at least, given
// that have bytes of it are here.
func (f *Framer) Missing(have int) int {
	if f.state == inBody {
		return f.offset + f.body + 2 - have
	}
	return 1
}

// done ends the present command and returns its length.
func (f *Framer) done() int {
	end := f.offset
	f.state, f.offset, f.mark = atStart, 0, 0
	return end
}

func (f *Framer) inline(b []byte) (int, Shape, error) {
	at := bytes.IndexByte(b[f.offset:], '\n')
	if at < 0 {
		if f.offset = len(b); f.offset > maxLine {
			return 0, ShapeBlank, errInlineTooBig
		}
		return 0, ShapeBlank, nil
	}
	f.offset += at + 1
	return f.done(), ShapeInline, nil
}

// line returns the rest of the line that starts at mark, or false if its end has not
// arrived.
func (f *Framer) line(b []byte, tooBig ProtocolError) ([]byte, bool, error) {
	for i := f.offset; i < len(b); i++ {
		if b[i] != '\r' {
			continue
		}
		if f.offset = i; i+1 == len(b) {
			return nil, false, nil
		}
		b[i+1] = '\n'
		line := b[f.mark:i]
		f.offset, f.mark = i+2, i+2
		return line, true, nil
	}
	if f.offset = len(b); f.offset-f.mark > maxLine {
		return nil, false, tooBig
	}
	return nil, false, nil
}

func (f *Framer) count(line []byte) error {
	n, ok := number.ParseInt(line)
	switch {
	case !ok || n > f.Limits.Arguments.Load():
		return errArrayLength
	case n > maxUnauthenticatedArguments && !f.Authenticated:
		return errUnauthenticatedCount
	}
	f.arguments = int(max(n, 0))
	return nil
}

func (f *Framer) length(line []byte) error {
	n, ok := number.ParseInt(line)
	switch {
	case !ok || n < 0 || n > f.Limits.BulkBytes.Load():
		return errBulkLength
	case n > MaxUnauthenticatedBulk && !f.Authenticated:
		return errUnauthenticatedLength
	}
	f.body = int(n)
	return nil
}

// terminate makes two bytes CR LF. It writes only where they differ.
func terminate(b []byte) {
	if b[0] != '\r' || b[1] != '\n' {
		b[0], b[1] = '\r', '\n'
	}
}
