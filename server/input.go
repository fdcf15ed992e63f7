package server

import (
	"errors"
	"net"

	"github.com/quorate/quorate/cluster/largebuf"
	"github.com/quorate/quorate/server/limits"
)

const (
	inputBase    = 4 << 10  // what every connection has
	inputKept    = 64 << 10 // what a busy one may keep between commands
	inputTrusted = 1 << 20  // what a large command sends before there is room for all that it announces
	inputCalm    = 64       // reads in a row that need little, after which a large buffer is dropped
)

// Refusals of the input. The client gets the text, then the connection is closed.
var (
	errQueryTooBig = errors.New("ERR max query buffer length reached: the command is larger than this connection may buffer")
	errNodeFull    = errors.New("ERR max buffered bytes of all clients reached on this node, try again later")
)

// input holds the bytes that a client sent and the server has not yet executed:
// buf[start:end]. Commands alias it, so that nothing is copied on the way to
// the store: it must not be filled or discarded while a batch runs.
type input struct {
	buf        []byte
	start, end int
	limits     *limits.Limits
	budget     *limits.Budget
	charged    int64 // bytes of buf that the node's budget granted
	calm       int   // reads in a row that needed little of buf
}

func (in *input) pending() []byte { return in.buf[in.start:in.end] }

// discard drops the first n pending bytes.
func (in *input) discard(n int) { in.start += n }

// fill reads once, after making room. The unfinished command needs at least
// missing more bytes. A large command grows the buffer no further than its end, and
// at first only as its bytes arrive: a header alone does not reserve the length that it
// announces. After inputTrusted bytes there is room for all of it, so that it is not copied
// again.
func (in *input) fill(conn net.Conn, missing int) (int, error) {
	if err := in.makeRoom(missing); err != nil {
		return 0, err
	}
	n, err := conn.Read(in.buf[in.end:])
	in.end += n
	return n, err
}

func (in *input) makeRoom(missing int) error {
	switch {
	case in.buf == nil:
		in.buf = make([]byte, inputBase)
	case in.start == in.end:
		in.reuse()
	case in.start > 0:
		in.end = copy(in.buf, in.pending())
		in.start = 0
	}
	if in.end < len(in.buf) {
		return nil
	}
	size, exact := 2*len(in.buf), in.end+missing
	switch {
	case size > inputKept && exact < size:
		size = max(exact, in.end+inputBase)
	case size > inputTrusted:
		size = exact
	}
	return in.resize(size)
}

// reuse prepares the empty buffer for the next read. If it was full, the client is busy,
// and the buffer doubles, up to inputKept. A buffer that a large command had grown is
// replaced by a small one, and so is one that has been too large for a while.
func (in *input) reuse() {
	full := in.end == len(in.buf)
	if in.end < len(in.buf)/8 {
		in.calm++
	} else {
		in.calm = 0
	}
	in.start, in.end = 0, 0
	switch {
	case len(in.buf) > inputKept, in.calm >= inputCalm && len(in.buf) > inputBase:
		in.release()
		in.buf, in.calm = make([]byte, inputBase), 0
	case full && 2*len(in.buf) <= inputKept:
		_ = in.resize(2 * len(in.buf)) // without it, smaller batches
	}
}

func (in *input) resize(size int) error {
	if size = min(size, int(in.limits.Input.Load())); size <= in.end {
		return errQueryTooBig
	}
	if extra := int64(size) - int64(len(in.buf)); in.budget.Take(extra) {
		in.charged += extra
	} else {
		return errNodeFull
	}
	grown := largebuf.Make(size)[:size]
	in.end = copy(grown, in.pending())
	in.buf, in.start = grown, 0
	return nil
}

// release drops the buffer and returns its bytes to the node's budget.
func (in *input) release() {
	in.budget.Give(in.charged)
	in.charged, in.buf = 0, nil
}
